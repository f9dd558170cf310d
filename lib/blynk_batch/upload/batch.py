"""One pin's points of a window as JSON: the exact length, then the text in small chunks.

Knows frames and JSON; no network, no policy. Most frames are plain: runs of them are written at once, see ring/fast.py.
"""

from micropython import const

from ..ring import state as keys
from ..ring.fast import RUN, Pass
from ..ring.reader import DATA
from .counting import PAUSE_EVERY, is_sent, one_more, text_bytes
from .result import Vanished

_CHUNK_BYTES = const(600)  # a long-running heap has few large holes
_ENOUGH_BYTES = const(455)  # written: behind it a run of plain frames has no room for a point of 145
_ALL = const(0x3FFFFFFF)  # more points, or bytes, than any limit


def passed(others):
    """How many points are not sent."""
    return sum(others.values()) - others.get(keys.ESTIMATED, 0)


class Body:
    """`[[ms,value],...]`; every `iter()` streams it anew."""

    # source        whose batch it is: a Window or a Search, which know the cutoff and the times
    # first, end    (sequence, offset) of its points: all of the pin that lie in between
    # points        to send, and len_bytes of them, as the window counted or `measure` did
    # others        {counter of the state: how many}: those that are not sent, and how many of `points` are estimated
    # last          (sequence, offset) of the last one to send, once it is measured or sent
    # sent          points of the last pass
    # cut           None: nothing was sent | True: a part, and never all, so that nobody has it | False: all
    # oldest        of the ring's sectors when it was made
    # guarded       calls what reads the ring, held meanwhile
    # tick          called between chunks, may raise OutOfTime;  watchdog  called while a reply is awaited

    guarded = tick = watchdog = url = None
    last = cut = None
    is_long = bool  # gives False: a window sends the same batch again; settled.py tells of others

    def __init__(self, source, pin, first, end):
        self._source = source
        self.pin, self.first, self.end = pin, first, end[:2]
        self.points = self.sent = 0
        self.len_bytes, self.others = 1, {}
        self.oldest, self._cleared = source.ring.oldest, source.ring.cleared

    def measure(self, max_points=None, max_bytes=None, only=None):
        """Count what fits the limits, at least one point, and end the batch there: a generator that lets others work
        in between. `only`: count those of which this function says so."""
        most = self._left = max_points or _ALL
        self.len_bytes, self.others, self._filled = 1, {}, 0
        out = None if only else bytearray(_CHUNK_BYTES)
        for text in self._texts(self.others, only, out, (max_bytes or _ALL) - _CHUNK_BYTES):
            self.len_bytes += self._filled
            self._filled = 0
            if not text:
                yield
                continue
            if not self._left or (max_bytes and self._left < most and self.len_bytes + len(text) > max_bytes):
                self.end = self._at
                break
            self._left -= 1
            self.len_bytes += len(text)
            if self._estimated:
                one_more(self.others, keys.ESTIMATED)
            self.last = self._at
        self.len_bytes += self._filled
        self.points = most - self._left

    def _texts(self, others, only=None, out=None, most_bytes=_ALL):
        # The JSON of every point of this pin to send; None now and then in between. The others are counted in
        # `others`. With `out`, runs of plain frames are written there instead, up to `_left` points, and while what was
        # put by is not longer than `most_bytes`.
        source = self._source
        first, cutoff, one = self.first, source.cutoff, bytes((self.pin,))
        state = source.ring.state
        times = source.times() if source.unsure else None
        start = source.ring.cursor() if times else first + (0,)  # to resolve times takes a pass from there
        behind = start[:2] < first
        reader = source.ring.reader(start, self.end)
        steps = Pass(reader, cutoff, source.times, times, out, self.pin)
        passed = 0
        while True:
            if passed >= PAUSE_EVERY or self._filled > _ENOUGH_BYTES:
                passed = 0
                yield None
            taken = 0 if behind or self.len_bytes > most_bytes else steps.take(self._left, self._filled)
            passed += RUN if taken else 1
            if taken:
                self._left, self._filled = steps.points, steps.filled
                if steps.last:
                    self.last = (reader.sequence, steps.last)
                if not self._left:
                    yield None
                continue
            if not reader.next():
                return
            if reader.kind != DATA:
                continue
            time, pins = steps.time(), reader.chain.pins
            index = 0 if pins == one else pins.find(one)
            if index < 0:
                continue
            behind = behind and reader.position < first
            if behind or (only and not only(state, self.pin, reader.position)):
                continue
            if time is None:
                return  # what told it was damaged since
            self._at, self._estimated = reader.position, steps.times and steps.times.estimated
            text = text_bytes(reader.values(index)[index])
            if is_sent(others, text, time, cutoff):
                yield b",[%d,%s]" % (time, text)

    def leave(self, ring):
        """It was accepted, or there is nothing in it to send: count its points as what they are now; how many there
        still are in the ring."""
        if ring.oldest != self.oldest or ring.cleared != self._cleared:
            # What was overwritten or cleared meanwhile counts as dropped, but what of it was sent the server has.
            from ..ring.books import standing

            for _ in self.measure(only=standing):
                pass
        ring.add(keys.UPLOADED, self.sent)
        ring.add(keys.DROPPED, self.points - self.sent)
        for key in self.others:
            ring.add(key, self.others[key])
        return self.points + passed(self.others)

    def __iter__(self):
        out = bytearray(_CHUNK_BYTES)
        view = memoryview(out)
        self.sent = self._filled = written = 0
        self._left = self.points
        self.cut = self.cut is not False
        texts = self._texts({}, out=out)
        text = b""
        while text is not None and self._left:
            text = self.guarded(self._fill, texts, out)  # pyright: ignore
            self.sent = self.points - self._left
            if text == b"" and self._filled <= _ENOUGH_BYTES and self._left:
                yield text  # somebody else's turn
            else:
                for piece in (view[: self._filled], text):
                    if piece:
                        if not written:  # the first point has a bracket where others have a comma
                            yield b"["
                            piece = piece[1:]
                            written = 1
                        yield piece
                        written += len(piece)
                self._filled = 0
            if self.tick:
                self.tick()
        if not self.sent:
            raise Vanished("its points are gone")
        # Points may have been overwritten since they were counted: JSON allows spaces before the bracket.
        left = self.len_bytes - written - 1
        while left > 0:
            yield b" " * min(left, 256)
            left -= 256
        self.cut = False
        yield b"]"

    def _fill(self, texts, out):
        # Put the next points into `out`: what did not fit any more, b"" where it fits or somebody else may have a
        # turn, None at the end.
        for text in texts:
            if not text:
                return b""
            self._left -= 1
            end = self._filled + len(text)
            if end > _CHUNK_BYTES:
                return text
            out[self._filled : end] = text
            self._filled = end
            if not self._left or self._filled > _ENOUGH_BYTES:
                return b""
        return None
