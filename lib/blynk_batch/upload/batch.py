"""One pin's points of a window as JSON: the exact length, then the text in small chunks.

Knows frames and JSON; no network, no policy. Most frames are plain: runs of them are written at once, see ring/fast.py.
"""

import json

from micropython import const

from ..ring import state as keys
from ..ring.fast import run_of
from ..ring.reader import DATA

_CHUNK_BYTES = const(600)  # a long-running heap has few large holes
_MOST_BYTES = const(145)  # of a point that a run of plain frames writes
_PAUSE_EVERY = const(16)  # frames read without a break


class Vanished(Exception):
    """None of the points that were counted can be read any more: overwritten, or damaged."""


class OutOfTime(Exception):
    """The caller's time ran out between two chunks."""


class DrainEnds(Exception):
    """(None, or what it waits for; seconds or None): there is no more to do in this drain."""


def text_bytes(text):
    """JSON of one of a Reader's values() as bytes; None where it cannot be read."""
    if isinstance(text, tuple):
        return json.dumps(text[0]).encode()
    if isinstance(text, bool):
        return b"true" if text else b"false"
    return text


def one_more(others, key):
    others[key] = others.get(key, 0) + 1


def passed(others):
    """How many points are not sent."""
    return sum(others.values()) - others.get(keys.ESTIMATED, 0)


class Body:
    """`[[ms,value],...]`; every `iter()` streams it anew.

    source        whose batch it is: a Window or a Search, which know the cutoff and the times
    start         (sequence, offset, number) from where on it takes to resolve its times
    first, end    (sequence, offset) of its points: all of the pin that lie in between
    points        to send, and len_bytes of them, as the window counted or `measure` did
    others        {counter of the state: how many}: those that are not sent, and how many of `points` are estimated
    last          (sequence, offset) of the last one to send, once it is measured
    sent          points of the last pass
    cut           True if some of it was sent, and never all: whatever went wrong, nobody has it
    oldest        of the ring's sectors when it was made
    guarded       calls what reads the ring, held meanwhile
    tick          called between chunks, may raise OutOfTime;  watchdog  called while a reply is awaited
    """

    guarded = tick = watchdog = None
    last = cut = None

    def __init__(self, source, pin, start, first, end):
        self._source = source
        self.pin = pin
        self.start, self.first, self.end = start, first, tuple(end[:2])
        self.points = self.sent = 0
        self.len_bytes, self.others = 1, {}
        self.oldest, self._cleared = source.ring.oldest, source.ring.cleared

    def measure(self, max_points=None, max_bytes=None, but=None):
        """Count what fits the limits, at least one point, and end the batch there: a generator that lets others work
        in between. `but`: not those of which this function says so."""
        self.points, self.len_bytes, self.others = 0, 1, {}
        for found in self._frames(self.others, but):
            if not found:
                yield
                continue
            reader, time, index = found
            text = text_bytes(reader.values(index)[index])
            if text is None:
                one_more(self.others, keys.CORRUPT)
                continue
            more = len(b"%d" % time) + 4 + len(text)
            if self.points and (self.points == max_points or (max_bytes and self.len_bytes + more > max_bytes)):
                self.end = reader.position
                return
            self.points += 1
            self.len_bytes += more
            if self._estimated:
                one_more(self.others, keys.ESTIMATED)
            self.last = reader.position

    def _frames(self, others=None, but=None, out=None):
        """(reader, Unix ms, place in the frame) of every point of this pin to send; None now and then in between. The
        others are counted in `others`. With `out`, runs of plain frames are written there instead."""
        source = self._source
        first, cutoff, one = self.first, source.cutoff, bytes((self.pin,))
        state = source.ring.state
        times = source.times() if source.unsure else None
        reader = source.ring.reader(self.start if times else first + (0,), self.end)
        chain = reader.chain
        behind = True
        passed = 0
        run = run_of(out, self.pin) if out and not times else None
        while True:
            if passed >= _PAUSE_EVERY:
                passed = 0
                yield None
            if run and chain.time >= cutoff:
                taken = run.take(reader, self.points - self.sent, self._filled)
                self.sent, self._filled = self.points - run.points, run.filled
                if self.sent >= self.points:
                    return
                if taken:
                    passed += taken
                    continue
            if not reader.next():
                return
            passed += 1
            if reader.kind != DATA:
                continue
            time = times.of(reader) if times else chain.time
            index = 0 if chain.pins == one else chain.pins.find(one)
            if index < 0:
                continue
            behind = behind and reader.position < first
            if behind or (but and but(state, self.pin, reader.position)):
                continue
            if time is None:
                return  # what told it was damaged since
            self._estimated = times and times.estimated
            if time >= cutoff:  # Times.NEVER is below any
                yield reader, time, index
            elif others is not None:
                one_more(others, keys.DROPPED if time < 0 else keys.EXPIRED)

    def leave(self, ring):
        """It was accepted, or there is nothing in it to send: count its points as what they are now; how many there
        still are in the ring."""
        if ring.oldest != self.oldest or ring.cleared != self._cleared:
            # What was overwritten or cleared meanwhile counts as dropped, but what of it was sent the server has.
            from ..ring.books import is_delivered

            for _ in self.measure(but=is_delivered):
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
        self.cut = self.cut is not False
        frames = self._frames(out=out)
        text = b""
        while text is not None and self.sent < self.points:
            text = self.guarded(self._fill, frames, out)  # pyright: ignore
            if text == b"" and self._filled <= _CHUNK_BYTES - _MOST_BYTES and self.sent < self.points:
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
            raise Vanished("the points that were counted cannot be read any more")
        # Points may have been overwritten since they were counted: JSON allows spaces before the bracket.
        left = self.len_bytes - written - 1
        while left > 0:
            yield b" " * min(left, 256)
            left -= 256
        self.cut = False
        yield b"]"

    def _fill(self, frames, out):
        """Put the next points into `out`: what did not fit any more, b"" where it fits or somebody else may have a
        turn, None at the end."""
        for found in frames:
            if not found:
                return b""
            reader, time, index = found
            value = text_bytes(reader.values(index)[index])
            if value is not None:
                text = b",[%d,%s]" % (time, value)
                self.sent += 1
                end = self._filled + len(text)
                if end > _CHUNK_BYTES:
                    return text
                out[self._filled : end] = text
                self._filled = end
            if self.sent >= self.points or self._filled > _CHUNK_BYTES - _MOST_BYTES:
                return b""
        return None
