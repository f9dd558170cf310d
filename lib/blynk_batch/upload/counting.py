"""What a window has of each pin. A window starts at the cursor and ends where its first pin reaches a limit, or before
a point whose time is not known yet.

Knows frames and what is delivered; no JSON, no network, no policy.
"""

# pyright: reportAttributeAccessIssue=false
# The other half of these attributes is window.py's.

import json

from micropython import const

from ..ring import state as keys
from ..ring.fast import EACH, RUN, Pass
from ..ring.reader import DATA

PAUSE_EVERY = const(16)  # frames that are read without a break
_FULL = const(0x3FFFFFFF)  # more points, or bytes, than any limit


def text_bytes(text):
    """JSON of one of a Reader's values() as bytes; None where it cannot be read."""
    if isinstance(text, tuple):
        return json.dumps(text[0]).encode()
    if isinstance(text, bool):
        return b"true" if text else b"false"
    return text


def one_more(others, key):
    others[key] = others.get(key, 0) + 1


def is_sent(others, text, time, cutoff):
    """True for a point to send; else it is counted in `others`. `text`: nothing where it cannot be read."""
    if text and time >= cutoff:  # Times.NEVER is below any
        return True
    one_more(others, keys.CORRUPT if not text else keys.DROPPED if time < 0 else keys.EXPIRED)
    return False


class Counting:
    """Opens the window under way, or a new one up to the position `end`; then run `counting`, a generator, to its end,
    in as many drains as that takes."""

    # order   pins still to deliver: what is under way first, then by their first point, those refused before last
    # last    pins with refused points;  saved  what the state has of the window, if an earlier drain left it open
    # pins    {pin: [points to send, bytes of their JSON, the others, see Body]}
    # waiting True if it ended at a point whose time is not known yet

    waiting = False
    unsure = False  # True: some times are resolved, which takes a pass from the cursor
    _question = None  # a reply's Date is to tell whether the clock is right; then a new one is counted
    _quiet = ()  # pins that are not asked in it: of _shut, and done before
    _done = _known = 0  # points of it that were done before; the last time that a frame brought with it

    def __init__(self, uploader, end):
        self._uploader, self.ring, state = uploader, uploader.ring, uploader.ring.state
        self._most = (uploader.size(), uploader.batch_bytes)
        self.pins, self.order = {}, []
        self.last = keys.range_pins(state)
        self._shut = keys.range_pins(state, keys.OPEN_END)  # the cursor passes their points unasked
        self._passed = {}  # points of pins of _shut in it
        self._cursor = self.ring.cursor()
        self.saved = state.get(keys.WINDOW)
        if self.saved:
            sequence, offset, number, self.cutoff, now, *seen = self.saved
            self.end, self.now, self._seen = (sequence, offset, number), now or None, tuple(seen)
            self._most = (_FULL, _FULL)
        else:
            self.end, self.cutoff, self.now = end, uploader.cutoff(), uploader.boots.now()
            self._seen = self.ring.end()[:2]  # what comes later changes no time
        self.counting = self._count()

    def _count(self):
        # Count every pin's points and bytes, then fix the window; lets others work in between.
        ring = self.ring
        reader = ring.reader(end=self.end)
        # Of each pin its points, and 256 further on their bytes of JSON. Pins that runs may not count look full to them
        tally, done = self._uploader.tally, self.saved and ring.state.get(keys.DONE) or b""
        view, size = memoryview(tally), 1
        tally[0] = _FULL
        while size < 512:  # in a fifth of the time of a loop over all
            view[size : 2 * size] = view[:size]
            size *= 2
        if done or self._shut:
            self._quiet = [pin for pin in range(256) if pin in self._shut or keys.is_done(done, pin)]
        for pin in self._quiet:
            tally[pin] = tally[256 + pin] = 0
        steps = Pass(reader, self.cutoff, self.times, None, tally, EACH, *self._most)
        frames = 0
        while True:
            if frames > PAUSE_EVERY:
                frames = 0
                yield
            taken = steps.take()
            frames += RUN if taken else 1
            if taken:
                self._known = steps.known
            elif not reader.next():
                break
            elif reader.kind == DATA:
                time = steps.time()
                if time is None or not self._count_frame(reader, time, steps.times and steps.times.estimated):
                    self.waiting = time is None
                    self.end = reader.position + (reader.number,)
                    break
                if time > 0:
                    self._known = time
        self.unsure = bool(steps.times)
        for pin, entry in self.pins.items():
            entry[:2] = tally[pin], tally[256 + pin]
        for pin in self._quiet:
            if keys.is_done(done, pin):
                self._done += tally[pin]
            else:
                self._passed[pin] = tally[pin]
        if ring.cursor() == self._cursor:
            for pin in () if self.saved else self.order:
                self._question = self._question or self._uploader.question(self.pins[pin][2])
            if not self._question:
                self.fix(reader.lost)
        else:
            self.order, self.waiting = [], False  # overwritten meanwhile: it is counted anew

    def _count_frame(self, reader, time, estimated):
        # Add the frame's points; False if one of its pins has reached a limit.
        pins = reader.chain.pins
        base = len(b"%d" % time) + 4
        sizes = [len(text_bytes(text) or b"") for text in reader.values()]  # 0: it cannot be read
        tally, part = self._uploader.tally, self.ring.state.get(keys.PART, (-1,))
        most_points, most_bytes = self._most
        for index in range(len(pins)):
            pin = pins[index]
            size = tally[256 + pin] + base + sizes[index]
            if pin in self.pins and (tally[pin] >= most_points or size > most_bytes):
                return False
        for index in range(len(pins)):
            pin = pins[index]
            if pin in self._quiet:
                tally[pin] += 1
                continue
            if self.saved and part[0] == pin and reader.position < part[1:3]:
                self._done += 1
                continue
            if pin not in self.pins:
                self.pins[pin] = [0, 1, {}]
                tally[pin], tally[256 + pin] = 0, 1
                self.order.append(pin)
            others = self.pins[pin][2]
            if is_sent(others, sizes[index], time, self.cutoff):
                tally[pin] += 1
                tally[256 + pin] += base + sizes[index]
                if estimated:
                    one_more(others, keys.ESTIMATED)
        return True

    def fix(self, lost):
        """All is counted: fix the window in the state, so that it is the same after a reset."""
        ring, state = self.ring, self.ring.state
        if self.saved:
            lost -= ring.get(keys.DELIVERED) - self._done  # counted already; below 0: twice, its sector is gone
        self._lost = ring.seen_lost = lost
        first = (state.get(keys.BATCH) or state.get(keys.PART) or (-1,))[:1]  # it keeps one pin's progress
        order = [], [], []
        for pin in self.order:
            order[0 if pin in first else 2 if pin in self.last or self._uploader.failures(pin) else 1].append(pin)
        self.order = order[0] + order[1] + order[2]
        if not self.order:
            self.close()  # it has only damage and points of pins that are not asked
        elif not self.saved:
            ring.set(keys.DELIVERED, None)
            seen = self._seen if self.unsure else ()
            ring.save_value(keys.WINDOW, self.end + (self.cutoff, self.now or 0) + seen)

    def close(self):
        """Nothing of the window is left to send: move the cursor to its end."""
        ring = self.ring
        shut = keys.range_pins(ring.state, keys.OPEN_END)
        for pin, count in self._passed.items():  # meanwhile a range may have given way to others
            ring.add(keys.HELD if pin in shut else keys.REJECTED, count)
        ring.close_window()
        ring.set(keys.CURSOR, self.end)
        ring.add(keys.CORRUPT, self._lost)
        ring.seen_lost = 0
        if self._known:
            ring.set(keys.KNOWN, (self._known,))
