"""A window of the ring as batches: which points of which pin are still to go, exact lengths, streamed bodies.

Knows frames and JSON; no network, no policy. A window starts at the cursor and ends where its first pin reaches a
limit; its end is kept in the state before anything is sent, so that a retry after a reset holds the same points.
Pins are delivered one after the other, each in log order:

    WINDOW  end of the window (sequence, offset, number), cutoff in Unix ms
    DONE    bitmap of the pins that are finished in it
    PART    (pin, sequence, offset): points of that pin up to this frame are finished too
"""

import json
from binascii import hexlify

from micropython import const

from . import record, ring as keys
from .reader import DATA

_CHUNK = const(1024)
_PARTS = const(32)  # points joined at a time: about a chunk
_TEN_TO_12 = 1000000000000
_TEN_TO_13 = 10000000000000


def text_bytes(text):
    """JSON of one entry of `decode_texts` as bytes."""
    if isinstance(text, tuple):
        return json.dumps(text[0].decode()).encode()
    if isinstance(text, bool):
        return b"true" if text else b"false"
    return text.encode()


def _is_done(bitmap, pin):
    return len(bitmap) > pin >> 3 and bitmap[pin >> 3] & 1 << (pin & 7)


def _with_done(bitmap, pin):
    bits = bytearray(max(len(bitmap), (pin >> 3) + 1))
    bits[: len(bitmap)] = bitmap
    bits[pin >> 3] |= 1 << (pin & 7)
    return bytes(bits)


def delivered(state, pin, position):
    """True if the point of `pin` in the frame at `position`, at or behind the cursor, is finished."""
    window = state.get(keys.WINDOW)
    if not window or position >= tuple(window[:2]):
        return False
    part = state.get(keys.PART)
    if part and part[0] == pin and position <= tuple(part[1:3]):
        return True
    return bool(_is_done(state.get(keys.DONE, b""), pin))


def pending_in(ring, sequence):
    """Points in that sector, from the cursor on, that are not delivered."""
    count = 0
    reader = ring.reader(end=(sequence, ring.medium.sector_bytes))
    while reader.next():
        if reader.kind == DATA:
            for pin in reader.chain.pins:
                if not delivered(ring.state, pin, reader.position):
                    count += 1
    return count


class _Always:
    """Times of points that all carry Unix ms."""

    def resolve(self, boot, uptime):
        return None


class Window:
    """The stretch from the cursor that is being delivered; opens the one under way or a new one.

    order   pins still to deliver, by their first point        pins  {pin: [points, bytes of their JSON]}
    """

    def __init__(self, ring, times=None, max_points=10000, max_bytes=2000000, cutoff=0, skip=()):
        self.ring = ring
        self.times = times or _Always()
        self._skip = skip
        self._max_points, self._max_bytes = max_points, max_bytes
        self._done = ring.state.get(keys.DONE, b"")
        self.pins = {}
        self.order = []
        self.expired = {}
        self.waiting = False  # True: the window ended at a point whose time is not known
        saved = ring.state.get(keys.WINDOW)
        end = tuple(saved[:3]) if saved else ring.end()
        self.cutoff = saved[3] if saved else cutoff
        self.end = self._count(end, bool(saved))
        if not saved and self.order:
            ring.set(keys.WINDOW, self.end + (self.cutoff,))
            ring.set(keys.DELIVERED, None)
            ring.save(keys.WINDOW)

    def _count(self, end, fixed):
        """Count every pin's points and bytes; the position where the window ends."""
        reader = self.ring.reader(end=end)
        before = None
        while True:
            kind = reader.next()
            if not kind:
                break
            if kind != DATA:
                continue
            time = self._time(reader.chain)
            if time is None:
                self.waiting = True
                before = reader.position + (reader.number,)
                break
            if not self._count_frame(reader, time, fixed):
                before = reader.position + (reader.number,)
                break
        self.lost = reader.lost
        return before or end

    def _time(self, chain):
        return self.times.resolve(chain.boot, chain.time) if chain.boot else chain.time

    def _count_frame(self, reader, time, fixed):
        """Add the frame's points; False if one of its pins has reached a limit."""
        pins = reader.chain.pins
        state = self.ring.state
        partly = self._done or keys.PART in state
        expired = time < self.cutoff
        base = 16 if _TEN_TO_12 <= time < _TEN_TO_13 else len(str(time)) + 3
        if len(pins) == 1 and not reader.chain.kinds:
            at, end = reader.body, reader.body_end
            sizes = (2 * (end - at) - (1 if reader.byte(end - 1) & 15 == 13 else 0),)
        else:
            sizes = [len(text_bytes(text)) for text in reader.values()]
        for again in range(2):
            for index in range(len(pins)):
                pin = pins[index]
                if pin in self._skip or (partly and delivered(state, pin, reader.position)):
                    continue
                entry = self.pins.get(pin)
                size = base + sizes[index] + 1
                if not again:
                    if not fixed and entry and self._over(entry, size):
                        return False
                    continue
                if entry is None:
                    entry = self.pins[pin] = [0, 1]
                    self.order.append(pin)
                if expired:
                    self.expired[pin] = self.expired.get(pin, 0) + 1
                else:
                    entry[0] += 1
                    entry[1] += size
        return True

    def _over(self, entry, size):
        return entry[0] >= self._max_points or entry[1] + size > self._max_bytes

    def body(self, pin, max_points=None, max_bytes=None):
        """The next batch of `pin`: all its points in the window, or its first `max_points`/`max_bytes`."""
        points, size = self.pins[pin]
        if (max_points and points > max_points) or (max_bytes and size > max_bytes):
            return Body(self, pin, None, None, max_points, max_bytes)
        return Body(self, pin, points, size)

    # Outcomes: each is one state frame

    def ack(self, pin, body):
        """The batch was accepted."""
        self.ring.add(keys.UPLOADED, body.points)
        self._advance(pin, body.points, body.last)

    def skip(self, pin, position):
        """One point of `pin` was set aside."""
        self._advance(pin, 1, position)

    def finish(self, pin):
        """Nothing of `pin` is left to send in this window: the rest expired."""
        self._advance(pin, 0, None)

    def _advance(self, pin, points, last):
        ring = self.ring
        entry = self.pins[pin]
        entry[0] -= points
        done = points + self._expire(pin) if entry[0] <= 0 or last is None else points
        ring.set(keys.DELIVERED, (ring.get(keys.DELIVERED) + done,))
        if entry[0] > 0 and last is not None:
            ring.set(keys.PART, (pin,) + tuple(last))
            entry[1] = None
        else:
            self.order.remove(pin)
            ring.set(keys.PART, None)
            self._done = _with_done(self._done, pin)
            ring.set(keys.DONE, self._done)
        if not self.order:
            self._close()
        ring.save()

    def _expire(self, pin):
        count = self.expired.pop(pin, 0)
        self.ring.add(keys.EXPIRED, count)
        return count

    def _close(self):
        ring = self.ring
        for key in (keys.WINDOW, keys.DONE, keys.PART, keys.DELIVERED):
            ring.set(key, None)
        ring.set(keys.CURSOR, self.end)
        ring.add(keys.CORRUPT, self.lost)
        ring.saw_lost(0)


class Body:
    """One batch as JSON text `[[ms,value],...]`; every `iter()` streams it anew in chunks of about 1 KB.

    points, len_bytes   what it holds        last   position of the frame of its last point
    """

    def __init__(self, window, pin, points, len_bytes, max_points=None, max_bytes=None):
        self._window = window
        self.pin = pin
        self.last = None
        if points is None or len_bytes is None:
            points, len_bytes = self._measure(max_points or 1 << 29, max_bytes or 1 << 29)
        self.points, self.len_bytes = points, len_bytes
        self.on_chunk = None
        self.sent = 0

    def _frames(self):
        """A reader that stops at each frame with a point of this pin to send, and that point's place in it."""
        window = self._window
        ring = window.ring
        pin = self.pin
        one = bytes((pin,))
        part = ring.state.get(keys.PART)
        after = tuple(part[1:3]) if part and part[0] == pin else (-1, 0)
        cutoff = window.cutoff
        start = after + (0,) if after > ring.cursor()[:2] else None
        reader = ring.reader(start, window.end)
        while True:
            kind = reader.next()
            if not kind:
                return
            if kind != DATA:
                continue
            chain = reader.chain
            index = 0 if chain.pins == one else chain.pins.find(one)
            if index < 0 or reader.position <= after:
                continue
            time = window._time(chain) if chain.boot else chain.time
            if cutoff and time < cutoff:
                continue
            yield reader, time, index

    def _measure(self, max_points, max_bytes):
        points, size = 0, 1
        for reader, time, index in self._frames():
            more = len(str(time)) + 4 + len(text_bytes(reader.values()[index]))
            if points >= max_points or (points and size + more > max_bytes):
                break
            points += 1
            size += more
            self.last = reader.position
        return points, size

    def __iter__(self):
        self.sent = 0
        return self._chunks()

    def _chunks(self):
        """The JSON in the sixteen symbols' own digits, turned into text a chunk at a time in C."""
        left = self.len_bytes - 1
        parts = []
        lead = b"e"
        for reader, time, index in self._frames():
            if self.sent == self.points:
                break
            chain = reader.chain
            if chain.kinds:
                value = reader.values()[index]
            else:
                value = None
                digits = hexlify(reader.payload())
                if len(chain.pins) > 1:
                    if b"e" in digits:
                        value = reader.values()[index]
                    else:
                        digits = digits.split(b"d")[index]
            if value is None:
                parts.append(b"%se%dd%sf" % (lead, time, digits))
            else:
                parts = [None, self._text(parts) + (b"[" if lead == b"e" else b",") + _point(time, value)]
            lead = b"d"
            self.sent += 1
            self.last = reader.position
            if len(parts) >= _PARTS or parts[0] is None:
                chunk = self._text(parts)
                parts = []
                left -= len(chunk)
                yield chunk
                if self.on_chunk:
                    self.on_chunk()
        chunk = self._text(parts) or (b"[" if not self.sent else b"")
        left -= len(chunk)
        # Points may have been overwritten since they were counted: JSON allows spaces before the bracket.
        yield chunk
        while left > 0:
            yield b" " * min(left, 256)
            left -= 256
        yield b"]"

    def _text(self, parts):
        if not parts:
            return b""
        if parts[0] is None:
            return parts[1]
        return record.to_symbols(b"".join(parts)).replace(b",]", b"]")


def _point(time, value):
    return b"[%d,%s]" % (time, text_bytes(value))
