"""When the next request may go out: backoff and the daily budget, and when a drain began. All that survives a reset.

Knows the clock and the ring's state; nothing of batches or replies. Each change rides on a state frame that its caller
writes anyway. due.py has whether a drain is due.
"""

import random
from hashlib import sha256

from micropython import const

from ..ring.state import BACKOFF, BUDGET, DRAINED, HELD, OWNER, first_kept

_FIRST_S = const(10)
_WAKE_S = const(60)  # from one boot to the next, as far as is known
_AWAY_S = const(960)  # even an hour's sleeper then tries within a day
_STEPS = const(9)  # of twice as long each
_VAIN_STEPS = const(8)  # some hours of waits: longer than most outages, so that few batches are tried as too large
_SOON = const(3)  # times that a server may ask for less than the first
_LONGEST_S = const(86400)
_DAY_MS = const(86400000)
_NOTES_BYTES = const(300)  # the state frames of one request for refused points


def _random(limit):
    """0 to limit - 1; 0 for no limit."""
    return random.getrandbits(30) % max(1, limit)


class Pace:
    """Over `ring.state`; `boots` tells the time.

    owner     a hash of token and server; what another pair learned to wait for does not count
    drained   uptime in s of the last drain in this boot, or None
    tried_ms  uptime of the last try of refused points, as far as is known;  goes_on  True if it counts on over a sleep
    """

    # due.py's
    asked = 0  # uptime in s of the last time that it was asked
    shut, looked = b"", (0, 0)  # up to where all points are of those pins

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

    def has_room(self, size=_NOTES_BYTES):
        """True if notes of that size push no reading out of the ring."""
        ring = self.ring
        return not ring.sealed and ring.offset + size <= ring.data_end or not self.is_full()

    def is_full(self):
        """True if the next sector takes the place of readings that are kept."""
        ring = self.ring
        first = min(max(ring.oldest, first_kept(ring.state)[0]), ring.newest)
        return ring.newest + 1 - first >= ring.medium.slots
