"""One pin's points of a window as JSON: the exact length, then the text in small chunks.

Knows frames and JSON; no network, no policy. A number's text lies in the ring in the sixteen symbols of ring/record.py,
and JSON around it needs no others, so a chunk is put together in their hexadecimal digits and translated at once.
"""

import json
from binascii import hexlify

from micropython import const

from ..ring import record
from ..ring.reader import DATA

_POINTS = const(8)  # a chunk is below 200 bytes: a long-running heap has few large holes
_CHUNK = const(200)
_PAUSE_EVERY = const(16)  # frames read without a break


class Vanished(Exception):
    """All points of the batch were overwritten before they could be sent."""


class OutOfTime(Exception):
    """The caller's time ran out between two chunks."""


def text_bytes(text):
    """JSON of one entry of `decode_texts` as bytes."""
    if isinstance(text, tuple):
        return json.dumps(text[0].decode()).encode()
    if isinstance(text, bool):
        return b"true" if text else b"false"
    return text.encode()


class Body:
    """`[[ms,value],...]`; every `iter()` streams it anew.

    start               from where on it takes to resolve its times
    points, len_bytes   what was counted: by the window for all pins at once, or by `measure`
    sent                points of the last pass
    after               position just past the last point sent or measured
    guard               held while the ring is read
    tick                called between chunks, may raise OutOfTime;  watchdog  called while a reply is awaited
    """

    guard = tick = watchdog = None

    def __init__(self, window, pin, start, end, first):
        self._window = window
        self.pin = pin
        self.start, self._end = start, end
        self.first = first
        self.points = self.len_bytes = self.sent = 0
        self.after = first

    def measure(self, max_points, max_bytes):
        """Count the points that fit the limits, at least one: a generator that lets others work in between."""
        points, size = 0, 1
        for found in self._frames():
            if not found:
                yield
                continue
            reader, time, index = found
            more = len(str(time)) + 4 + len(text_bytes(reader.values()[index]))
            if points >= max_points or (points and size + more > max_bytes):
                break
            points += 1
            size += more
            self.after = reader.after
            if points % _PAUSE_EVERY == 0:
                yield
        self.points, self.len_bytes = points, size

    def _frames(self):
        """(reader, Unix ms, place in the frame) of every point of this pin to send; None now and then in between."""
        window = self._window
        first, cutoff, one = self.first, window.cutoff, bytes((self.pin,))
        times = window.times() if window.unsure else None
        reader = window.ring.reader(self.start if times else first + (0,), self._end)
        chain = reader.chain
        behind = True
        passed = 0
        while True:
            kind = reader.next()
            if not kind:
                return
            passed += 1
            if passed >= _PAUSE_EVERY:
                passed = 0
                yield None
            if kind != DATA:
                continue
            time = times.of(reader) if times else chain.time
            if time is None:
                return  # of a parked pin; the clock was lost since it was parked
            index = 0 if chain.pins == one else chain.pins.find(one)
            if index >= 0 and time >= cutoff:  # Times.NEVER is below any cutoff
                behind = behind and reader.position < first
                if not behind:
                    passed = 0
                    yield reader, time, index

    def left(self):
        """How many of the points sent are still in the ring."""
        self._end = self.after
        count = 0
        for found in self._frames():
            count += found is not None
        return count

    def __iter__(self):
        self.sent = 0
        left = self.len_bytes - 1
        frames = self._frames()
        while self.sent < self.points:
            self.guard.enter()  # pyright: ignore
            try:
                chunk = self._text(frames)
            finally:
                self.guard.leave()  # pyright: ignore
            if chunk is None:
                break
            left -= len(chunk)
            yield chunk
            if self.tick:
                self.tick()
        if not self.sent:
            raise Vanished("the points were overwritten before they could be sent")
        # Points may have been overwritten since they were counted: JSON allows spaces before the bracket.
        while left > 0:
            yield b" " * min(left, 256)
            left -= 256
        yield b"]"

    def _text(self, frames):
        """The next points as JSON, none where none were among the frames read; None at the end."""
        digits = []  # points as hexadecimal digits of the symbols: e is [, d is the comma, f is ]
        texts = []
        size = 0
        sent = self.sent
        stop = min(self.points, sent + _POINTS)
        sequence, offset = self.after
        plain = not (self._window.unsure or self._window.cutoff)
        ended = True
        for found in frames:
            if not found:
                ended = False
                break
            reader, time, index = found
            chain = reader.chain
            many = len(chain.pins) > 1
            while True:
                value = None if chain.kinds else hexlify(reader.view[reader.body : reader.body_end])
                if value is not None and many:
                    value = value.split(b"d")[index] if b"e" not in value else None
                if value is not None:
                    digits.append(b"%se%dd%sf" % (b"d" if sent else b"e", time, value))
                else:
                    texts.append(_symbols(digits))
                    digits = []
                    value = text_bytes(reader.values()[index])
                    texts.append(b"%s[%d,%s]" % (b"," if sent else b"[", time, value))
                    size += len(value)
                sent += 1
                # The next frame is most often one of the same pins.
                if sent >= stop or size > _CHUNK or not plain or not reader.next_delta():
                    break
                time = chain.time
            sequence, offset = reader.sequence, reader.next_at
            if sent >= stop or size > _CHUNK:
                break
        if ended and sent == self.sent:
            return None
        self.sent, self.after = sent, (sequence, offset)
        texts.append(_symbols(digits))
        return b"".join(texts)


def _symbols(digits):
    # A value of odd length is padded with a comma.
    return record.to_symbols(b"".join(digits)).replace(b",]", b"]") if digits else b""
