"""What each reply but an acceptance means for the points: later, smaller, elsewhere, this pin, this point, stop.

Loaded with the first such reply, or another token. Knows the window, the pace and the state; no socket. Each outcome
writes at most one state frame and says whether the drain goes on.
"""

from micropython import const

from .. import blynk as api, errors
from ..ring import state as keys
from .batch import Vanished
from .secret import server_of, split
from ..ring.record import REJECT
from ..ring.state import BACKOFF, BAD, BUDGET, HELD, REGION, SIZE, STRIKES

_HOUR_S = const(3600)
_STRIKES = const(3)
_HOPS = const(3)
_LOST_STEPS = const(4)  # of the backoff, after which a learned server is doubted
_REJECT_BYTES = const(3000)  # as much as surely fits a sector
_RETRIED = const(0)  # the counts in the state's OUTCOMES
_SMALLER = const(1)
_REDIRECTED = const(2)
_STOPPED = const(3)


def judge(uploader, window, body, reply):
    """Act on `reply`, a (status, headers, text) or the exception that came instead; False ends the drain."""
    if isinstance(reply, Vanished):
        window.order = []  # the window is counted anew
        return True
    if isinstance(reply, Exception):
        return _later(uploader, _network_error(uploader, reply))
    status, headers, text = reply
    error = api.judge(status, text, uploader.hide)
    uploader.event("V%d: %s" % (body.pin, error))
    kind = type(error)
    unknown = kind == errors.ServerError and status == 400
    if kind == errors.BatchTooLarge:
        if body.points > 1:
            return _smaller(uploader, body, error)
        unknown = True
    if status == 308:
        return _elsewhere(uploader, headers.get("location", ""), error)
    if kind == errors.PinRefused:
        from .parked import hold, park

        if park(window, body.pin, uploader.boots.now()) or hold(window, body.pin):
            uploader.result.error = error
            return True
    if kind == errors.PointRefused or (unknown and _struck_out(uploader, body)):
        return _bad_point(uploader, window, body, error)
    if kind == errors.InvalidToken:
        return _stop(uploader, error)
    text = headers.get("retry-after", "")
    wait_s = int(text) if text.isdigit() else 0
    return _later(uploader, error, max(_HOUR_S, wait_s) if unknown else wait_s or None)


def _count(uploader, which):
    counts = list(uploader.ring.state.get(keys.OUTCOMES, (0, 0, 0, 0)))
    counts[which] += 1
    uploader.ring.set(keys.OUTCOMES, tuple(counts))


def _later(uploader, error, wait_s=None, which=_RETRIED):
    _count(uploader, which)
    result = uploader.result
    result.error = error
    result.retry_after_s = uploader.pace.back_off(wait_s, 0 if uploader.noted else 1)
    uploader.noted = False
    if uploader.pace.step() >= _LOST_STEPS:
        uploader.ring.forget(REGION)  # it may be no more: the configured server knows where to
    uploader.ring.save(must=False)
    return False


def _smaller(uploader, body, error):
    _count(uploader, _SMALLER)
    uploader.result.error = error
    uploader.ring.save_value(SIZE, (max(1, body.points // 2), 0))
    return True


def unlearn(ring):
    """Another token or server takes over the data, but none of what was learned; parked pins are tried anew."""
    ring.forget(REGION, SIZE, STRIKES, BAD, HELD, BACKOFF, BUDGET)
    for key in keys.parked_keys(ring.state):
        ring.set(key, tuple(ring.state[key][:4]) + (0,))


def _elsewhere(uploader, location, error):
    home = uploader.home
    server = _redirect(location, uploader.server, home, uploader.settings["regions"])
    uploader.hops += 1
    if server is None or server == uploader.server or uploader.hops > _HOPS:
        return _later(uploader, error)
    _count(uploader, _REDIRECTED)
    uploader.ring.save_value(REGION, None if server == home else server.encode())
    return True


def _redirect(location, server, home, regions):
    """The server that `location` names, or None where the token must not go: followed is the same path alone, and from
    https, which the one asked, `server`, speaks, only to https."""
    scheme, _, path = split(location)
    if path.split("?")[0] != api.PATH or (scheme == "http" and server.startswith("https:")):
        return None
    return server_of(location, home, regions)


def _stop(uploader, error):
    if REGION in uploader.ring.state and not uploader.hops:
        # The token may have moved: the configured server knows where to.
        uploader.ring.set(REGION, None)
        uploader.hops = 1
        return True
    uploader.ring.forget(REGION)
    return _later(uploader, error, _HOUR_S, _STOPPED)


def _struck_out(uploader, body):
    """True when the same batch was refused three times, an hour apart, for a reason that is not known."""
    ring = uploader.ring
    place = (body.pin,) + tuple(body.first)
    saved = ring.state.get(STRIKES)
    count = saved[3] + 1 if saved and tuple(saved[:3]) == place else 1
    if count >= _STRIKES or uploader.bad(body.pin):
        return True
    ring.set(STRIKES, place + (count,))
    return False


def _bad_point(uploader, window, body, error):
    """Halve, leftmost half first, until one point is left; set that aside. Progress is one position."""
    ring = uploader.ring
    uploader.result.error = error
    if body.points > 1:
        ring.save_value(BAD, (body.points, body.pin))
        return True
    ring.forget(BAD, STRIKES, HELD)
    try:
        point = b"".join(body)[:_REJECT_BYTES]
    except Vanished:
        window.order = []
        return True
    try:
        # pin, HTTP status, the point as JSON
        ring.put(REJECT, bytes((body.pin, error.status & 0xFF, error.status >> 8)) + point)
    except errors.RingFull:
        pass  # a full ring that may not overwrite has no room for it: it is counted, but not kept
    window.ack(body, keys.REJECTED)
    return True


def _network_error(uploader, cause):
    if isinstance(cause, MemoryError):
        return cause
    words = str(cause)
    if isinstance(cause, errors.UploadError):
        return cause if uploader.hide(words) == words else type(cause)(uploader.hide(words))
    words = "no reply from %s: %s %s" % (split(uploader.server)[1], type(cause).__name__, words)
    return errors.NetworkError(uploader.hide(words))
