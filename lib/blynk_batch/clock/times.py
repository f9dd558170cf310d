"""Unix ms of each frame in one pass over the ring: as stored, through its boot's anchor, or estimated.

A boot's readings take their time from the first anchor behind them. Where there is none, and there will be none, the
anchor before them serves; without one, boots are stacked backwards from the next known instant, never earlier than
the last known one before them and spread evenly where they would be. Knows frames and anchors; in constant RAM, since
it looks ahead once for each run of such boots.
"""

from ..ring import parsing, record
from .anchors import before
from ..ring.reader import DATA
from ..ring.state import KNOWN

NEVER = -1  # the point's time will never be known, and the policy is to drop such points


class Run:
    """Boots that no anchor follows: their readings lie `length` ms of uptime before the instant `until`, in Unix ms;
    None: it may yet come. `last` is the last such boot; all this holds up to the position `end`."""

    def __init__(self, until, length, last, end):
        self.until, self.length, self.last, self.end = until, length, last, end


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
        # Its run, if no anchor follows; what was known before that, and how many ms of it lie in the boots before
        self._run = None
        self._run_known = self._passed = 0
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
        run = self._run
        self.estimated = run is not None and run.until is not None
        if self._epoch is not None:
            self.known = self._epoch + chain.time
            return self.known
        if not self.estimated:
            return None
        return NEVER if self._drop else self._estimate(run, self._passed + chain.time - self._first)

    def _estimate(self, run, passed):
        """Unix ms of what lies `passed` ms behind the run's start: counted back from its end, or spread evenly."""
        # Between the two instants, not on them: a server may keep one value of a pin and a time.
        until, known = run.until - 1, self._run_known + 1
        if until - run.length >= known or known > until + 2:
            return until - run.length + passed
        return known + max(0, until - known) * passed // max(1, run.length)

    def _enter(self, reader):
        """The first frame of another boot: the next of a run, or the first of a new run or behind an anchor."""
        boot, run = reader.chain.boot, self._run
        if run and self._epoch is None and boot <= run.last and reader.position < self._valid:
            self._passed += self._uptime - self._first
            self._first = 0
        else:
            self._passed = 0
            self._first = reader.chain.time
            self._run_known = self.known
            self._look_ahead(reader.position, boot)
        self._boot = boot

    def _look_ahead(self, position, boot):
        """Find what gives `boot` its time from `position` on: its anchor, or the instant that ends its run."""
        found = self._anchor_ahead(position, boot) if boot != self._barren else None
        if found:
            self._run = None
            self._epoch, self._valid = found
            return
        self._barren, self._epoch = boot, None
        self._run = run = self._end_of_run(position, boot)
        self._valid = run.end
        if run.until is not None:
            # The boot may have an anchor before, if it slept since and lost the clock by that: count on from there.
            epoch = before(self._ring, position, boot)
            if epoch is not None and epoch + self._first <= run.until:
                self._epoch = epoch

    def _anchor_ahead(self, position, boot):
        """(Unix ms of the boot's uptime 0, the anchor's position); (None, the ring's end) if it may be still running,
        without the time; None if it has ended without an anchor."""
        reader = self._ring.reader(position + (0,), self._end)
        while True:
            kind = reader.next()
            if not kind:
                return (None, self._end) if self._now is None else None
            if kind == record.ANCHOR:
                number, epoch = parsing.get_anchor(reader.payload())
                return (epoch, reader.position) if number == boot else None
            if kind == DATA and reader.chain.boot and reader.chain.boot != boot:
                return None

    def _end_of_run(self, position, boot):
        """The Run of boots without an anchor that begins with `boot`."""
        first, run = boot, None
        uptime, length = self._first, -self._first  # uptime of the boot under way, length of those before
        reader = self._ring.reader(position + (0,), self._end)
        while True:
            kind, chain = reader.next(), reader.chain
            if not kind:
                if not run or self._now is None or run.until < self.known <= self._now:
                    run = Run(self._now, length + uptime, boot, self._end)
                return run
            if kind == record.ANCHOR:  # the next boot's start, or this one's after all
                number, epoch = parsing.get_anchor(reader.payload())
                return Run(epoch, length + (uptime if number != boot else 0), number - 1, reader.position)
            if kind != DATA:
                continue
            if not chain.boot:
                # A reading that brought its own time. One before what was known is no instant to count back from, if a
                # later one follows; nor any where the boot that it stands in has an anchor, or may get one.
                if not run or run.until < self.known <= chain.time:
                    found = self._anchor_ahead(reader.position, boot) if boot != first else None
                    if found:
                        return Run(found[0], length, boot - 1, reader.position)
                    run = Run(chain.time, length + uptime, boot, reader.position)
                if run.until >= self.known:
                    return run
            elif chain.boot == boot:
                uptime = chain.time
            else:
                length += uptime
                boot, uptime = chain.boot, chain.time
