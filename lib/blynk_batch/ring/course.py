"""The course of a pass through the ring: from sector to sector, past what never counts, and on behind damage.

After damage it goes on at the next mark that is whole, whose running number tells how many points were lost; it never
looks for a frame inside what a page's frames can hold. Knows sectors and marks; reader.py reads the frames between.
"""

# pyright: reportAttributeAccessIssue=false
# The other half of these attributes is reader.py's.

from . import record, sector
from .record import BLANK, FILLER, MARK, PAGE, get_varint


class Course:
    """The half of a Reader that finds where frames begin; its attributes are listed there."""

    feed = None  # called in each sector, if whoever has the pass made gave a watchdog

    def _enter(self, sequence, offset, head=None):
        """Go to `offset` of a sector, 0: its first frame; or to the next if it is damaged. `head`: its Prefix."""
        last, stop = self._end[:2]
        self.count = 0  # points of the frame, once there is one
        self.base = self.filled = 0  # what `buf` holds of the sector: where that starts, how much it is
        while sequence <= last:
            if Course.feed:
                Course.feed()
            self.sequence = sequence
            self.seed = record.seed(sequence, self.medium.slot(sequence), self._salt)
            size = self.medium.sector_bytes  # what the state says of places may lie behind it
            self._stop = self.limit = min(stop, size) if sequence == last else size
            self.chain.reset()
            head = head or sector.read_prefix(self.medium, sequence)
            if head and head.version == sector.VERSION:
                self.first_number = head.number
                self._go_to(head.number)
                self.next_at = self.good_end = head.size
                self._walk(min(offset, size))
                return
            self.bad += 1
            sequence, offset, head = sequence + 1, 0, None
        self.sequence = last
        self.offset = self.next_at = self.limit = self._stop = stop
        self.good_end = 0

    def _go_to(self, number):
        """The next point has that running number: what is missing up to there is lost."""
        self.lost += max(0, number - self.number)
        self.number = max(number, self.number)

    def _walk(self, offset):
        """Move the chain to the frame at `offset` without handing out those of its page before it."""
        number, lost = self.number, self.lost
        page = offset - offset % PAGE
        while page > self.next_at and not self.is_mark(page):
            page -= PAGE
        self.next_at = max(page, self.next_at)
        self.limit, self._is_lost = offset, False
        while self._step():
            pass
        self.number, self.lost, self.count = number, lost, 0
        self.offset = self.next_at
        self._bound()
        if self._is_lost:  # no frame is known to begin there
            self._resync(offset - 1)

    def _bound(self):
        """What may be read from `next_at` on ends with the sector, or in front of what never counts."""
        self.limit = self._behind = self._stop
        for at in range(0, len(self._voids), 3):
            sequence, start, end = self._voids[at : at + 3]
            if sequence == self.sequence and self.next_at <= start < min(end, self.limit):
                self.limit, self._behind = start, min(end, self._stop)

    def _resync(self, offset):
        """Go on behind the damage at `offset`: at the next page that begins with a mark; in write-once units, where
        what a cut tore stays, at the next mark."""
        self.bad += 1
        self._is_lost = True  # until a frame's check is right again
        self.chain.reset()
        step = self._unit if self._unit > 1 else PAGE
        offset += step - offset % step
        while offset < self.limit and not self.is_mark(offset):
            offset += step
        self.next_at = min(offset, self.limit)
        return self.next_at

    def is_mark(self, offset):
        """True if a page's mark is at `offset`, or behind filler there."""
        offset = self._past(FILLER, offset, min(self.limit, offset - offset % PAGE + PAGE))
        at = self.fetch(offset, 1) if offset < self.limit else -1
        return at >= 0 and self.buf[at] == MARK and self._frame_at(offset) > 0

    def mark(self):
        """(its page, points of the sector before it, page that has the state, True if state frames follow from there
        on, index of its state entries) of the mark that was read; page -1 for what is none."""
        try:
            page, at = get_varint(self.view, self.body)
            number, at = get_varint(self.view, at)
            place, at = get_varint(self.view, at)
        except (IndexError, ValueError):
            return -1, 0, 0, True, self.body_end
        return page, number, place >> 1, bool(place & 1), at

    def is_blank(self, offset):
        """True if nothing but 0xFF follows, as far as one torn program can have reached."""
        end = min(self.limit, offset + self.medium.burst)
        return self._past(BLANK, offset, end) >= end

    def _past(self, same, offset, end):
        """Where the bytes from `offset` on are no longer the `same`; `end` at most."""
        while offset < end:
            at = self.fetch(offset, 1)
            if self.buf[at] != same:
                return offset
            some = bytes(self.view[at : min(at + 64, self.filled)])  # a page of large groups ends with hundreds
            offset += len(some) - len(some.lstrip(bytes((same,))))
        return min(offset, end)
