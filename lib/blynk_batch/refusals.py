"""What a reply means that is no acceptance, or that there is none, and the exceptions for it. Loaded with the first.

Sources: as in blynk.py.
"""

import json

from micropython import const

from .errors import NetworkError, UploadError

_WORDS = const(200)  # characters of the server's reason
_NO_NAME = const((-2, -3, -200, -202))  # what the firmwares' name services say


class ServerError(UploadError):
    """The server answered, but not that it took the batch; the data is kept."""


class Redirected(UploadError):
    """The server pointed to a place that may not learn the token; the data is kept."""


class BatchTooLarge(UploadError):
    """The server takes fewer points in a request: the next ones are smaller."""

    passing = True  # forgotten with the next accepted batch


class PinRefused(UploadError):
    """The server has no datastream for the pin: its points are held and tried again daily, all others go on."""


class PointRefused(UploadError):
    """The server refuses a value: it is held and tried again daily, all others are delivered."""


class InvalidToken(UploadError):
    """The server does not know the token: everything is kept and tried again each hour."""


_TEXTS = (
    ("Invalid token", InvalidToken),
    ("Wrong pin format", PinRefused),
    ("No datastream", PinRefused),
    ("Too much data", BatchTooLarge),
    ("doesn't match the Datastream", PointRefused),
)


def judge(status, reply, hide=str, location=""):
    """The exception for a reply that is no acceptance, from its status, first bytes and Location. `hide` takes the
    token out of the server's words. A ServerError of status 400 is a refusal that nobody documents, or a page."""
    if status in (200, 511) or (status == 400 and is_page(reply)):
        return _error(ServerError, status, "a page that is not Blynk's: is there a login page?")
    if 300 <= status < 400:
        place = hide("/".join(location.split("/")[:3]))[:_WORDS] or "nowhere"  # behind it the token may be
        return _error(Redirected, status, "redirected to %s: your server, or a login page?" % place)
    if status == 413:
        return _error(BatchTooLarge, status, "the request is too large")
    text = _message(reply)
    words = hide(text)[:_WORDS]  # hidden first: a piece of the token would not be found
    for part, kind in _TEXTS if status == 400 else ():
        if part in text:
            return _error(kind, status, words)
    return _error(ServerError, status, words or ("a refusal without a reason" if status == 400 else "no reason given"))


def is_page(reply):
    """True for HTML: a proxy's or a login page, no words of the server's."""
    return reply.lstrip()[:1] == b"<"


def _error(kind, status, text):
    error = kind("the server answered %d: %s" % (status, text))
    error.status = status
    return error


def _message(reply):
    """The reason in a JSON error reply, or ''."""
    try:
        text = json.loads(reply)["error"]["message"]
    except (ValueError, KeyError, TypeError):  # UnicodeError is a ValueError
        return ""
    if not isinstance(text, str):
        return ""  # str() of nested lists is more than a board's stack holds
    # In ASCII: half a pair of surrogates, or another coding, would make stats()["last_error"] what log() refuses.
    return str(bytes([byte if byte < 128 else 63 for byte in text.encode()]), "utf-8")


def no_reply(cause, server, hide):
    """The exception for what a transport raised in place of a reply."""
    if isinstance(cause, MemoryError):
        return MemoryError("no room for the request")  # a transport's own words may hold the token
    try:
        words = str(cause)
        shown = words + repr(cause).replace(type(cause).__name__, "")  # a Result has the second
        if cause.args and cause.args[0] in _NO_NAME:
            words += ": its name was not found"
    except Exception:  # noqa: BLE001 - it is not ours
        words = shown = ""
    if shown and isinstance(cause, UploadError) and hide(shown) == shown:
        return cause
    return NetworkError(hide("no reply from %s: %s %s" % (server.split("/")[2], type(cause).__name__, words)))
