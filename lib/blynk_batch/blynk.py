"""What Blynk's documentation says: the address, the limits, what a reply means, which servers are Blynk's.

It alone knows Blynk; it knows no ring and no socket. Sources: Blynk's HTTPS API pages "Single Datastream batch update
with timestamps" and "Limits", and the change log of 2026 for the daily limit. The limits, 10,000 points and 2 MB in a
request and 100,000 points in a day, are the defaults of Client.
"""

import json

from micropython import const

from .errors import BatchTooLarge, InvalidToken, PinRefused, PointRefused, Redirected, ServerError

PATH = "/external/api/batch/update"
HEAD_BYTES = const(1024)  # kept free for the request's headers
_OK_BYTES = const(16)
_WORDS = const(200)  # characters of the server's reason
_SERVER_BYTES = const(80)  # as much as the state has room for
_PIECE = const(6)  # characters of the token that tell nothing yet
_MONTHS = const("JanFebMarAprMayJunJulAugSepOctNovDec")


def url(server, token, pin):
    """Where the points of virtual pin `pin` go."""
    return "%s%s?token=%s&pin=v%d" % (server, PATH, token, pin)


def headers(len_bytes):
    """Of a request whose body has `len_bytes` bytes; without the content type it is refused."""
    return {"Content-Type": "application/json", "Content-Length": str(len_bytes)}


def accepted(status, headers, reply):
    """True only if the server took the whole batch: 200 and `OK`, with blanks around it only where a length or chunks
    say that it is whole, or a length of 0. What the end of the connection ends might have been longer."""
    if status != 200 or len(reply) > _OK_BYTES:
        return False
    if "content-length" in headers or "transfer-encoding" in headers:
        return reply.strip() == b"OK" or (not reply and headers.get("content-length") == "0")
    return reply == b"OK"


def date_ms(text):
    """Unix ms of a reply's Date, `Mon, 23 Nov 2026 20:03:55 GMT`, or None. RFC 9110 5.6.7."""
    parts = text.split()
    try:
        day, month, year = int(parts[1]), _MONTHS.index(parts[2]) // 3, int(parts[3])
        hours, minutes, seconds = [int(part) for part in parts[4].split(":")]
    except (ValueError, IndexError):
        return None
    # Days since 1970, the year taken to start in March.
    month, year = (month + 10) % 12, year - (month < 2)
    days = year * 365 + year // 4 - year // 100 + year // 400 + (month * 306 + 5) // 10 + day - 719469
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000


_TEXTS = (
    ("Invalid token", InvalidToken),
    ("Wrong pin format", PinRefused),
    ("No datastream", PinRefused),
    ("Too much data", BatchTooLarge),
    ("doesn't match the Datastream", PointRefused),
)


def judge(status, reply, hide=str):
    """The exception for a reply that is no acceptance, from its status and first bytes. `hide` takes the token out of
    the server's words. A ServerError of status 400 is a refusal that nobody documents."""
    if status == 200:
        return _error(ServerError, status, "a page that is not Blynk's: is there a login page?")
    if 300 <= status < 400:
        return _error(Redirected, status, "redirected" if status == 308 else "redirected: is there a login page?")
    if status == 413:
        return _error(BatchTooLarge, status, "the request is too large")
    text = _message(reply)
    words = hide(text)[:_WORDS]  # hidden first: a piece of the token would not be found
    if status == 400:
        for part, kind in _TEXTS:
            if part in text:
                return _error(kind, status, words)
        return _error(ServerError, status, words or "a refusal without a reason")
    return _error(ServerError, status, words or "no reason given")


def _error(kind, status, text):
    error = kind("the server answered %d: %s" % (status, text))
    error.status = status
    return error


def _message(reply):
    """The reason in a JSON error reply, or ''."""
    try:
        return str(json.loads(reply)["error"]["message"])
    except (ValueError, KeyError, TypeError, UnicodeError):
        return ""


def server_of(url, home, regions):
    """The server in `url`, or None where the token must not go: `home` is the configured one, and allowed are its host
    and those of `regions`, and what is below them, by https if `home` is."""
    if not isinstance(url, str):
        try:
            url = str(url, "utf-8")
        except UnicodeError:
            return None
    scheme, host, _ = split(url)
    found = "%s://%s" % (scheme, host)
    if scheme not in ("http", "https") or len(found) > _SERVER_BYTES or (scheme == "http" and home[:6] == "https:"):
        return None
    for char in host:
        if not (char.isalpha() or char.isdigit() or char in "-.:"):
            return None
    name = host.split(":")[0]
    for allowed in (split(home)[1].split(":")[0],) + tuple(regions):
        if name == allowed or name.endswith("." + allowed):
            return found
    return None


def split(url):
    """(scheme, host with port, path and query) of a URL."""
    at = url.find("://")
    if at < 0:
        return "", "", ""
    rest = url[at + 3 :]
    end = len(rest)
    for char in "/?#":
        found = rest.find(char)
        if 0 <= found < end:
            end = found
    return url[:at].lower(), rest[:end].lower(), rest[end:]


def hide(text, token):
    """`text` without the token, and without any six characters of it on end, in capitals or not."""
    lower, token = text.lower(), token.lower()
    least = min(_PIECE, len(token))
    shown = []
    start = at = 0
    while at <= len(text) - least:
        size = least
        if lower[at : at + size] not in token:
            at += 1
            continue
        while at + size < len(text) and lower[at : at + size + 1] in token:
            size += 1
        shown.append(text[start:at])
        start = at = at + size
    shown.append(text[start:])
    return "...".join(shown)
