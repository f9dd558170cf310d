"""What a reply that is no acceptance means, as the exception that `result.error` holds (errors.py draws the tree).

Knows Blynk's words, as blynk.py does; no ring and no socket. Loaded with the first refusal or failure.
"""

import json

from .errors import Error


class UploadError(Error):
    """Root of what `result.error` holds. `status` is the HTTP status, 0 without a reply."""

    status = 0


class NetworkError(UploadError):
    """The request had no whole reply; the data is kept."""


class ServerError(UploadError):
    """The server answered, but not that it took the batch; the data is kept."""


class Redirected(UploadError):
    """The server pointed to a place that may not learn the token; the data is kept."""


class BatchTooLarge(UploadError):
    """The server takes fewer points in a request: the next ones are smaller."""

    passing = True  # forgotten with the next accepted batch


class PinRefused(UploadError):
    """The server has no datastream for the pin: its points are parked, all others go on."""


class PointRefused(UploadError):
    """The server refuses a value: it is set aside, all others are delivered."""


class InvalidToken(UploadError):
    """The server does not know the token: everything is kept and tried again each hour."""


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
    if status == 400:
        for part, kind in _TEXTS:
            if part in text:
                return _error(kind, status, hide(text))
        return _error(ServerError, status, hide(text) or "a refusal without a reason")
    return _error(ServerError, status, hide(text) or "no reason given")


def _error(kind, status, text):
    error = kind("the server answered %d: %s" % (status, text))
    error.status = status
    return error


def _message(reply):
    """The reason in a JSON error reply, or ''."""
    try:
        return str(json.loads(reply)["error"]["message"])[:200]
    except (ValueError, KeyError, TypeError, UnicodeError):
        return ""
