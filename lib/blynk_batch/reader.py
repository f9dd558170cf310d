"""Reads frames from one position of the ring to another, in constant RAM, around any damage.

Knows sectors and frames; not what a point is for. One Reader is one pass.
"""

from binascii import crc32

from micropython import const

from . import record, sector
from .record import ABSOLUTE, BLANK, FILLER, GENERAL

DATA = 1  # the other kinds are record.STATE, REJECT and ANCHOR
_WINDOW = const(512)


class Reader:
    """`next()` moves to the next frame and gives its kind, 0 at the end.

    position        (sequence, offset) of the frame; (sequence, offset) of the end after the last
    number          running number of the frame's first point
    chain           boot, time and pins of a data frame
    lost            points known to be lost to damage so far;  bad  damaged places so far
    """

    def __init__(self, ring, start, end, number, window=_WINDOW, head=None):
        self._ring = ring
        self.medium = ring.medium
        self._end = end
        self._window = window  # what is read at a time; the buffer grows with a longer frame
        self.buf = bytearray(window)
        self.view = memoryview(self.buf)
        self.chain = record.Chain()
        self.lost = self.bad = 0
        self.number = number
        self._count = 0
        self.absolute_at = -1
        self.good_end = self.version = 0
        self.sequence = start[0]
        self.offset = start[1]
        self._known = start[1] > 0  # False: the chain or the number is to be found in the header
        self._open_sector(head)

    @property
    def position(self):
        return (self.sequence, self.offset)

    @property
    def after(self):
        """(sequence, offset) just past the frame."""
        return (self.sequence, self.next_at)

    def values(self):
        from .values import decode_texts

        return decode_texts(self.view, self.body, self.body_end, self.chain.kinds)

    def payload(self):
        return self.view[self.body : self.body_end]

    # Sectors

    def _open_sector(self, head=None):
        """Enter `self.sequence` at `self.offset`, 0 meaning its first frame; skip sectors that do not parse. `head`:
        its Prefix, if that has been read."""
        while self.sequence <= self._end[0]:
            self.at = self._filled = 0
            self._base = 0
            self.seed = record.seed(self.sequence, self.medium.slot(self.sequence))
            if not head:
                self.need(sector.PREFIX_BYTES)
                head = sector.parse(self.view[: sector.PREFIX_BYTES])
            self.limit = self._end[1] if self.sequence == self._end[0] else self.medium.sector_bytes
            if head and head.sequence == self.sequence:
                self.lost += max(0, head.number - self.number)
                self.number = max(head.number, self.number) if not self._known else self.number
                self.version = head.version
                self._start_at(head, self.offset)
                return
            if self.sequence == self._end[0] and self._known:
                break
            self.bad += 1
            self.sequence += 1
            self.offset = 0
            self._known = False
            head = None
        self.sequence = self._end[0]
        self.offset = self.next_at = self.limit = self._end[1]
        self._base, self.at, self._filled = self.offset, 0, 0

    def _start_at(self, head, offset):
        """Skip the header; then walk the chain up to `offset` without handing its frames out."""
        self.seek(head.size)
        self.chain.reset()
        self.next_at = self.good_end = head.size
        self.absolute_at = -1
        self._count = 0
        if offset > head.size:
            number = self.number
            limit, self.limit = self.limit, offset
            while self._step():
                pass
            self.limit = limit
            self.number, self._count = number, 0
        self.offset = self.next_at

    # Bytes

    def seek(self, offset):
        if self._base <= offset <= self._base + self._filled:
            self.at = offset - self._base
        else:
            self._base, self.at, self._filled = offset, 0, 0

    def need(self, count):
        """Have `count` bytes at `self.at`, as far as the sector goes; False when it ends before."""
        if self.at + count <= self._filled:
            return True
        left = self._filled - self.at
        if self._base + self.at + count > self.medium.sector_bytes:
            return False
        if count > len(self.buf):
            buf = bytearray(count + 64)
            buf[:left] = self.view[self.at : self._filled]
            self.buf = buf
            self.view = memoryview(buf)
        elif self.at:
            self.buf[:left] = self.buf[self.at : self._filled]
        self._base += self.at
        self.at = 0
        room = min(max(count, self._window), self.medium.sector_bytes - self._base)
        self.medium.read(self.sequence, self._base + left, self.view[left:room])
        self._filled = room
        return True

    # Frames

    def next(self):
        """Kind of the next frame, 0 at the end."""
        if self.next_delta():
            self.kind = DATA
            return DATA
        while True:
            kind = self.kind = self._step()
            if kind:
                return kind
            if self.sequence >= self._end[0]:
                self.offset = self.next_at
                return 0
            self.sequence += 1
            self.offset = 0
            self._known = False
            self._open_sector()

    def next_delta(self):
        """Step to the next frame if it is as most are: short, a plain delta, good, and in the buffer. Does what
        `_step` does, in a third of the time; False leaves everything to it."""
        offset, buf, chain = self.next_at, self.buf, self.chain
        at = offset - self._base
        if at < 0 or at + 2 > self._filled:
            return False
        size = buf[at] + 4
        end = at + size
        if buf[at + 1] > 0x7F or not 4 < size < 196 or end > self._filled or offset + size > self.limit:
            return False
        crc = buf[end - 3] | buf[end - 2] << 8 | buf[end - 1] << 16
        if not chain.pins or crc32(self.view[at : end - 3], self.seed) & 0xFFFFFF != crc:
            return False
        chain.interval = interval = chain.interval + buf[at + 1] - 64
        chain.time += interval
        chain.kinds = 0
        self.number += self._count
        self._count = len(chain.pins)
        self.body, self.body_end = at + 2, end - 3
        self.offset = offset
        self.next_at = self.good_end = offset + size
        return True

    def _step(self):
        """The next good frame of this sector: its kind, or 0 where the sector's frames end."""
        self.number += self._count
        self._count = 0
        while True:
            self.at = self.next_at - self._base
            if self.at > self._filled:
                self.seek(self.next_at)
            if self.next_at >= self.limit or not self.need(4):
                return 0
            at = self.at
            first = self.buf[at]
            if first == FILLER:
                self.chain.reset()  # whoever skips bytes goes on with an absolute frame
                self.next_at += 1
                continue
            if first == BLANK:
                unit = self.medium.unit
                skip = -self.next_at % unit
                if skip:
                    self.next_at += skip
                    continue
                if self.blank_from(self.next_at):
                    return 0
                first = 0
            size = record.frame_size(self.buf, at) if first else 0
            if first and self.next_at + size <= self.limit and self.need(size):
                end = self.at + size
                if record.check(self.view, self.at, end, self.seed):
                    kind = self._parse(self.at, end - 3)
                    self.offset = self.next_at
                    self.next_at += size
                    self.good_end = self.next_at
                    if kind:
                        return kind
                    continue
            from .resync import resync

            resync(self)

    def _parse(self, at, end):
        first = self.buf[at]
        self.body_end = end
        if first <= 0xBF or first == record.LONG_DATA:
            at += 1 if first <= 0xBF else 3
            tag = self.buf[at]
            chain = self.chain
            if chain.pins is None and (tag < GENERAL or not tag & ABSOLUTE):
                self.bad += 1
                return 0
            if tag >= GENERAL and tag & ABSOLUTE:
                self.absolute_at = self.next_at
            try:
                self.body = chain.decode(self.view, at)
            except IndexError:
                return 0
            self._count = len(chain.pins or b"")
            return DATA
        self.body = at + 3
        return first if record.STATE <= first <= record.ANCHOR else 0

    def blank_from(self, offset):
        """True if nothing but 0xFF follows, as far as one torn program can have reached."""
        start = offset
        end = min(self.limit, offset + self.medium.burst)
        while offset < end:
            self.seek(offset)
            count = min(64, end - offset)
            self.need(min(count, self.medium.sector_bytes - offset))
            if self.view[self.at : self.at + count] != b"\xff" * count:
                self.seek(start)
                return False
            offset += count
        self.seek(start)
        return True
