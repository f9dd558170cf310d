"""All that Blynk's documentation says: the address, the JSON around points, the limits, what replies mean.

The only file that knows Blynk; it knows no ring and no socket. Sources: Blynk's HTTPS API pages "Single Datastream
batch update with timestamps" and "Limits", and the change log of 2026 for the daily limit. The limits, 10,000 points
and 2 MB in a request and 100,000 points in a day, are the defaults of Client.
"""

import json

from micropython import const

PATH = "/external/api/batch/update"
HEAD_BYTES = const(1024)  # kept free for the request's headers
_MONTHS = const("JanFebMarAprMayJunJulAugSepOctNovDec")

# What a reply asks for
LATER, SMALLER, ELSEWHERE, PIN, POINT, UNKNOWN, STOP = range(7)

_TEXTS = (
    ("Invalid token", STOP, "InvalidToken"),
    ("Wrong pin format", PIN, "PinRefused"),
    ("No datastream", PIN, "PinRefused"),
    ("Too much data", SMALLER, "BatchTooLarge"),
    ("doesn't match the Datastream", POINT, "PointRefused"),
)


def url(server, token, pin):
    """Where the points of virtual pin `pin` go."""
    return "%s%s?token=%s&pin=v%d" % (server, PATH, token, pin)


def headers(len_bytes):
    """Of a request whose body has `len_bytes` bytes; without the content type it is refused."""
    return {"Content-Type": "application/json", "Content-Length": str(len_bytes)}


def accepted(status, reply):
    """True only if the server took the whole batch."""
    return status == 200 and reply.strip() in (b"OK", b"")


def judge(status, reply, hide=str):
    """(what to do, the exception that says why) for a reply that is no acceptance: status and first bytes. `hide`
    takes the token out of the server's words."""
    if status == 200:
        return LATER, _error("ServerError", status, "a page that is not Blynk's: is there a login page?")
    if status == 308:
        return ELSEWHERE, _error("Redirected", status, "redirected")
    if status == 413:
        return SMALLER, _error("BatchTooLarge", status, "the request is too large")
    text = _message(reply)
    if status == 400:
        for part, outcome, error in _TEXTS:
            if part in text:
                return outcome, _error(error, status, hide(text))
        return UNKNOWN, _error("ServerError", status, hide(text) or "a refusal without a reason")
    if 300 <= status < 400:
        return LATER, _error("Redirected", status, "redirected: is there a login page?")
    return LATER, _error("ServerError", status, hide(text) or "no reason given")


def _error(kind, status, text):
    from . import faults

    error = getattr(faults, kind)("the server answered %d: %s" % (status, text))
    error.status = status
    return error


def _message(reply):
    """The reason in a JSON error reply, or ''."""
    try:
        return str(json.loads(reply)["error"]["message"])[:200]
    except (ValueError, KeyError, TypeError, UnicodeError):
        return ""


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
