"""What each reply but an acceptance means for the points: later, smaller, elsewhere, refused, stop.

Loaded with the first such reply, or another token. Knows the window, the pace and the state; no socket. Each outcome
writes at most one state frame, or raises DrainEnds.
"""

from micropython import const

from .. import blynk as api, load, refusals
from ..ring import state as keys
from ..ring.state import BACKOFF, BUDGET, REGION, SIZE
from .result import DrainEnds, Vanished
from .secret import server_of

_HOUR_S = const(3600)
_HOPS = const(3)
_LONG_S = const(1800)  # each of them counts as a wait more
_TOO_OFTEN = const(429)
_FEW = const(4)  # points: so few are too many only if the server says so
_LOST_STEPS = const(4)  # of the backoff, after which a learned server is doubted
_WORDS_BYTES = const(60)
_RETRIED = const(0)  # the counts in the state's OUTCOMES
_SMALLER = const(1)
_REDIRECTED = const(2)
_STOPPED = const(3)


def judge(uploader, source, body, reply):
    """Act on `reply`, a (status, headers, text) or the exception that came instead, to a batch of `source`, a Window,
    a Search or a Question."""
    if isinstance(reply, Vanished):
        uploader.ring.forget(keys.BATCH)
        if uploader.ring.oldest == body.oldest:  # not overwritten but unreadable: they must not be asked for for ever
            _refused(uploader, source, body, reply, True)
        return
    status, headers, text = (0, {}, b"") if isinstance(reply, Exception) else reply
    hide, location = uploader.hide, headers.get("location", "")
    error = refusals.judge(status, text, hide, location) if status else refusals.no_reply(reply, uploader.server, hide)
    uploader.event("V%d: %s" % (body.pin, error))
    kind = type(error) if status else None  # what a transport raises is no word of the server's
    if kind == refusals.BatchTooLarge and body.points > 1:
        _count(uploader, _SMALLER)
        uploader.result.error = error
        uploader.learn(body.points // 2)
    elif status == 308 and _elsewhere(uploader, location):
        return
    elif kind == refusals.InvalidToken:
        _stop(uploader, error)
    elif (status == 400 and not refusals.is_page(text)) or kind == refusals.BatchTooLarge:
        is_told = kind in (refusals.PinRefused, refusals.PointRefused)
        _refused(uploader, source, body, error, is_told or uploader.trusted)
    else:
        _failed(uploader, source, body, error, status, headers.get("retry-after", ""))


def _failed(uploader, source, body, error, status, text):
    """No reply (status 0), or one that says nothing of the batch, with Retry-After `text`: try later. A batch of which
    something was sent may still be too large: if the connection ended in its midst twice, or after many waits, one
    point is sent next, then about as many as failed, then half of them."""
    wait_s = int(text) or None if text.isdigit() else None
    in_vain, size = uploader.pace.in_vain(), uploader.ring.state.get(SIZE, ())
    is_sent = status or body.cut is not None
    may_be_its = in_vain or (status != _TOO_OFTEN if status else body.cut)
    if is_sent and may_be_its and _others_first(uploader, source, body, status and not wait_s, error):
        return
    if status and uploader.failures(body.pin):
        uploader.ring.forget(keys.BATCH)  # it would come first
    stuck = is_sent and (uploader.failures(body.pin) > 1 if body.cut else in_vain)
    if is_sent and size[2:] and size[2] < 2 * body.points > 2 * _FEW:
        uploader.learn(max(_FEW, body.points // 2))
    elif stuck and body.points > 1:
        uploader.learn(1, body.points)
    elif stuck and hasattr(source, "put_off"):
        source.put_off(body)
    _later(uploader, error, wait_s)
    if body.points or not uploader.pace.in_vain():
        raise DrainEnds()
    uploader.date_ok = False  # a batch without points may never get a reply: no point expires, then


def _others_first(uploader, source, body, quick, error):
    """The failure may be the pin's alone. True if this drain goes on with other pins: the pin failed before it,
    and others were accepted in it; or the pin fails for the first time, others did before, and it was `quick`."""
    pin, ring = body.pin, uploader.ring
    failures, failed = uploader.failures(pin), keys.FAILED in ring.state
    if uploader.trusted and failures and pin not in uploader.failed and load("upload.hold", "has_places")(ring):
        _refused(uploader, source, body, error, True)
        return True
    uploader.failed = seen = uploader.failed + bytes((pin,))  # the state may have no room for all of this drain
    uploader.set_failures(pin, min(2, failures + 1))
    ring.forget(keys.BATCH)  # nobody has it
    order = getattr(source, "order", [])
    stays = ring.state.get(keys.PART, ())[:1] == (pin,)  # its place in the window is kept as long as it is the first
    if stays or not quick or failures or not failed or not order[1:] or order[1] in seen or uploader.failures(order[1]):
        return False
    _count(uploader, _RETRIED)
    uploader.result.error = error
    order.append(order.pop(0))
    return True


def _refused(uploader, source, body, error, known):
    """The batch was refused; `known`: surely for its content, by the words or since others were accepted."""
    ring, words = uploader.ring, str(error).encode()[:_WORDS_BYTES]
    uploader.result.error = error
    if ring.state.get(keys.WORDS) != words:
        ring.set(keys.WORDS, words)
    if hasattr(source, "refused"):  # a Search
        source.refused(body, known)
    else:
        load("upload.hold", "refused")(source, body, known)


def _count(uploader, which):
    ring = uploader.ring
    counts = list(ring.state.get(keys.OUTCOMES, (0, 0, 0, 0)))
    counts[which] += 1
    ring.set(keys.OUTCOMES, tuple(counts))


def _later(uploader, error, wait_s=None, which=_RETRIED):
    _count(uploader, which)
    result = uploader.result
    result.error = error
    steps = 0 if uploader.noted else 1 + (wait_s or 0) // _LONG_S
    result.retry_after_s = uploader.pace.back_off(wait_s, steps)
    uploader.noted = False
    if uploader.pace.step() >= _LOST_STEPS:
        uploader.ring.forget(REGION)  # it may be gone: the configured server knows where to
    uploader.ring.save(must=False)


def unlearn(ring):
    """For another token or server: keep the data, forget what was learned, try anew what was refused."""
    ring.forget(REGION, SIZE, BACKOFF, BUDGET, keys.BATCH, keys.FAILED, keys.WORDS)
    if not ring.get(keys.DELIVERED):
        ring.close_window()  # it may be small, as the other server wanted it
    load("upload.ranges", "release")(ring, range(256))


def _elsewhere(uploader, location):
    """Go to the server that `location` names, if it has the same path and does not lead from https to http. False if it
    is not followed."""
    asked, home = uploader.server, uploader.home
    server = server_of(location, home, uploader.settings["regions"])
    uploader.hops += 1
    if server is None or server == asked or (server[:5] == "http:" and asked[:6] == "https:"):
        return False
    if uploader.hops > _HOPS or location.split("?")[0][len(server) :] != api.PATH:
        return False
    _count(uploader, _REDIRECTED)
    uploader.ring.save_value(REGION, None if server == home else server.encode())
    return True


def _stop(uploader, error):
    may_have_moved = REGION in uploader.ring.state and not uploader.hops  # the configured server knows where to
    uploader.ring.forget(REGION)
    if not may_have_moved:
        _later(uploader, error, _HOUR_S, _STOPPED)
        raise DrainEnds()
    uploader.hops = 1  # if that one says the same, the token is invalid
