"""When the next request may go out, and whether there is something to ask for: backoff, the daily budget, when a drain
begins and when refused points are asked for again. All that survives a reset.

Stations that get their power back together must not ask together for ever: the first drain after power-on is spread
over a short time, and from then on each keeps to a phase of its own within the interval. Both come from the token,
which alone tells stations apart. `make fleet` shows what ten thousand of them come to.

Knows the clock and the ring's state; nothing of batches or replies. Each change but for `dare()` rides on a state
frame that its caller writes anyway.
"""

import random
from hashlib import sha256

from micropython import const

from ..errors import Error
from ..ring.state import ASKED, BACKOFF, BUDGET, DOUBT, DRAINED, HELD, OPEN_END, OWNER
from ..ring.state import first_kept, range_keys, range_pins

_FIRST_S = const(10)
_WAKE_S = const(60)  # from one boot to the next, as far as is known
_AWAY_S = const(960)  # even an hour's sleeper then tries within a day
_STEPS = const(9)  # of twice as long each
_VAIN_STEPS = const(8)  # some hours of waits: longer than most outages, so that few batches are tried as too large
_SOON = const(3)  # times that a server may ask for less than the first
_LONGEST_S = const(86400)
_DAY_MS = const(86400000)
_SPREAD_S = const(30)  # of the first drains after power-on
_HOUR_S = const(3600)
_AGAIN_S = const(82800)  # a day of tries has 23 hours: one that uploads daily is never a second too early
_UNIX_S = const(1000000000)  # what is less is uptime
_NOTES_BYTES = const(300)  # the state frames of one request for refused points
_DATA = const(1)  # a Reader's kind of frame
_LOOK = const(4096)  # frames that are looked through for something new: a second or two, since no watchdog is fed
_REST, _IN_DOUBT = const(2), const(3)  # kinds of ranges, see ranges.py


def _random(limit):
    """0 to limit - 1; 0 for no limit."""
    return random.getrandbits(30) % max(1, limit)


class Pace:
    """Over `ring.state`; `boots` tells the time.

    owner     a hash of token and server; what another pair learned to wait for does not count
    drained   uptime in s of the last drain in this boot, or None
    tried_ms  uptime of the last try of refused points, as far as is known;  goes_on  True if it counts on over a sleep
    """

    _asked = 0  # uptime in s of the last time that it was asked
    _shut, _looked = b"", (0, 0)  # up to where all points are of those pins

    def __init__(self, ring, boots, points_per_day, server, token):
        self.ring = ring
        self.owner = sha256(("%s %s" % (server, token)).encode()).digest()[:8]
        if ring.state.get(OWNER, self.owner) != self.owner:
            ring.forget(BACKOFF, BUDGET, DRAINED)
        self.drained = None
        self.boots = boots
        self._points_per_day = points_per_day
        self._until = 0  # uptime ms
        # Without a clock a day is one of uptime, of the budget, and of the last tries and questions. It goes on over
        # planned sleeps; after any other reset nobody knows how long ago that was, so that one boot in some begins
        # another.
        _, boot, drained_ms = ring.state.get(DRAINED, (0, 0, 0))
        self.goes_on = goes_on = boot and boot == boots.boot
        is_later = not goes_on and (HELD in ring.state or BUDGET in ring.state) and not _random(_AWAY_S // _WAKE_S)
        self._day_from = self.tried_ms = drained_ms if goes_on else boots.uptime() - (_DAY_MS if is_later else 0)
        if goes_on and len(ring.state.get(BUDGET, ())) > 2:
            self._day_from = ring.state[BUDGET][2] * 1000
        saved = ring.state.get(BACKOFF)
        if saved:
            # How long the board was away is not known without a clock: any part of the wait may have passed. One that
            # resets or wakes every minute then tries now and then, and neither hammers the server nor gives up.
            over = _random(min(saved[2], _AWAY_S)) < _WAKE_S
            self._until = boots.uptime() + (0 if over else _random(saved[2] * 1000 + 1))

    def wait_s(self):
        """Seconds until a request may go out, 0 for now."""
        saved = self.ring.state.get(BACKOFF)
        if not saved:
            return 0
        left = self._until - self.boots.uptime()
        now = self.boots.now()
        if now is not None and saved[1] and saved[1] - now <= saved[2] * 1000:  # else the clock was set back
            left = saved[1] - now
        return max(0, min(saved[2], (left + 999) // 1000))

    def step(self):
        """How many times in a row it has waited."""
        return self.ring.get(BACKOFF)

    def in_vain(self):
        """True if it has waited so often that it may be for what is sent."""
        return self.step() >= _VAIN_STEPS

    def back_off(self, wait_s=None, steps=1):
        """Wait longer than the last time; or `wait_s`, as was asked for, but less than the first step only so often."""
        step = max(1, min(_STEPS, self.step() + steps))
        wait = _FIRST_S << (step - 1)
        wait = wait * 3 // 4 + _random(wait // 2 + 1)
        if wait_s is not None and (step <= _SOON or wait_s >= _FIRST_S):
            wait = max(1, min(_LONGEST_S, wait_s))
        now = self.boots.now()
        self._until = self.boots.uptime() + wait * 1000
        self.ring.set(BACKOFF, (step, 0 if now is None else now + wait * 1000, wait))
        return wait

    def dare(self, is_over):
        """Before a name lookup, in which a watchdog may bite, and when that is over. It notes a backoff, so that a boot
        after a bite waits before it looks up again, ever longer."""
        ring = self.ring
        if not is_over:
            self._before = ring.state.get(BACKOFF)
            step = min(_STEPS, self.step() + 1)
        ring.set(BACKOFF, self._before if is_over else (step, 0, _FIRST_S << (step - 1)))
        try:
            ring.save(must=False)
        except (Error, OSError):  # what comes next says so
            pass

    def proceed(self):
        """A request was accepted: no backoff."""
        self.ring.forget(BACKOFF)

    # Budget

    def _day(self):
        now = self.boots.now()
        if now is not None:
            return now // _DAY_MS
        return self.ring.get(BUDGET) + (1 if self.boots.uptime() - self._day_from >= _DAY_MS else 0)

    def budget(self):
        """Points that may still go out today (UTC), or None for no limit."""
        most, saved = self._points_per_day, self.ring.state.get(BUDGET)
        if most is None or not saved or saved[0] != self._day():
            return most
        return max(0, most - saved[1])

    def spend(self, points):
        if self._points_per_day is not None:
            left, day = self.budget(), self._day()
            if day != self.ring.get(BUDGET):
                self._day_from = self.boots.uptime()
            begun = (max(0, self._day_from) // 1000,) if self.boots.now() is None else ()
            self.ring.set(BUDGET, (day, self._points_per_day - left + points) + begun)

    # Drains

    def drains(self):
        """Note that a drain starts; True for the first in this boot."""
        is_first = self.drained is None
        self.drained = self.boots.uptime() // 1000
        self.ring.set(DRAINED, (self.boots.now() or 0,) + self.boots.mark())
        return is_first

    def is_due(self, interval_s):
        """True if the next drain may start now."""
        return not self.due_s(interval_s) and not self.wait_s() and self.budget() != 0

    def due_s(self, interval_s):
        """Seconds until the interval allows the next drain."""
        saved, now = self.ring.state.get(DRAINED, (0, 0, 0)), self.boots.now()
        passed = -1  # ms since the last drain, as far as is known
        if now is not None and saved[0]:
            passed = now - saved[0]
        elif saved[1] and saved[1] == self.boots.boot:
            passed = self.boots.uptime() - saved[2]
        left = 0 if passed < 0 else max(0, interval_s - passed // 1000)
        interval_s = int(interval_s)
        if not self.boots.powered_on or interval_s < 1:
            return left
        now, phase = self.boots.uptime() // 1000, int.from_bytes(self.owner[:3], "big")
        since_asked, self._asked = now - self._asked, now
        if self.drained is None:
            return max(left, phase % (min(interval_s // 10, _SPREAD_S) + 1) - now)
        soonest = self.drained + interval_s // 2
        # A program that seldom asks is told the next best time, not the next interval's.
        early = min(since_asked, interval_s) // 2
        return max(0, soonest + (phase - soonest) % interval_s - early - now)

    def has_something(self):
        """True if a drain has something to send: points that were not refused, or a search, a try or a question that
        is due."""
        ring, state = self.ring, self.ring.state
        return bool(
            state.get(OWNER) != self.owner  # what the server refused another token of is asked for at once
            or ASKED in state
            or (ring.pending > ring.get(HELD) and self._has_new())
            or any(map(self._asks, map(state.get, range_keys(state))))
        )

    def _has_new(self):
        """True if some of the points that were never asked for are of a pin that is not held open, or if there are so
        many that a drain had better pass them."""
        ring = self.ring
        shut = range_pins(ring.state, OPEN_END)
        if not shut:
            return True
        if shut != self._shut:
            self._shut, self._looked = shut, (0, 0)
        end = ring.end()
        reader, left = ring.reader(max(ring.cursor()[:2], self._looked), end), _LOOK
        while reader.next():
            left -= 1
            if not left or reader.kind == _DATA and reader.chain.pins.strip(shut):
                return True
        self._looked = end[:2]
        return False

    def _asks(self, found):
        """True if the next drain asks for points of a range, as the state has it."""
        start, kind, tried = found[0], found[4] & 3, found[5]
        if kind == _IN_DOUBT:
            return self.may_ask()
        if self.has_room():
            return kind != _REST or self.rested(tried)
        # Only the oldest sector's are tried then, see search.py
        return start <= self.ring.oldest and (not kind or self.rested(tried))

    def may_ask(self):
        """True if the hour since the last questions in doubt has passed."""
        return self.rested(self.ring.state.get(DOUBT, (0, 0))[1], _HOUR_S)

    def tries(self):
        """Note a try; what `rested` is to be asked of it."""
        self.tried_ms = self.boots.uptime()
        return self.second()

    def second(self):
        """The Unix time in s; without a clock the uptime, and never 0."""
        now = self.boots.now()
        return (self.boots.uptime() + 1000 if now is None else now) // 1000

    def rested(self, tried, for_s=_AGAIN_S):
        """True if `for_s` have passed, as far as is known, since the last try at `tried`, a `second()`; 0: never, or it
        was released."""
        if tried and self.boots.now() is None and not (self.goes_on and tried < _UNIX_S):
            return self.boots.uptime() - self.tried_ms >= for_s * 1000
        return not tried or not 0 <= self.second() - tried < for_s

    def has_room(self, size=_NOTES_BYTES):
        """True if notes of that size push no reading out of the ring."""
        ring = self.ring
        return not ring.sealed and ring.offset + size <= ring.data_end or not self.is_full()

    def is_full(self):
        """True if the next sector takes the place of readings that are kept."""
        ring = self.ring
        first = min(max(ring.oldest, first_kept(ring.state)[0]), ring.newest)
        return ring.newest + 1 - first >= ring.medium.slots
