"""What the replies to requests for refused points mean, each one state frame: what of a range is settled, and how the
rest is searched on. search.py says what is asked next. Knows no network.

Between two requests a search is nothing but the ranges. One that is searched is walked from its newest point to the
left, by its plan.
"""

from micropython import const

from ..ring import state as keys
from .batch import Body
from .due import second
from .held import Held
from .ranges import BAD, DOUBT, FIRST, FRESH, HALVE, HELD, OPEN, ORDER, RUN, STRIDE, WALK, Range, held, normal, touch

_HOUR_S = const(3600)
_MARK_BYTES = const(180)  # at most, with what is around a frame


class Piece(Body):
    """A Body that is halved if it streams for a quarter of the call and does not end, also behind other batches: these
    come first in each call."""

    def __iter__(self):
        self._begun = self._source.due.boots.uptime()
        return Body.__iter__(self)

    def is_long(self):
        pace = self._source.due
        now = pace.boots.uptime()
        return 4 * (now - self._begun) >= now - 1000 * pace.drained and pace.has_room()


class Settled(Held):
    now = 0  # Unix ms, of the request under way

    def __init__(self, uploader):
        super().__init__(uploader)
        self._spent, self._most = {}, {}  # requests of each pin in this drain; how many it may have
        self._reached = {}  # {pin: start of its range that was last found to touch the one before, or not to}
        self._crowded = []  # pins for which the table has no places till others are accepted
        self._queue = []  # (pin, low, high, number of the point) to be tried, what is under way first
        self.due = uploader.pace
        self.has_room = self.due.has_room

    def load(self):
        """Read the ranges from the state."""
        self.ranges = held(self.ring)

    def save(self, is_ack=False):
        """Write a state frame, unless it would push a reading out of the ring: then all waits in RAM."""
        ring = self.ring
        self.note()
        if self.has_room(len(ring.entries(ring.dirty)) + _MARK_BYTES) if is_ack else self.has_room():
            ring.save()

    def note(self):
        """Put the ranges into the state, less what was cleared while others worked."""
        self.ranges = [found for found in self.ranges if found.start >= self.ring.cleared]
        self.store()

    def accepted(self, body):
        """The server has `body`; or it has no points, for there was nothing to send: expired, timeless or damaged."""
        pin, points = body.pin, body.points
        self.ring.add(keys.HELD, -body.leave(self.ring))
        found = self._answered(body)
        self._queue = [queued for queued in self._queue if queued[0] != pin]
        plan = found.plan if found and points else None
        if found and points:
            self._go_on(found, points)
            self._crowded = []
        self.ranges = self.without(pin, body.first, body.end, points > 0)
        for part in self.ranges if plan == STRIDE else ():
            if part.pin == pin and part.start == body.end and part.kind == FRESH:
                part.search(HALVE, 0, part.good)
        self.save(points > 0)

    def refused(self, body, known):
        """`known`: for its content, by the server's words or since others were accepted."""
        found = self._answered(body)
        kind = found.kind if found else None
        if kind == FRESH and known:
            self._narrow(found, body)
        elif kind == FRESH:
            self._uploader.refused[body.pin] = body.first
            self._become(found, DOUBT)  # perhaps it is the server now
        else:
            if self._queue and self._queue[0][0] == body.pin:
                del self._queue[0]
            if kind == DOUBT:
                self._uploader.result.retry_after_s = _HOUR_S
                if known:
                    self._become(found, FRESH)
        self.save()

    def put_off(self, body):
        """`body` fails again and again, and no other is accepted: ask another pin first, if there is one."""
        if [found for found in self.ranges if found.pin != body.pin]:
            self.ring.forget(keys.ASKED)

    def _answered(self, body):
        """The range that `body` is of, or None if it was overwritten or cleared meanwhile."""
        pin = body.pin
        self._spent[pin] = self._spent.get(pin, 0) + (body.points > 0)
        self.ring.forget(keys.ASKED)
        self.load()
        found = self.at(pin, body.first, body.end)
        if found and found.kind == FRESH:
            found.end = self.end_of(found)
        return found

    def _become(self, one, kind):
        """All ranges of its pin and kind change to `kind`."""
        was = one.kind
        for found in self.ranges:
            if found.pin == one.pin and found.kind == was:
                found.kind, found.tried, found.tries = kind, 0, 0

    def _go_on(self, found, points):
        """So many points of the range were accepted: how the search, or the tries, go on with the rest."""
        plan, size, good = found.plan, found.size, found.good
        if plan is None and points > 1:
            found.tried, found.tries = 0, found.tries & ~1  # it was tried whole: on in order, at once
        elif plan is None:
            found.search(ORDER)  # one alone was good: on both sides
        elif plan == STRIDE:  # as far as it was to this run, it may be to the next
            found.search(WALK, max(1, 2 * good), 1)
        elif plan == WALK or 0 < size <= points:
            found.search(WALK, 2 * points, good + points)
        elif plan < HALVE:
            found.search(BAD, max(0, size - points), good + points)

    def _narrow(self, found, body):
        """`body`, a piece of the range that is searched, was refused."""
        plan, points = found.plan, body.points
        if plan == HALVE:
            self._settle(found.pin, body.first if points == 1 else body.last, found.end)
        elif plan != STRIDE and body.end < found.end:  # not the newest: it was asked in doubt; or cut for its bytes
            if plan != FIRST:
                found.search(WALK, points, found.good)  # so that another piece is asked next
        elif points > 1:
            found.search(BAD if found.good or plan in (FIRST, BAD) else FIRST, points, found.good)
        else:
            self._run_begins(found, body.first)

    def _run_begins(self, found, place):
        """A bad run: the newest point of the range, or that at a stride's end, is bad. The next stride is longer."""
        far = found.size if found.plan == STRIDE else 0
        found.search(STRIDE, far + 1 if far < 4 else far * 4, found.good)
        self._settle(found.pin, place, found.end)

    def _settle(self, pin, start, end):
        """All there is bad as far as is known: it rests for a day, joined with the run behind it. If it reaches to the
        cursor and there is a run right before it, it is held open."""
        again = False
        for found in self.ranges:
            if found.pin == pin and touch(end, found.start) and found.kind == RUN:
                end = found.end
            again = again or (found.pin == pin and touch(found.end, start) and found.kind in (RUN, HELD))
        last = OPEN if again and end == self.ring.cursor()[:2] else end
        self.ranges = self.without(pin, start, end)
        kind = HELD if last == OPEN else RUN
        self.ranges = normal(self.ranges + [Range(pin, start, last, kind, second(self.due))])
