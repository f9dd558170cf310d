"""Reads frames from one position of the ring to another, in constant RAM.

Knows frames; not what a point is for. One Reader is one pass. A check that fails is read again before anything is
passed over: course.py has how it goes on then.
"""

from binascii import crc32

from micropython import const

from . import parsing, record
from .course import Course
from .record import ANCHOR, BLANK, FILLER, LONG_DATA, MARK, PAGE
from .state import VOIDS

DATA = 1  # the other kinds are record.STATE, ANCHOR and MARK
_WINDOW = const(512)
_AGAIN = const(2)  # times that what cannot be read is read again


class Reader(Course):
    """`next()` moves to the next frame and gives its kind, 0 at the end.

    position        (sequence, offset) of the frame; (sequence, offset) of the end after the last
    next_at         offset just past the frame
    number          running number of the frame's first point;  count  its points
    chain           boot, time and pins of a data frame
    body, body_end  where its values, or the payload of another kind, lie in `buf` and `view`
    lost            points known to be lost to damage so far;  bad  damaged places so far
    first_number    running number of the sector's first point;  good_end  where its last good frame ends
    """

    def __init__(self, ring, start, end, number, window=_WINDOW, head=None):
        self.medium = ring.medium
        self._unit = ring.medium.unit
        self._salt = ring.salt
        self._voids = ring.state.get(VOIDS, ())
        self._end = end
        self._window = window  # what is read at a time; the buffer grows with a longer frame
        self.buf = bytearray(window)
        self.view = memoryview(self.buf)
        self.chain = record.Chain()
        self.lost = self.bad = self.first_number = 0
        self.number = number
        self._enter(start[0], start[1], head)

    def __getattr__(self, name):  # no property: log.py says why
        if name != "position":
            raise AttributeError(name)
        return (self.sequence, self.offset)

    def values(self, only=None):
        """What parsing.decode_texts says of each pin's value; None for those that cannot be read as what they say,
        though their check is right."""
        try:
            texts = parsing.decode_texts(self.view, self.body, self.body_end, self.chain.kinds, only)
        except (ValueError, IndexError, OverflowError):  # UnicodeError is a ValueError
            texts = ()
        return texts if len(texts) == self.count else [None] * self.count

    def payload(self):
        return self.view[self.body : self.body_end]

    def fetch(self, offset, count):
        """Index in `buf` of the sector's `count` bytes at `offset`, read if need be; -1 if the sector ends before."""
        at = offset - self.base
        if at >= 0 and at + count <= self.filled:
            return at
        size = self.medium.sector_bytes
        if offset + count > size:
            return -1
        kept = bytes(self.view[at : self.filled]) if at >= 0 else b""  # they are here already
        if count > len(self.buf):
            self.buf = bytearray(count + 64)
            self.view = memoryview(self.buf)
        self.buf[: len(kept)] = kept
        self.base = offset
        self.filled = min(max(count, self._window), size - offset)
        self.medium.read(self.sequence, offset + len(kept), self.view[len(kept) : self.filled])
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
            if self.limit < self._stop:
                self.next_at = self._behind
                self.chain.reset()
                self._bound()
            elif self.sequence >= self._end[0]:
                self.offset = self.next_at
                if len(self._end) > 2:
                    self._go_to(self._end[2])
                return 0
            else:
                self._enter(self.sequence + 1, 0)

    def next_delta(self):
        """Take the next frame if it is as most are: short, a delta, in the buffer. A third as long as `_step` takes."""
        offset, buf, chain = self.next_at, self.buf, self.chain
        at = offset - self.base
        if at < 0 or at + 2 > self.filled:
            return False
        size = buf[at] + 4
        end = at + size
        if buf[at + 1] > 0x7F or not 4 < size < 69 or end > self.filled or offset + size > self.limit:
            return False
        crc = buf[end - 3] | buf[end - 2] << 8 | buf[end - 1] << 16
        if not chain.pins or crc32(self.view[at : end - 3], self.seed) & 0xFFFFFF != crc:
            return False
        chain.interval = interval = chain.interval + buf[at + 1] - 64
        chain.time += interval
        chain.kinds = 0
        self.number += self.count
        self.count = len(chain.pins)
        self.body, self.body_end = at + 2, end - 3
        self.offset, self.next_at, self.good_end = offset, offset + size, offset + size
        return True

    def _step(self):
        """The next good frame of this sector: its kind, or 0 where the sector's frames end."""
        self.number += self.count
        start, again, self.count = self.next_at, _AGAIN, 0
        while self.next_at < self.limit:
            offset = self.next_at + -self.next_at % self._unit
            offset = self._past(FILLER, offset, self.limit)
            size = self._frame_at(offset)
            if size:
                if offset - self.next_at >= self._unit:
                    self.chain.reset()  # whoever skips bytes goes on with an absolute frame
                    if self._unit > 1 or not self.medium.skips:  # filler ends with its page: else a block is missing
                        self.bad += (offset - 1) // PAGE > (self.next_at - 1) // PAGE
                self.offset, self._is_lost = offset, False
                start = self.next_at = self.good_end = offset + size
                kind = self._parse(size)
                if kind:
                    return kind
            elif self.is_blank(offset) and (again < _AGAIN or not self.medium.skips):
                self.next_at = offset
                return 0
            elif again:
                again -= 1
                self.filled = 0  # one wrong read must not cost a reading: once more, from where all was well
                self.next_at = start
            else:
                start = self._resync(offset)
                again = _AGAIN
        return 0

    def _frame_at(self, offset):
        """Bytes of the good frame at `offset`, 0 if there is none; a mark is good in its own page only."""
        at = self.fetch(offset, 4) if offset < self.limit else -1
        if at < 0 or self.buf[at] == FILLER or self.buf[at] == BLANK:
            return 0
        size = parsing.frame_size(self.buf, at)
        at = self.fetch(offset, size) if offset + size <= self.limit else -1
        found = parsing.check(self.view, at, size, self.seed) if at >= 0 else None
        if not found:
            return 0
        self.body, self.body_end = found
        return size if self.buf[at] != MARK or self.mark()[0] == offset // PAGE else 0

    def _parse(self, size):
        """Take in the good frame of `size` bytes at `offset`: its kind, or 0 for what says nothing here."""
        first = self.buf[self.fetch(self.offset, size)]
        if first == MARK:
            self.chain.reset()
            number = self.first_number + self.mark()[1]
            self._go_to(number)
            self.number = number  # less, if frames that never count were read before it
            return MARK
        if first > LONG_DATA:
            return first if first <= ANCHOR else 0
        try:
            self.body = self.chain.decode(self.view, self.body)
            if self.body > self.body_end:
                raise ValueError("its pins go on behind it")
        except (IndexError, ValueError):
            self.bad += 1
            self.chain.reset()  # what refers to it is as wrong
            return 0
        self.count = len(self.chain.pins)  # pyright: ignore
        return DATA
