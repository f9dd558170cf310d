"""What Blynk's documentation says: the address, the limits, what a reply means.

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
