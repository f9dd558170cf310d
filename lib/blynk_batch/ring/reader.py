"""Reads frames from one position of the ring to another, in constant RAM, around any damage.

Knows sectors and frames; not what a point is for. One Reader is one pass.
"""

from binascii import crc32

from micropython import const

from . import record, sector
from .record import ANCHOR, BLANK, FILLER, LONG_DATA

DATA = 1  # the other kinds are record.STATE, REJECT and ANCHOR
_WINDOW = const(512)


class Reader:
    """`next()` moves to the next frame and gives its kind, 0 at the end.

    position        (sequence, offset) of the frame; (sequence, offset) of the end after the last
    number          running number of the frame's first point
    chain           boot, time and pins of a data frame
    body, body_end  where its values, or the payload of another kind, lie in `buf` and `view`
    lost            points known to be lost to damage so far;  bad  damaged places so far
    """

    def __init__(self, ring, start, end, number, window=_WINDOW, head=None):
        self.medium = ring.medium
        # MicroPython keeps a reader's names in a table of 23 or 29 places. With 23 names and not this one it would be
        # full, and each method call would look through all of it.
        self._unit = ring.medium.unit
        self._end = end
        self._window = window  # what is read at a time; the buffer grows with a longer frame
        self.buf = bytearray(window)
        self.view = memoryview(self.buf)
        self.chain = record.Chain()
        self.lost = self.bad = 0
        self.number = number
        self._enter(start[0], start[1], head)

    @property
    def position(self):
        return (self.sequence, self.offset)

    @property
    def after(self):
        """(sequence, offset) just past the frame."""
        return (self.sequence, self.next_at)

    def values(self):
        return record.decode_texts(self.view, self.body, self.body_end, self.chain.kinds)

    def payload(self):
        return self.view[self.body : self.body_end]

    # Sectors and their bytes

    def _enter(self, sequence, offset, head=None):
        """Go to `offset` of a sector, 0 meaning its first frame; to the next if it does not parse. `head`: its
        Prefix, if that has been read."""
        last, stop = self._end
        self._count = 0  # points of the frame, once there is one
        self._base = self._filled = 0  # what `buf` holds of the sector: where that starts, how much it is
        while sequence <= last:
            self.sequence = sequence
            self._filled = 0
            self.seed = record.seed(sequence, self.medium.slot(sequence))
            self.limit = stop if sequence == last else self.medium.sector_bytes
            self.chain.reset()
            self.absolute_at = -1
            if not head:
                self.fetch(0, sector.PREFIX_BYTES)
                head = sector.parse(self.view[: sector.PREFIX_BYTES])
            if head and head.sequence == sequence:
                self.version = head.version
                self.lost += max(0, head.number - self.number)
                self.number = max(head.number, self.number)
                self.next_at = self.good_end = head.size
                self._walk(offset)
                return
            self.bad += 1
            sequence, offset, head = sequence + 1, 0, None
        self.sequence = last
        self.offset = self.next_at = self.limit = stop
        self.good_end = self.version = 0

    def _walk(self, offset):
        """Move the chain to the frame at `offset` without handing out those before it."""
        number, limit = self.number, self.limit
        self.limit = offset
        while self._step():
            pass
        self.number, self.limit = number, limit
        self._count = 0
        self.offset = self.next_at

    def fetch(self, offset, count):
        """Index in `buf` of the sector's `count` bytes at `offset`, read if need be; -1 if the sector ends before."""
        at = offset - self._base
        if at >= 0 and at + count <= self._filled:
            return at
        size = self.medium.sector_bytes
        if offset + count > size:
            return -1
        left = max(0, self._filled - at) if at >= 0 else 0  # they are here already
        if count > len(self.buf):
            buf = bytearray(count + 64)
            buf[:left] = self.view[at : at + left]
            self.buf = buf
            self.view = memoryview(buf)
        elif left:
            self.buf[:left] = self.buf[at : at + left]
        self._base = offset
        self._filled = min(max(count, self._window), size - offset)
        self.medium.read(self.sequence, offset + left, self.view[left : self._filled])
        return 0

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
            self._enter(self.sequence + 1, 0)

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
            offset = self.next_at
            at = self.fetch(offset, 4) if offset < self.limit else -1
            if at < 0:
                return 0
            first = self.buf[at]
            if first == FILLER:
                self.chain.reset()  # whoever skips bytes goes on with an absolute frame
                self.next_at += 1
                continue
            if first == BLANK and offset % self._unit:
                self.next_at += -offset % self._unit
                continue
            if first == BLANK:
                if self.blank_from(offset):
                    return 0
            else:
                size = record.frame_size(self.buf, at)
                at = self.fetch(offset, size) if offset + size <= self.limit else -1
                if at >= 0 and record.check(self.view, at, at + size, self.seed):
                    self.offset = offset
                    self.next_at = self.good_end = offset + size
                    kind = self._parse(at, at + size - 3)
                    if kind:
                        return kind
                    continue
            from .resync import resync

            resync(self)

    def _parse(self, at, end):
        """Take in the good frame in `buf[at:end]`: its kind, or 0 for what says nothing here."""
        first = self.buf[at]
        self.body, self.body_end = at + 3, end
        if first > LONG_DATA:
            return first if first <= ANCHOR else 0
        start = at + 1 if first < LONG_DATA else at + 3
        if record.is_absolute(self.buf[start]):
            self.absolute_at = self.offset
        elif self.chain.pins is None:
            self.bad += 1  # it refers to a frame that is lost
            return 0
        try:
            self.body = self.chain.decode(self.view, start)
        except IndexError:
            return 0
        self._count = len(self.chain.pins or b"")
        return DATA

    def blank_from(self, offset):
        """True if nothing but 0xFF follows, as far as one torn program can have reached."""
        end = min(self.limit, offset + self.medium.burst)
        while offset < end:
            count = min(64, end - offset)
            at = self.fetch(offset, count)
            if self.view[at : at + count] != b"\xff" * count:
                return False
            offset += count
        return True
