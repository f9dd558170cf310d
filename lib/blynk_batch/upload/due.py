"""Whether a drain is due: its interval has passed, nothing forbids it, and there is something to ask for; of refused
points, that is once their next try is due.

Stations that get their power back together must not ask together for ever: the first drain after power-on is spread
over a short time, and from then on each keeps to a phase of its own within the interval. Both come from the token,
which alone tells stations apart. `make fleet` shows what ten thousand of them come to.

Knows the pace, the clock and the ring's state; nothing of batches or replies. An upload does without until points are
refused.
"""

from micropython import const

from ..ring.state import ASKED, DOUBT, DRAINED, HELD, OPEN_END, OWNER, range_keys, range_pins

_SPREAD_S = const(30)  # of the first drains after power-on
_HOUR_S = const(3600)
_AGAIN_S = const(82800)  # a day of tries has 23 hours: one that uploads daily is never a second too early
_UNIX_S = const(1000000000)  # what is less is uptime
_DATA = const(1)  # a Reader's kind of frame
_LOOK = const(4096)  # frames that are looked through for something new: a second or two, since no watchdog is fed
_REST, _IN_DOUBT = const(2), const(3)  # kinds of ranges, see ranges.py


def is_due(pace, interval_s):
    """True if a drain may start now and has something to send: points that were not refused, or a search, a try or a
    question that is due."""
    ring, state = pace.ring, pace.ring.state
    return may_start(pace, interval_s) and bool(
        state.get(OWNER) != pace.owner  # what the server refused another token of is asked for at once
        or ASKED in state
        or (ring.pending > ring.get(HELD) and _has_new(pace))
        or [key for key in range_keys(state) if _asks(pace, state[key])]
    )


def may_start(pace, interval_s):
    """True if the interval has passed, and neither backoff nor budget forbids a drain."""
    return not due_s(pace, interval_s) and not pace.wait_s() and pace.budget() != 0


def due_s(pace, interval_s):
    """Seconds until the interval allows the next drain."""
    saved, boots = pace.ring.state.get(DRAINED, (0, 0, 0)), pace.boots
    now, passed = boots.now(), -1  # ms since the last drain, as far as is known
    if now is not None and saved[0]:
        passed = now - saved[0]
    elif saved[1] and saved[1] == boots.boot:
        passed = boots.uptime() - saved[2]
    left = 0 if passed < 0 else max(0, interval_s - passed // 1000)
    interval_s = int(interval_s)
    if not boots.powered_on or interval_s < 1:
        return left
    now, phase = boots.uptime() // 1000, int.from_bytes(pace.owner[:3], "big")
    since_asked, pace.asked = now - pace.asked, now
    if pace.drained is None:
        return max(left, phase % (min(interval_s // 10, _SPREAD_S) + 1) - now)
    soonest = pace.drained + interval_s // 2
    # A program that seldom asks is told the next best time, not the next interval's.
    early = min(since_asked, interval_s) // 2
    return max(0, soonest + (phase - soonest) % interval_s - early - now)


def _has_new(pace):
    """True if some of the points that were never asked for are of a pin that is not held open, or if there are so
    many that a drain had better pass them."""
    ring = pace.ring
    shut = range_pins(ring.state, OPEN_END)
    if not shut:
        return True
    if shut != pace.shut:
        pace.shut, pace.looked = shut, (0, 0)
    end = ring.end()
    reader, left = ring.reader(max(ring.cursor()[:2], pace.looked), end), _LOOK
    while reader.next():
        left -= 1
        if not left or reader.kind == _DATA and reader.chain.pins.strip(shut):
            return True
    pace.looked = end[:2]
    return False


def _asks(pace, found):
    """True if the next drain asks for points of a range, as the state has it."""
    start, kind, tried = found[0], found[4] & 3, found[5]
    if kind == _IN_DOUBT:
        return may_ask(pace)
    if pace.has_room():
        return kind != _REST or rested(pace, tried)
    # Without room only those of the oldest sector are tried, see search.py
    return start <= pace.ring.oldest and (not kind or rested(pace, tried))


def may_ask(pace):
    """True if the hour since the last questions in doubt has passed."""
    return rested(pace, pace.ring.state.get(DOUBT, (0, 0))[1], _HOUR_S)


def tries(pace):
    """Note a try; returns what `rested` takes for it."""
    pace.tried_ms = pace.boots.uptime()
    return second(pace)


def second(pace):
    """The Unix time in s, its low 32 bits: the state takes no more; without a clock the uptime, and never 0."""
    now = pace.boots.now()
    return (pace.boots.uptime() + 1000 if now is None else now) // 1000 & 0xFFFFFFFF


def rested(pace, tried, for_s=_AGAIN_S):
    """True if `for_s` have passed, as far as is known, since the last try at `tried`, a `second()`; 0: never, or it
    was released."""
    if tried and pace.boots.now() is None and not (pace.goes_on and tried < _UNIX_S):
        return pace.boots.uptime() - pace.tried_ms >= for_s * 1000
    return not tried or not 0 <= second(pace) - tried < for_s
