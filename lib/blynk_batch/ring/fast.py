"""A pass over data frames with their times, which takes runs of plain ones at once by machine code, if there is any.

Knows a Reader's inside and the places of hot.py's `state`.
"""

import gc
from array import array

from micropython import const

_FREE_BYTES = const(65536)  # with less, what else an upload loads and TLS need the room more than it needs the time

take = None
gc.collect()
if gc.mem_free() >= _FREE_BYTES:
    try:
        from .hot import take
    except (ImportError, SyntaxError, ValueError, MemoryError):  # no file or emitter, another processor's, no room
        pass

EACH = const(256)  # in place of a pin: count every pin's points
RUN = const(6)  # frames that a Reader takes in about the time of a run of plain ones
_MOST_BYTES = const(72)  # of a frame that can be plain
_TEN_TO_7 = const(10000000)


class Pass:
    """A Reader's data frames and their times; of runs of plain frames all at once, where the board has machine code.

    `since` is the Unix ms of the oldest frame that a run may have; `new_times()` tells the times that no frame brings
    with it, and `times`, if given, all. hot.take() says what `sink` gets: None for no runs. `pin` is the one to write,
    or EACH.

    known   the last time that a frame brought with it"""

    def __init__(self, reader, since, new_times, times, sink, pin, most_points=0, most_bytes=0):
        self.reader, self.times, self.known = reader, times, 0
        self._since, self._new_times, self._sink = since, new_times, take and sink
        self._state = array("i", (0, 0, 0, 0, 0, 0, 0, 0, pin, 0, 0, most_points, most_bytes, 0, 0, 0))
        self._pins = bytearray(256)

    def time(self):
        """What Times.of() says of the Reader's frame."""
        chain = self.reader.chain
        if not self.times:
            if not chain.boot:
                self.known = chain.time
                return chain.time
            self.times = self._new_times()
            self.times.known = self.known or self.times.known  # where it does not start at the cursor
        return self.times.of(self.reader)

    def take(self, points=0, filled=0):
        """Go over the plain frames from the next on that are in the Reader's buffer then; how many. For a pin to write:
        `points` may be written behind `filled` bytes of the sink; both go on as attributes. `last`: offset of the
        frame of the last one, 0 if none was written."""
        reader, state = self.reader, self._state
        chain, next_at = reader.chain, reader.next_at
        self.points, self.filled = points, filled
        if self._sink is None or chain.boot or chain.time < self._since or next_at >= reader.limit:
            return 0
        number = reader.number + reader.count - reader.first_number
        if (chain.interval | number) >> 28 or chain.time >> 44:  # no ring wrote that, and 32 bits may not hold it
            return 0
        at = next_at - reader.base
        if not 0 <= at <= reader.filled - _MOST_BYTES:
            at = reader.fetch(next_at, min(_MOST_BYTES, reader.limit - next_at))
        base = reader.base
        high = chain.time // _TEN_TO_7
        seed = reader.seed
        state[0], state[1], state[2] = at, min(reader.filled, reader.limit - base), chain.interval
        state[3], state[4] = chain.time - high * _TEN_TO_7, high
        state[5] = seed - 0x100000000 if seed & 0x80000000 else seed
        pins = chain.pins or b""
        state[6] = count = len(pins)
        state[7], state[9], state[10] = 0, filled, points
        state[13], state[14] = number, base
        self._pins[:count] = pins
        taken = take(reader.buf, state, self._pins, self._sink)  # pyright: ignore
        if taken:
            chain.interval, chain.kinds = state[2], 0
            self.known = chain.time = state[4] * _TEN_TO_7 + state[3]
            if self.times:
                self.times.known = chain.time
            if self._pins[: state[6]] != pins:
                chain.pins = bytes(self._pins[: state[6]])
            reader.number += reader.count + state[7] - state[6]
            reader.count = state[6]
            reader.next_at = reader.good_end = base + state[0]
            self.points, self.filled = state[10], state[9]
            self.last = base + state[15] if state[15] >= 0 else 0
        return taken
