"""Takes a Reader over runs of plain frames at once, by machine code; where there is none for the board, over no run.

Knows a Reader's inside and the places of hot.py's `state`.
"""

from array import array

from micropython import const

try:
    from .hot import take
except (ImportError, SyntaxError, ValueError, MemoryError):  # no such file, no emitter, another processor's, no room
    take = None

EACH = const(256)  # in place of a pin: count every pin's points
_MOST_BYTES = const(72)  # of a frame that can be plain
_TEN_TO_7 = const(10000000)


def run_of(sink, pin=EACH, most_points=0, most_bytes=0):
    """A pass's Run; None where the board has no machine code."""
    return Run(sink, pin, most_points, most_bytes) if take else None


class Run:
    """One pass's runs; hot.take() says what `sink` gets. `pin` is the pin to write, or EACH."""

    def __init__(self, sink, pin=EACH, most_points=0, most_bytes=0):
        self.sink = sink
        self.state = array("i", (0, 0, 0, 0, 0, 0, 0, 0, pin, 0, 0, most_points, most_bytes, 0, 0, 0))
        self._pins = bytearray(256)

    def take(self, reader, points=0, filled=0):
        """Take `reader` over the plain frames from the next on that are in its buffer then; how many. For a pin to
        write: `points` may be written behind `filled` bytes of the sink; both go on as attributes. `last`: offset of
        the frame of the last one, 0 if none was written."""
        chain, state = reader.chain, self.state
        next_at = reader.next_at
        self.points, self.filled = points, filled
        if chain.boot or next_at >= reader.limit:
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
        state[13], state[14] = reader.next_number - reader.first_number, base
        self._pins[:count] = pins
        taken = take(reader.buf, state, self._pins, self.sink)  # pyright: ignore
        if taken:
            chain.interval, chain.kinds = state[2], 0
            chain.time = state[4] * _TEN_TO_7 + state[3]
            if self._pins[: state[6]] != pins:
                chain.pins = bytes(self._pins[: state[6]])
            reader.went(base + state[0], state[7], state[6])
            self.points, self.filled = state[10], state[9]
            self.last = base + state[15] if state[15] >= 0 else 0
        return taken
