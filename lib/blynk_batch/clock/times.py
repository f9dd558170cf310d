"""Unix ms of each frame in one pass over the ring: as stored, through its boot's anchor, or estimated.

A boot's readings take their time from the first anchor behind them. Where there is none, and there will be none, the
anchor before them serves; without one, boots are stacked backwards from the next known instant, never earlier than
the last known one before them and spread evenly where they would be. Knows frames and anchors; in constant RAM, since
it looks ahead once for each run of such boots.
"""

from ..ring import record
from .anchors import before
from ..ring.reader import DATA
from ..ring.state import KNOWN

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
        self.known = ring.get(KNOWN)  # the last time that was known or estimated through an anchor
        self.estimated = False
        # The boot under way, and up to where what is found out of it holds
        self._boot = 0
        self._epoch = None  # Unix ms of its uptime 0, if an anchor tells
        self._first = self._uptime = 0  # where in the boot its part of the run starts; its last reading
        self._valid = (0, 0)
        # The run of boots without an anchor: after `_run_known` and before `_until` lie `_length` ms, `_passed` of them
        # in the boots before this one
        self._until = None
        self._run_known = self._run_last = self._length = self._passed = 0
        self._barren = 0  # a boot that no anchor follows

    def of(self, reader):
        chain = reader.chain
        if not chain.boot:
            self.known = chain.time
            self.estimated = False
            return chain.time
        if chain.boot != self._boot or reader.position >= self._valid:
            self._enter(reader)
        self._uptime = chain.time
        self.estimated = self._until is not None
        if self._epoch is not None:
            self.known = self._epoch + chain.time
            return self.known
        if self._until is None:
            return None
        if self._drop:
            return NEVER
        return self._estimate(self._passed + chain.time - self._first)

    def _estimate(self, passed):
        """Unix ms of what lies `passed` ms behind the run's start: counted back from its end, or spread evenly."""
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
        """Find what gives boot `first` its time from `position` on: its anchor, or the instant that ends its run."""
        boot, uptime = first, self._first  # of the run's last reading so far
        length = -self._first  # of the run, without that boot
        instant = None  # that ends the run: (Unix ms, length of the run, its last boot, position)
        reader = self._ring.reader(position + (0,), self._end)
        while True:
            kind = reader.next()
            chain = reader.chain
            if not kind:
                # The search ends with the ring, and the run now; but without a clock `first` may be still running.
                if self._now is None:
                    if boot == first or not instant:
                        instant = (None, length + uptime, boot, self._end)
                elif not instant or instant[0] < self.known <= self._now:
                    instant = (self._now, length + uptime, boot, self._end)
                break
            if kind == record.ANCHOR:
                number, epoch = record.get_anchor(reader.payload())
                if number == first:
                    self._epoch, self._until, self._valid = epoch, None, reader.position
                    return
                # Another boot's start
                if not instant:
                    length += uptime if number != boot else 0
                    instant = (epoch, length, number - 1, reader.position)
                break
            if kind != DATA:
                continue
            if not chain.boot:
                # A reading that brought its own time. One before what was known is no instant to count back from, if a
                # later one follows; and an anchor of `first` may follow as long as no other boot was met.
                if not instant or instant[0] < self.known <= chain.time:
                    instant = (chain.time, length + uptime, boot, reader.position)
                if instant[0] >= self.known and (boot != first or boot == self._barren):
                    break
            elif chain.boot == boot:
                uptime = chain.time
            elif instant:
                break
            else:
                length += uptime
                boot, uptime = chain.boot, chain.time
        self._epoch = None
        self._barren = first
        self._until, self._length, self._run_last, self._valid = instant  # pyright: ignore
        if self._until is not None:
            # The boot may have an anchor before, if it slept since and lost the clock by that: count on from there.
            epoch = before(self._ring, position, first)
            if epoch is not None and epoch + self._first <= self._until:  # pyright: ignore
                self._epoch = epoch
