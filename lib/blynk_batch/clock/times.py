"""Unix ms of each frame in one pass over the ring: as stored, through its boot's anchor, or estimated.

A boot's readings take their time from the first anchor behind them. Where there is none, and there will be none, the
anchor before them serves; without one, boots are stacked backwards from the next known instant, never earlier than
the last known one before them and spread evenly where they would be. Knows frames and anchors; in constant RAM, since
it looks ahead once for each run of such boots.
"""

from ..ring import parsing, record, state as keys
from ..ring.reader import DATA

NEVER = -1  # the point's time will never be known, and the policy is to drop such points


class Run:
    """Readings up to the position `end` and the boot `last` that get their time alike: `epoch` is the Unix ms of their
    boot's uptime 0, if an anchor tells. Else they lie `length` ms of uptime before the instant `until`, in Unix ms;
    None: it may yet come."""

    def __init__(self, last, end, epoch=None, until=None, length=0):
        self.last, self.end, self.epoch, self.until, self.length = last, end, epoch, until, length


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
        self.known = ring.get(keys.KNOWN)  # the last time that was known or estimated through an anchor
        self.estimated = False
        self._boot = self._uptime = 0  # the boot under way, and that of its last reading
        self._run = Run(0, (0, 0))  # of that reading
        self._run_known = 0  # what was known before the run
        self._base = 0  # at uptime 0 of the boot so many ms of the run had passed; below 0, if it starts later

    def of(self, reader):
        chain = reader.chain
        if not chain.boot:
            self.known = chain.time
            self.estimated = False
            return chain.time
        if chain.boot != self._boot or reader.position >= self._run.end:
            self._enter(reader)
        self._uptime = chain.time
        run = self._run
        self.estimated = run.until is not None
        if run.epoch is not None:
            self.known = run.epoch + chain.time
            return self.known
        if not self.estimated:
            return None
        return NEVER if self._drop else self._estimate(run, self._base + chain.time)

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
        if run.epoch is None and boot <= run.last and reader.position < run.end:
            self._base += self._uptime
        else:
            self._base = -reader.chain.time
            self._run = self._run_from(reader.position, boot)
            self._run_known = self.known
        self._boot = boot

    def _run_from(self, position, boot):
        """What gives `boot` its time from `position` on: its anchor, or the instant that ends its run."""
        first, run = boot, None
        front = None
        if not self.known:  # a pass over refused points begins with them
            front = _in_front(self._ring, position, boot)
            self.known = front[1]
        uptime, length = -self._base, self._base  # uptime of the boot under way, length of those before
        reader = self._ring.reader(position + (0,), self._end)
        chain = reader.chain
        while reader.next():
            if reader.kind == record.ANCHOR:
                number, epoch = parsing.get_anchor(reader.payload())
                if number == boot == first:
                    return Run(boot, reader.position, epoch)
                if number == boot or not run or run.until < self.known:
                    length += 0 if number == boot else uptime  # this one's start after all, or the next boot's
                    run = Run(number - 1, reader.position, None, epoch, length)
                break
            if reader.kind != DATA:
                continue
            if not chain.boot:
                # A reading that brought its own time. One before what was known is no instant to count back from, if a
                # later one follows; nor any where the boot that it stands in has an anchor, or may get one.
                if not run or run.until < self.known <= chain.time:
                    run = Run(boot, reader.position, None, chain.time, length + uptime)
            elif chain.boot == boot:
                uptime = chain.time
            elif run and run.until >= self.known:
                break
            else:
                length += uptime
                boot, uptime = chain.boot, chain.time
        else:
            if self._now is None:
                return Run(boot, self._end)
            if not run or run.until < self.known <= self._now:
                run = Run(boot, self._end, None, self._now, length + uptime)
        # The boot may have an anchor before, if it slept since and lost the clock by that: count on from there.
        epoch = (front or _in_front(self._ring, position, first))[0]
        if epoch is not None and epoch - self._base <= run.until:  # pyright: ignore
            run.epoch = epoch
        return run


def _in_front(ring, position, boot):
    """Unix ms of uptime 0 as the last anchor of `boot` before `position` gives it, or one that had no room, or None;
    and the last time in front of it that its sector tells, or 0."""
    from ..ring.decode import load_header

    state = load_header(ring, position[0])[2]
    anchor, known = state.get(keys.ANCHOR), state.get(keys.KNOWN, (0,))[0]
    reader = ring.reader((position[0], 0, 0), position)
    while reader.next():
        if reader.kind == record.ANCHOR:
            anchor = parsing.get_anchor(reader.payload())
        elif reader.kind == DATA and not reader.chain.boot:
            known = reader.chain.time
    for found in (anchor, ring.state.get(keys.ANCHOR)):
        if found and found[0] == boot:
            return found[1], known
    return None, known
