"""When a drain begins, and whether it has anything to send: new points, or refused ones that are to be asked for again.

Stations that get their power back together must not ask together for ever: the first drain after power-on is spread
over a short time, and from then on each keeps to a phase of its own within the interval. Both come from the token,
which alone tells stations apart. `make fleet` shows what ten thousand of them come to.

Knows the clock and the ring's state; nothing of batches or replies.
"""

from micropython import const

from ..ring.state import ASKED, DOUBT, DRAINED, HELD, OPEN_END, OWNER, first_kept, range_keys, range_pins
from .pace import Pace

_SPREAD_S = const(30)  # of the first drains after power-on
_HOUR_S = const(3600)
_AGAIN_S = const(82800)  # a day of tries has 23 hours: one that uploads daily is never a second too early
_UNIX_S = const(1000000000)  # what is less is uptime
_NOTES_BYTES = const(300)  # the state frames of one request for refused points
_DATA = const(1)  # a Reader's kind of frame
_LOOK = const(4096)  # frames that are looked through for something new: a second or two, since no watchdog is fed
_REST, _IN_DOUBT = const(2), const(3)  # kinds of ranges, see ranges.py


class Due(Pace):
    """The Pace of a client that also knows when it is due."""

    _asked = 0  # uptime in s of the last time that it was asked
    _shut, _looked = b"", (0, 0)  # up to where all points are of those pins

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
        since_asked = now - self._asked
        self._asked = now
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
