"""What each reply of Blynk's asks for that is no acceptance; loaded with the first one. api.py has the rest."""

import json

from . import faults

# What a reply asks for
LATER, SMALLER, ELSEWHERE, PIN, POINT, UNKNOWN, STOP = range(7)

_TEXTS = (
    ("Invalid token", STOP, "InvalidToken"),
    ("Wrong pin format", PIN, "PinRefused"),
    ("No datastream", PIN, "PinRefused"),
    ("Too much data", SMALLER, "BatchTooLarge"),
    ("doesn't match the Datastream", POINT, "PointRefused"),
)


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
    error = getattr(faults, kind)("the server answered %d: %s" % (status, text))
    error.status = status
    return error


def _message(reply):
    """The reason in a JSON error reply, or ''."""
    try:
        return str(json.loads(reply)["error"]["message"])[:200]
    except (ValueError, KeyError, TypeError, UnicodeError):
        return ""
