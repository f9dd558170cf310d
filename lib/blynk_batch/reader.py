"""Reads frames from one position of the ring to another, in constant RAM, around any damage.

Knows sectors and frames; not what a point is for. One Reader is one pass.
"""

from binascii import crc32

from . import record, sector
from .record import ABSOLUTE, BLANK, FILLER, GENERAL

DATA = 1  # the other kinds are record.STATE, REJECT and ANCHOR
_WINDOW = 1024


class Reader:
    """`next()` moves to the next frame and gives its kind, 0 at the end.

    position        (sequence, offset) of the frame; (sequence, offset) of the end after the last
    number          running number of the frame's first point
    chain           boot, time and pins of a data frame
    lost            points known to be lost to damage so far;  bad  damaged places so far
    """

    def __init__(self, ring, start, end, number, window=_WINDOW):
        self._ring = ring
        self._medium = ring.medium
        self._end = end
        self._buf = bytearray(window)
        self._view = memoryview(self._buf)
        self.chain = record.Chain()
        self.lost = self.bad = 0
        self.number = number
        self._count = 0
        self.absolute_at = -1
        self.good_end = 0
        self.sequence = start[0]
        self.offset = start[1]
        self._known = start[1] > 0  # False: the chain or the number is to be found in the header
        self._open_sector()

    @property
    def position(self):
        return (self.sequence, self.offset)

    @property
    def after(self):
        """(sequence, offset) just past the frame."""
        return (self.sequence, self._next)

    def values(self):
        return record.decode_texts(self._view, self.body, self.body_end, self.chain.kinds)

    def byte(self, at):
        return self._buf[at]

    def payload(self):
        return self._view[self.body : self.body_end]

    # Sectors

    def _open_sector(self):
        """Enter `self.sequence` at `self.offset`, 0 meaning its first frame; skip sectors that do not parse."""
        while self.sequence <= self._end[0]:
            self._at = self._filled = 0
            self._base = 0
            self._seed = record.seed(self.sequence, self._medium.slot(self.sequence))
            self._need(sector.PREFIX_BYTES)
            head = sector.parse(self._view[: sector.PREFIX_BYTES])
            self._limit = self._end[1] if self.sequence == self._end[0] else self._medium.sector_bytes
            if head and head.sequence == self.sequence:
                self.lost += max(0, head.number - self.number)
                self.number = max(head.number, self.number) if not self._known else self.number
                self._first = head.size
                self._start_at(head, self.offset)
                return
            if self.sequence == self._end[0] and self._known:
                break
            self.bad += 1
            self.sequence += 1
            self.offset = 0
            self._known = False
        self.sequence = self._end[0]
        self.offset = self._next = self._limit = self._end[1]
        self._base, self._at, self._filled = self.offset, 0, 0

    def _start_at(self, head, target):
        """Skip the header; then walk the chain up to `target` without handing its frames out."""
        self._seek(head.size)
        self.chain.reset()
        self._next = self.good_end = head.size
        self.absolute_at = -1
        self._count = 0
        if target > head.size:
            number = self.number
            limit, self._limit = self._limit, target
            while self._step():
                pass
            self._limit = limit
            self.number, self._count = number, 0
        self.offset = self._next

    # Bytes

    def _seek(self, offset):
        self._base, self._at, self._filled = offset, 0, 0

    def _need(self, count):
        """Have `count` bytes at `self._at`, as far as the sector goes; False when it ends before."""
        if self._at + count <= self._filled:
            return True
        left = self._filled - self._at
        if self._base + self._at + count > self._medium.sector_bytes:
            return False
        if count > len(self._buf):
            buf = bytearray(count + 64)
            buf[:left] = self._view[self._at : self._filled]
            self._buf = buf
            self._view = memoryview(buf)
        elif self._at:
            self._buf[:left] = self._buf[self._at : self._filled]
        self._base += self._at
        self._at = 0
        room = min(len(self._buf), self._medium.sector_bytes - self._base)
        self._medium.read(self.sequence, self._base + left, self._view[left:room])
        self._filled = room
        return True

    # Frames

    def next(self):
        """Kind of the next frame, 0 at the end."""
        while True:
            kind = self.kind = self._step()
            if kind:
                return kind
            if self.sequence >= self._end[0]:
                self.number += self._count
                self._count = 0
                self.offset = self._next
                return 0
            self.number += self._count
            self._count = 0
            self.sequence += 1
            self.offset = 0
            self._known = False
            self._open_sector()

    def _step(self):
        """The next good frame of this sector: its kind, or 0 where the sector's frames end."""
        self.number += self._count
        self._count = 0
        while True:
            self._at = self._next - self._base
            if self._at > self._filled:
                self._seek(self._next)
            if self._next >= self._limit or not self._need(4):
                return 0
            at = self._at
            first = self._buf[at]
            if first == FILLER:
                self.chain.reset()  # whoever skips bytes goes on with an absolute frame
                self._next += 1
                continue
            if first == BLANK:
                unit = self._medium.unit
                skip = -self._next % unit
                if skip:
                    self._next += skip
                    continue
                if self._blank_from(self._next):
                    return 0
                first = 0
            size = record.frame_size(self._buf, at) if first else 0
            if first and self._next + size <= self._limit and self._need(size):
                at = self._at
                view = self._view
                end = at + size
                if crc32(view[at : end - 3], self._seed) & 0xFFFFFF == int.from_bytes(view[end - 3 : end], "little"):
                    kind = self._parse(at, end - 3)
                    self.offset = self._next
                    self._next += size
                    self.good_end = self._next
                    if kind:
                        return kind
                    continue
            self._resync()

    def _parse(self, at, end):
        first = self._buf[at]
        self.body_end = end
        if first <= 0xBF or first == record.LONG_DATA:
            at += 1 if first <= 0xBF else 3
            tag = self._buf[at]
            chain = self.chain
            if chain.pins is None and (tag < GENERAL or not tag & ABSOLUTE):
                self.bad += 1
                return 0
            if tag >= GENERAL and tag & ABSOLUTE:
                self.absolute_at = self._next
            try:
                self.body = chain.decode(self._view, at)
            except IndexError:
                return 0
            self._count = len(chain.pins or b"")
            return DATA
        self.body = at + 3
        return first if record.STATE <= first <= record.ANCHOR else 0

    def _good_at(self, offset):
        """Bytes of the good frame at `offset`, 0 if there is none, -1 at blank flash or the limit."""
        if offset >= self._limit:
            return -1
        self._seek(offset)
        if not self._need(4):
            return -1
        first = self._buf[0]
        if first == BLANK:
            return -1 if self._blank_from(offset) else 0
        if first == FILLER:
            return 0
        size = record.frame_size(self._buf, 0)
        if offset + size > self._limit or not self._need(size):
            return 0
        return size if record.check(self._view, 0, size, self._seed) else 0

    def _resync(self):
        """Past damage, go on only at a good frame followed by another good frame or the end;
        deltas mean nothing from here to the next absolute frame."""
        self.bad += 1
        self.chain.reset()
        offset = self._next + 1
        while offset < self._limit:
            size = self._good_at(offset)
            if size > 0:
                after = offset + size
                while after < self._limit and after % self._medium.unit:
                    after += 1
                if self._good_at(after):
                    break
            elif size < 0:
                break
            offset += 1
        self._next = min(offset, self._limit)
        self._seek(self._next)

    def _blank_from(self, offset):
        """True if nothing but 0xFF follows, as far as one torn program can have reached."""
        start = offset
        end = min(self._limit, offset + self._medium.burst)
        while offset < end:
            self._seek(offset)
            count = min(64, end - offset)
            self._need(min(count, self._medium.sector_bytes - offset))
            if self._view[:count] != b"\xff" * count:
                self._seek(start)
                return False
            offset += count
        self._seek(start)
        return True
