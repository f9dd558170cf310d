"""Unix ms of each frame in one pass over the ring: as stored, through its boot's anchor, or estimated.

A boot's readings take their time from the first anchor behind them. Where there is none, and there will be none, the
anchor before them serves; without one, boots are stacked backwards from the next known instant, never earlier than
the last known one before them and spread evenly where they would be. Knows frames and anchors; in constant RAM, since
it looks ahead once for each run of such boots.
"""

from . import record
from .anchors import before, decode
from .reader import DATA
from .state import KNOWN

NEVER = -1  # the point's time will never be known, and the policy is to drop such points


class Times:
    """`of(reader)` for every data frame in log order from the cursor on.

    It is Unix ms, None while the time may yet become known, or NEVER. `estimated` says how the last one came about.
    now     Unix ms when the window was opened, or None; the end of the last run of unknown boots
    end     (sequence, offset) that the window could see when it was opened; what came later changes no time"""

    def __init__(self, ring, now, unsynced, end=None):
        self._ring = ring
        self._now = now
        self._end = end or ring.end()[:2]
        self._drop = unsynced == "drop"
        self.known = ring.get(KNOWN)
        self._boot = self._run_last = self._barren = 0
        self._guess = self.estimated = False
        self._epoch = self._until = None  # of the boot; of the run
        self._valid = (0, 0)  # all this holds for frames before
        self._length = self._passed = self._run_known = self._first = self._uptime = 0

    def of(self, reader):
        chain = reader.chain
        if not chain.boot:
            self.known = chain.time
            self.estimated = False
            return chain.time
        if chain.boot != self._boot or reader.position >= self._valid:
            self._enter(reader)
        self._uptime = chain.time
        self.estimated = self._guess
        if self._epoch is not None:
            self.known = self._epoch + chain.time
            return self.known
        if self._until is None:
            return None
        if self._drop:
            return NEVER
        return self._estimate(self._passed + chain.time - self._first)

    def _estimate(self, passed):
        # Between the two instants, not on them: a server may keep one value of a pin and a time.
        until, length, known = self._until - 1, self._length, self._run_known + 1
        if until - length >= known or known > until + 2:
            return until - length + passed
        return known + max(0, until - known) * passed // max(1, length)

    def _enter(self, reader):
        """The first frame of another boot: the next of a run, or the first of a new run or behind an anchor."""
        boot = reader.chain.boot
        if self._epoch is None and boot <= self._run_last and reader.position < self._valid:
            self._passed += self._uptime - self._first
            self._first = 0
        else:
            self._passed = 0
            self._first = reader.chain.time
            self._run_known = self.known
            self._look_ahead(reader.position, boot)
        self._boot = boot

    def _look_ahead(self, position, first):
        """Find what gives boot `first` its time from `position` on: an anchor, or the instant that ends its run."""
        self._epoch = self._until = None
        self._guess = False
        boot, last, length = first, self._first, -self._first
        seen = None  # the first known instant: (Unix ms, length of the run, its last boot, position)
        reader = self._ring.reader(position + (0,), self._end)
        while True:
            kind = reader.next()
            if kind == DATA:
                chain = reader.chain
                if not chain.boot:
                    # An anchor may still follow: readings that brought their own time are no sign that the boot ended.
                    if not seen or seen[0] < self.known <= chain.time:
                        seen = (chain.time, length + last, boot, reader.position)
                    if (boot != first or boot == self._barren) and seen[0] >= self.known:
                        break
                    continue
                if chain.boot != boot:
                    if seen:
                        break
                    length += last
                    boot = chain.boot
                last = chain.time
            elif kind == record.ANCHOR:
                number, epoch = decode(reader.payload())
                if number == first:
                    self._epoch = epoch
                    self._valid = reader.position
                    return
                if not seen:
                    seen = (epoch, length if number == boot else length + last, number - 1, reader.position)
                break
            elif not kind:
                break
        if not kind:
            # Without a clock it may be the boot that is running.
            waits = self._now is None and (boot == first or not seen)
            if waits or not seen or (self._now and seen[0] < self.known <= self._now):
                seen = (self._now, length + last, boot, self._end)
        self._barren = first
        self._until, self._length, self._run_last, self._valid = seen  # pyright: ignore
        self._guess = self._until is not None
        if self._guess:
            self._reckon(position, first)

    def _reckon(self, position, boot):
        """Count on from an anchor before, where the boot has one: it slept since, and lost the clock by that."""
        epoch = before(self._ring, position, boot)
        if epoch is not None and epoch + self._first <= self._until:  # pyright: ignore
            self._epoch = epoch
