"""What each reply but an acceptance means for the points: later, smaller, elsewhere, this pin, this point, stop.

Loaded with the first such reply, or another token. Knows the window, the pace and the state; no socket. Each outcome
writes at most one state frame and says whether the drain goes on.
"""

from micropython import const

from .. import blynk as api, faults
from ..ring import state as keys
from .batch import Vanished
from ..errors import RingFull
from ..ring.record import REJECT
from ..ring.state import BACKOFF, BAD, BUDGET, HELD, REGION, SIZE, STRIKES

_HOUR_S = const(3600)
_STRIKES = const(3)
_HOPS = const(3)
_LOST_STEPS = const(4)  # of the backoff, after which a learned server is doubted
_SERVER_BYTES = const(80)  # as much as the state has room for
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
    error = faults.judge(status, text, uploader.hide)
    uploader.event("V%d: %s" % (body.pin, error))
    kind = type(error)
    unknown = kind == faults.ServerError and status == 400
    if kind == faults.BatchTooLarge:
        if body.points > 1:
            return _smaller(uploader, body, error)
        unknown = True
    if status == 308:
        return _elsewhere(uploader, headers.get("location", ""), error)
    if kind == faults.PinRefused:
        from .parked import hold, park

        if park(window, body.pin, uploader.boots.now()) or hold(window, body.pin):
            uploader.result.error = error
            return True
    if kind == faults.PointRefused or (unknown and _struck_out(uploader, body)):
        return _bad_point(uploader, window, body, error)
    if kind == faults.InvalidToken:
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
    """The server that `location` names, or None where the token must not go.

    `server` is the one asked, `home` the configured one. Followed: the same path, https staying https, and a host
    that is, or is below, the configured one or one of `regions`."""
    scheme, host, path = split(location)
    found = "%s://%s" % (scheme, host)
    if scheme not in ("http", "https") or path.split("?")[0] != api.PATH or len(found) > _SERVER_BYTES:
        return None
    if scheme == "http" and server.startswith("https:"):
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
    except RingFull:
        pass  # a full ring that may not overwrite has no room for it: it is counted, but not kept
    window.ack(body, keys.REJECTED)
    return True


def _network_error(uploader, cause):
    if isinstance(cause, faults.UploadError):
        return cause
    host = split(uploader.server)[1]
    return faults.NetworkError("no reply from %s: %s %s" % (host, type(cause).__name__, uploader.hide(str(cause))))
