"""The stretch of the ring that a drain is delivering: which pins still have points in it, and what became of them.

Knows frames and what is delivered; no JSON, no network, no policy. A window starts at the cursor and ends where its
first pin reaches a limit, or before a point whose time is not known yet. Its end, the cutoff and the resolved times
are fixed in the state before anything is sent, so that a retry, also after a reset, holds the same points.
Pins are delivered one after the other, each in log order; each outcome is one state frame.
"""

from binascii import hexlify

from micropython import const

from ..ring import state as keys
from .batch import Body, text_bytes
from ..ring.reader import DATA
from ..ring.state import is_delivered, parked, with_done

_YIELD_EVERY = const(16)  # frames
_MOST_BYTES = const(512)  # of one number's JSON
_POINTS = const(0)
_BYTES = const(1)
_EXPIRED = const(2)
_DROPPED = const(3)
_ESTIMATED = const(4)
_TEN_TO_12 = const(1000000000000)
_TEN_TO_13 = const(10000000000000)


class Window:
    """Opens the window under way, or a new one up to the position `end`; then run `count()`.

    order   pins still to deliver, by their first point; held: those of them that hold the window up
    pins    {pin: [points to send, bytes of their JSON, expired, dropped, estimated]}
    waiting True if it ended at a point whose time is not known yet
    """

    held = ()

    def __init__(self, ring, end, now, cutoff, settings, max_bytes):
        self.ring = ring
        self._unsynced = settings["unsynced"]
        self._max_points, self._max_bytes = settings["batch_points"], max_bytes
        self.pins = {}
        self.order = []
        self.waiting = False
        self.unsure = False  # True: some times are resolved, which takes a pass from the cursor
        self.parked = parked(ring.state)
        self.passed = {}  # {key of a parked pin: its points in the window, which the cursor will pass}
        self._cursor = ring.cursor()
        self._saved = ring.state.get(keys.WINDOW)
        if self._saved:
            self.end, self.cutoff, self.now = self._saved[:3], self._saved[3], self._saved[4] or None
        else:
            self.end, self.cutoff, self.now = end, cutoff, now
        self._seen = self._saved[5:] if self._saved else ring.end()[:2]  # what comes later changes no time
        self._known = 0

    def times(self, known=0):
        """A new pass's Times; `known` is Unix ms of the point before, if it does not start at the cursor."""
        from ..clock.times import Times

        times = Times(self.ring, self.now, self._unsynced, self._seen)
        times.known = known or times.known
        return times

    def count(self):
        """Count every pin's points and bytes, then fix the window: a generator that lets others work in between."""
        ring = self.ring
        reader = ring.reader(end=self.end)
        chain = reader.chain
        times = None
        frames = 0
        entry = None  # of the frame before, if those like it can be counted without a detour
        while True:
            if entry:
                frames += self._count_plain(reader, entry)
            kind = reader.next()
            if not kind:
                break
            frames += 1
            if frames > _YIELD_EVERY:
                frames = 0
                yield
            if kind != DATA:
                continue
            time = chain.time
            if times or chain.boot:
                if not times:
                    times = self.times(self._known)
                    self.unsure = True
                time = times.of(reader)
            if time is None or not self._count_frame(reader, time, times and times.estimated):
                self.waiting = time is None
                self.end = reader.position + (reader.number,)
                break
            if time > 0:
                self._known = time
            simple = len(chain.pins) == 1 and not (times or self._saved)
            entry = self.pins.get(chain.pins[0]) if simple else None
        if ring.cursor() == self._cursor:
            self._fix(reader.lost)
        else:
            self.order, self.waiting = [], False  # overwritten meanwhile: it is counted anew

    def _fix(self, lost):
        """All is counted: from here on, also after a reset, the window is this one."""
        ring = self.ring
        self._lost = ring.seen_lost = lost
        part = ring.state.get(keys.PART)
        if part and part[0] in self.order:  # it keeps one pin's progress, so that pin comes first
            self.order.remove(part[0])
            self.order.insert(0, part[0])
        if not self.order:
            if self.end[:2] > ring.cursor()[:2]:
                self._close()  # nothing but damage and parked points
        elif not self._saved:
            ring.set(keys.DELIVERED, None)
            seen = self._seen if self.unsure else ()
            ring.save_value(keys.WINDOW, tuple(self.end) + (self.cutoff, self.now or 0) + seen)

    def _count_plain(self, reader, entry):
        """Count the next frames of the same one pin that are plain, as far as they surely keep the limits; how many."""
        chain, buf = reader.chain, reader.buf
        room = min(self._max_points - entry[_POINTS], (self._max_bytes - entry[_BYTES]) // _MOST_BYTES, _YIELD_EVERY)
        first_ms = max(self.cutoff, _TEN_TO_12)
        frames = points = size = 0
        while frames < room and reader.next_delta():
            frames += 1
            time = chain.time
            if first_ms <= time < _TEN_TO_13:
                end = reader.body_end
                points += 1
                size += 17 + 2 * (end - reader.body) - (buf[end - 1] & 15 == 13)
            else:
                self._count_frame(reader, time, False)
        entry[_POINTS] += points
        entry[_BYTES] += size
        self._known = chain.time
        return frames

    def _count_frame(self, reader, time, estimated):
        """Add the frame's points; False if one of its pins has reached a limit."""
        pins = reader.chain.pins
        base = 16 if _TEN_TO_12 <= time < _TEN_TO_13 else len(str(time)) + 3
        sizes = _sizes(reader)
        if not self._saved and not self._has_room(pins, base, sizes):
            return False
        state = self.ring.state
        for index in range(len(pins)):
            pin = pins[index]
            key = self.parked.get(pin)
            if key:
                if key in state and reader.position >= tuple(state[key][1:3]):  # else it was cleared meanwhile
                    self.passed[key] = self.passed.get(key, 0) + 1
                continue
            if self._saved and is_delivered(state, pin, reader.position):
                continue
            entry = self.pins.get(pin)
            if entry is None:
                entry = self.pins[pin] = [0, 1, 0, 0, 0]
                self.order.append(pin)
            if time < 0:  # never known: Times.NEVER
                entry[_DROPPED] += 1
            elif time < self.cutoff:
                entry[_EXPIRED] += 1
            else:
                entry[_POINTS] += 1
                entry[_BYTES] += base + sizes[index] + 1
                entry[_ESTIMATED] += 1 if estimated else 0
        return True

    def _has_room(self, pins, base, sizes):
        for index in range(len(pins)):
            entry = self.pins.get(pins[index])
            if entry and (
                entry[_POINTS] >= self._max_points or entry[_BYTES] + base + sizes[index] + 1 > self._max_bytes
            ):
                return False
        return True

    def body(self, pin, max_points, max_bytes):
        """The next batch of `pin`: all its points in the window, or, to be measured, its first within the limits."""
        entry = self.pins[pin]
        body = Body(self, pin, self.ring.cursor(), self.end, self.first(pin))
        if entry[_BYTES] is not None and entry[_POINTS] <= max_points and entry[_BYTES] <= max_bytes:
            body.points, body.len_bytes = entry[_POINTS], entry[_BYTES]
        return body

    def stale(self):
        """True once the ring has overwritten, or was cleared of, what was counted."""
        return self.ring.cursor() != self._cursor or keys.WINDOW not in self.ring.state

    def first(self, pin):
        """Where the points of `pin` that are not delivered start."""
        part = self.ring.state.get(keys.PART)
        first = self.ring.cursor()[:2]
        return max(first, tuple(part[1:3])) if part and part[0] == pin else first

    # Outcomes, each one state frame

    def ack(self, body, counter=keys.UPLOADED):
        """The batch was accepted; or its one point was refused for good, and `counter` is REJECTED."""
        ring, pin = self.ring, body.pin
        if ring.cursor() != self._cursor:
            from ..ring.books import ack_overtaken

            done = ack_overtaken(ring, body, counter, keys.WINDOW not in ring.state)
            if done:
                self._note_part(body, done)
            self.order = []  # what the others have left is counted anew
            ring.save()
            return
        ring.add(counter, body.sent)
        entry = self.pins[pin]
        entry[_POINTS] -= body.points
        if entry[_POINTS] <= 0:
            self._finish(pin, body.points)
            return
        from ..ring.books import count_part

        self._note_part(body, count_part(self, entry, body))
        entry[_BYTES] = None  # to be measured
        ring.save()

    def _note_part(self, body, done):
        ring = self.ring
        ring.set(keys.DELIVERED, (ring.get(keys.DELIVERED) + done,))
        ring.set(keys.PART, (body.pin,) + body.after)

    def finish(self, pin):
        """Nothing of `pin` is left to send in this window."""
        if self.stale():
            self.order = []
        else:
            self._finish(pin, self.pins[pin][_POINTS])

    def _finish(self, pin, points):
        ring = self.ring
        entry = self.pins[pin]
        ring.set(keys.DELIVERED, (ring.get(keys.DELIVERED) + points + entry[_EXPIRED] + entry[_DROPPED],))
        ring.add(keys.EXPIRED, entry[_EXPIRED])
        ring.add(keys.DROPPED, entry[_DROPPED])
        ring.add(keys.ESTIMATED, entry[_ESTIMATED])
        ring.set(keys.DONE, with_done(ring.state.get(keys.DONE, b""), pin))
        self._leave(pin)

    def park(self, pin, key):
        """The state has `pin` under `key` now: the cursor will pass its points, but they stay."""
        entry = self.pins[pin]
        self.passed[key] = entry[_POINTS] + entry[_EXPIRED] + entry[_DROPPED]
        self._leave(pin)

    def _leave(self, pin):
        """On to the next pin, or close the window."""
        ring = self.ring
        self.order.remove(pin)
        ring.forget(keys.PART)
        if not self.order:
            self._close()
        ring.save()

    def _close(self):
        ring = self.ring
        for key, more in self.passed.items():
            pin, sequence, offset, count, tried = ring.state[key]
            ring.set(key, (pin, sequence, offset, count + more, tried))
        ring.close_window()
        ring.set(keys.CURSOR, tuple(self.end))
        ring.add(keys.CORRUPT, self._lost)
        ring.seen_lost = 0
        if self._known:
            ring.set(keys.KNOWN, (self._known,))


def _sizes(reader):
    """Bytes of each value's JSON."""
    if not reader.chain.kinds:
        digits = hexlify(reader.payload())
        if b"e" not in digits:
            return [len(part) for part in digits.split(b"d")]
    return [len(text_bytes(text)) for text in reader.values()]
