"""What the replies to requests for refused points mean: each one state frame.

`Settled` has the search's step and the ranges; search.py says what is asked next. Knows no network.
"""

# pyright: reportAttributeAccessIssue=false
# A Step's attributes come from its list of names; more are search.py's.

from micropython import const

from ..ring import state as keys
from .batch import passed
from .held import DOUBT, FRESH, HELD, OPEN, RUN, Held

_HOUR_S = const(3600)
_NOTES_BYTES = const(300)  # the state frames of one request
_MARK_BYTES = const(180)  # at most, with what is around a frame
# What a step does; how it finds: to the left in good points, at a bad one, between a good one and the bad run
FIND, TRY = 0, 1
WALK, STRIDE, HALVE = 0, 1, 2


class Step:
    """What is under way, as the state has it.

    what, pin     see above                       low, high  what is left of it, as all places (sequence, offset)
    cutoff, now   Unix ms, fixed; seen: the ring's end then
    phase         of FIND; `place` of TRY: which single point (search.py), 0 for all
    bad           so many of the last points hold a bad one, 0 if none is known to;  size  points of the next piece
    good          so many were accepted in a row;  far  from the bad one to the next single point, 1 if < 4
    at, top       the bad run as it is known;      good_end  end of the good ones before it
    """

    _NUMBERS = ("what", "pin", "cutoff", "now", "phase", "bad", "size", "good", "far", "place")
    _PLACES = ("low", "high", "seen", "at", "top", "good_end")

    def __init__(self, saved=None):
        numbers = saved or (0,) * 22
        for index, name in enumerate(self._NUMBERS):
            setattr(self, name, numbers[index])
        for index, name in enumerate(self._PLACES):
            setattr(self, name, tuple(numbers[10 + 2 * index : 12 + 2 * index]))

    @property
    def value(self):
        numbers = tuple([getattr(self, name) for name in self._NUMBERS])
        return sum([getattr(self, name) for name in self._PLACES], numbers)


class Settled(Held):
    def save(self, is_ack=False):
        """A state frame; where it would push a reading out of the ring, all waits in RAM until there is room."""
        ring = self.ring
        self.note()
        if self.has_room(len(ring.entries(ring.dirty)) + _MARK_BYTES if is_ack else _NOTES_BYTES):
            ring.save()

    def note(self):
        """All to the state, but for what was cleared while others worked."""
        ring = self.ring
        self.ranges = [found for found in self.ranges if found.start >= ring.cleared]
        if self.step and self.step.low < ring.cleared:
            self.step = None
        self.store()
        step = self.step
        if step and not [
            found
            for found in self.ranges
            if found.pin == step.pin and found.start < max(step.high, step.top) and self.end_of(found) > step.low
        ]:
            self.step = None  # its range gave way
        value = self.step.value if self.step else None
        if value != ring.state.get(keys.SEARCH):
            ring.set(keys.SEARCH, value)

    def has_room(self, size=_NOTES_BYTES):
        """True if notes of that size push no reading out of the ring."""
        ring = self.ring
        first = min(max(ring.oldest, keys.first_kept(ring.state)[0]), ring.newest)
        is_here = not ring.sealed and ring.offset + size <= ring.data_end
        return is_here or ring.newest + 1 - first < ring.medium.slots

    # What came of it, each one state frame

    def _nothing_to_send(self, body):
        """Nothing of `body` is to be sent: expired, without a time, or damaged."""
        step = self.step
        self.ring.add(keys.HELD, -body.leave(self.ring))
        self.ring.forget(keys.ASKED)
        self.ranges = self.without(step.pin, body.first, body.end)
        if step.phase == HALVE:
            step.good_end = step.at
            self._walk_on()
            self.save()
        else:
            self._end_step()

    def load(self):
        """From the state, for the ring may have overwritten some ranges, or was cleared."""
        super().load()
        if keys.SEARCH not in self.ring.state:
            self.step = None

    def accepted(self, body):
        step, pin, points = self.step, body.pin, body.points
        self._spend(pin)
        self.ring.add(keys.HELD, -body.leave(self.ring))
        self.load()
        if not self.step:
            self.save(True)
            return
        self.ranges = self.without(pin, body.first, body.end, True)
        if step.what == FIND:
            self._found(body, points, True)
        elif not step.place:
            step.low = body.end  # the rest in order
        else:
            self.step = None  # there are good ones: search on both sides
            self._become(FRESH, pin, step.low, step.high)
        self._queue = [queued for queued in self._queue if queued[0] != pin]
        self.save(True)

    def refused(self, source, body, known):
        """`known`: it is the content, by the server's words or since others were accepted."""
        if source is not self:
            if not source.stale():  # else it was overwritten meanwhile, and is asked anew
                self._refused[body.pin] = body.first
                self.hold_window(source, body, FRESH if known else DOUBT)
            return
        step, pin = self.step, body.pin
        self._spend(pin)
        self.load()
        if not self.step:
            return
        if step.what == FIND and known:
            self._found(body, body.points, False)
        else:
            self.step = None
            if step.what == FIND:  # perhaps it is the server now
                self._become(DOUBT, pin, step.low, step.high if step.phase == WALK else step.top)
            elif [found for found in self.ranges if found.kind == DOUBT and found.pin == pin]:
                self._uploader.result.retry_after_s = _HOUR_S
                if known:
                    self._become(FRESH, pin, step.low, step.high)
        self.save()

    def _become(self, kind, pin, low, high):
        """The ranges of `pin` that begin there are of another kind now."""
        for found in self.ranges:
            if found.pin == pin and low <= found.start < high:
                found.kind, found.tried = kind, 0

    def _spend(self, pin):
        self._spent[pin] = self._spent.get(pin, 0) + 1
        self.ring.forget(keys.ASKED)

    def hold_window(self, window, body, kind):
        """The cursor will pass all points of the pin that are left in the window, but they stay."""
        self.load()  # the ring may have been overwritten or cleared since
        ring, pin = self.ring, body.pin
        points, _, others = window.pins[pin]
        count = points + passed(others)
        ring.set(keys.DELIVERED, (ring.get(keys.DELIVERED) + count,))
        ring.add(keys.HELD, count)
        self.hold(pin, body.first, OPEN if kind == DOUBT else tuple(window.end[:2]), kind)
        window.leave(pin)
        self.save()

    def trust(self):
        """The first acceptance of a drain: what is in doubt was refused for its content. It is searched once the
        windows are through, and open up to there."""
        self.load()
        for found in self.ranges:
            if found.kind == DOUBT:
                found.kind, found.tried = FRESH, 0
        self.ring.forget(keys.DOUBT)
        self.store()

    def _found(self, body, points, ok):
        step = self.step
        if step.phase == WALK:
            if ok:
                step.good += points
                step.high = body.first
                step.bad = max(0, step.bad - points)
                step.size = max(1, step.bad // 2) if step.bad else 2 * points
            elif points == 1:
                self._at_bad(body.first)
            else:
                step.size = 1 if step.good == 0 and not step.bad else max(1, points // 2)
                step.bad = points
        elif step.phase == STRIDE:
            if ok:
                step.high, step.good_end, step.phase = body.first, body.end, HALVE
            else:
                self._at_bad(body.first, step.far + 1 if step.far < 4 else step.far * 4)
        elif ok:
            step.good_end = body.end
        else:
            step.at = body.first if points == 1 else body.last
        self._walk_on()

    def _at_bad(self, place, far=1):
        """`place` is bad alone and all right of it is settled: how far does the run of bad ones go?"""
        step = self.step
        if step.phase == WALK:
            step.top = step.high
        step.at = step.high = place
        step.good_end = step.low
        step.far, step.bad, step.phase = far, 0, STRIDE

    def _walk_on(self):
        """Settle the bad run once nothing lies between it and the good points before it; then on to the left."""
        step = self.step
        if step.phase != WALK and step.good_end >= step.at:
            self._settle(step.pin, step.good_end, step.top)
            step.phase, step.size, step.bad, step.good = WALK, max(1, 2 * step.good), 0, 1
        if step.phase == WALK and step.low >= step.high:
            self.step = None

    def _end_step(self, over=False):
        """The step ends for today (`over`), or until the next drain."""
        step = self.step
        self.ring.forget(keys.ASKED)
        if step.phase != WALK:  # what lies before it is not known to be bad, and is searched on
            self._settle(step.pin, step.at, step.top)
        if over and step.what == FIND:
            self._settle(step.pin, step.low, step.high)
        self.step = None
        self.save()

    def _settle(self, pin, start, end):
        """The search is over there: all bad as far as is known, so it rests for a day. The second run on end of a pin
        that reaches to the cursor is held open."""
        if start >= end:
            return
        ranges = [found for found in self.ranges if found.pin == pin]
        again = [found for found in ranges if found.end == start and found.kind in (RUN, HELD)]
        was = [found for found in ranges if found.start <= start < found.end]
        if was and was[0].end == OPEN:
            return  # it was only tried
        self.ranges = self.without(pin, start, end)
        last = OPEN if again and end == self.ring.cursor()[:2] else end
        tried = max(1, self.step.now // 1000)  # what told may be long ago
        self.hold(pin, start, last, HELD if last == OPEN else RUN, tried, was[0].tries if was else 0)
