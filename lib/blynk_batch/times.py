"""Unix ms of each frame in one pass over the ring: as stored, through its boot's anchor, or estimated.

Boots that never learned the time are stacked backwards from the next known instant, never earlier than the last
known one before them and spread evenly where they would be. Knows frames and anchors; in constant RAM, since it
looks ahead once for each run of such boots.
"""

from . import record
from .clock import ANCHOR, KNOWN
from .reader import DATA

NEVER = -1  # the point's time will never be known, and the policy is to drop such points


class Times:
    """`of(reader)` for every data frame in log order from the cursor on.

    It is Unix ms, None while the time may yet become known, or NEVER. `estimated` says how the last one came about.
    `now`: Unix ms when the window was opened, or None; the end of the last run of unknown boots."""

    def __init__(self, ring, now, unsynced):
        self._ring = ring
        self._now = now
        self._drop = unsynced == "drop"
        self.known = ring.get(KNOWN)
        self._boot = self._run_last = 0
        self._in_run = False
        self.estimated = False
        self._epoch = self._until = 0
        self._length = self._passed = self._run_known = self._uptime = 0

    def of(self, reader):
        chain = reader.chain
        if not chain.boot:
            self.known = chain.time
            self._boot = 0
            self._in_run = self.estimated = False
            return chain.time
        if chain.boot != self._boot:
            self._enter(reader)
        self._uptime = chain.time
        if self._epoch is not None:
            self.known = self._epoch + chain.time
            return self.known
        if self._until is None:
            return None
        if self._drop:
            return NEVER
        return self._estimate(self._passed + chain.time)

    def _estimate(self, passed):
        until, length, known = self._until or 0, self._length, self._run_known
        if until - length >= known:
            return until - length + passed
        return known + (until - known) * passed // max(1, length)

    def _enter(self, reader):
        """The first frame of another boot: anchored, the next of a run, or the first of a new run."""
        boot = reader.chain.boot
        if self._in_run and boot <= self._run_last:
            self._passed += self._uptime
            self._boot = boot
            return
        self._boot = boot
        self._passed = 0
        self._run_known = self.known
        self._look_ahead(reader.position, boot)
        self._in_run = self.estimated = self._epoch is None and self._until is not None

    def _look_ahead(self, position, first):
        """Set `_epoch` if boot `first` has an anchor; else `_until`, `_length` and `_run_last` of its run."""
        self._epoch = self._until = None
        boot, last, length = first, 0, 0
        reader = self._ring.reader(position + (0,))
        while True:
            kind = reader.next()
            if not kind:
                anchor = self._ring.state.get(ANCHOR, (0, 0))
                if anchor[0] == boot:
                    return self._found_anchor(first, boot, anchor[1], length)
                self._until = self._now
                break
            if kind == DATA:
                chain = reader.chain
                if not chain.boot:
                    self._until = chain.time
                    break
                if chain.boot != boot:
                    length += last
                    boot = chain.boot
                last = chain.time
            elif kind == record.ANCHOR:
                number, at = record.get_varint(reader.payload(), 0)
                if number == boot:
                    epoch = int.from_bytes(reader.payload()[at : at + 6], "little")
                    return self._found_anchor(first, boot, epoch, length)
        self._length = length + last
        self._run_last = boot

    def _found_anchor(self, first, boot, epoch, length):
        if boot == first:
            self._epoch = epoch
        else:
            self._until, self._length, self._run_last = epoch, length, boot - 1
