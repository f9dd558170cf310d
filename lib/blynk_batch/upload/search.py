"""What is asked of refused points, once all windows are through: the search for the good ones, the daily tries, and the
hourly questions while nobody is accepted.

Pure policy, as Window: `next()` gives the next batch; `accepted()`, `refused()` say what its reply means. The step
under way and the places of its request are in the state before it is asked, so that a repeat is the same batch.
The search walks a range from its newest point to the left: good points in doubled or halved pieces, bad runs by
single points at distances 1, 1, 1, 4, 16, their ends by halving, and where there are requests to spare, points within.
"""

# pyright: reportAttributeAccessIssue=false
# A Step's attributes come from its list of names, and without one nothing asks for them.

from micropython import const

from ..clock.times import Times
from ..ring import state as keys
from .batch import Body
from .held import DOUBT, FRESH, HELD, KNOWN
from .settled import Settled, Step

_ALL = const(1 << 29)
_SPARE = const(9)  # requests of a search that are not for samples

# What a step does; how it finds: to the left in good points, at a bad one, between a good one and the bad run, in it
_FIND, _TRY, _PROBE = 0, 1, 2
_WALK, _STRIDE, _HALVE, _SAMPLE = 0, 1, 2, 3


class Search(Settled):
    def begin(self):
        """A drain begins."""
        self.load()
        for found in self.ranges:
            if found.kind == KNOWN:
                found.kind = FRESH  # it may have been mended since
        self.store()
        self._refused = {}  # {pin refused in this drain while nobody was accepted: True}
        self._spent, self._most = {}, {}  # requests of each pin in this drain
        self._queue = []  # (pin, low, high, place) to be tried
        saved = self.ring.state.get(keys.SEARCH)
        self.step = Step(saved) if saved and len(saved) == 22 else None
        self.unsure = True

    # As a Window for its batches

    @property
    def cutoff(self):
        return self.step.cutoff if self.step else 0

    def times(self):
        # All of them are older than the last point delivered, which serves where the clock is not set.
        now = self.step.now or self.ring.get(keys.KNOWN) or 1
        times = Times(self.ring, now, self._uploader.settings["unsynced"], self.step.seen)
        times.known = 0
        return times

    def _look(self, low, high, *wanted):
        """(points to send from `low` to `high`, {number: place of that one}, True if others lie before the first)."""
        count, places, others = 0, {}, [0] * 6
        skipped = False
        for found in Body(self, self.step.pin, low + (0,), low, high)._frames(others):
            if not found:
                yield
                continue
            if count in wanted:
                places[count] = found[0].position
            skipped = skipped or (not count and any(others[2:4]))
            count += 1
        return count, places, skipped

    # What to ask next

    def next(self):
        """The next Body, or None at the end: a generator that lets others work in between."""
        ring = self.ring
        while True:
            crowded = not self.has_room()
            asked = ring.state.get(keys.ASKED) if self.step else None
            if crowded and not asked and self.step and self.step.what == _FIND:
                self.step = None
            if asked:
                body = Body(self, self.step.pin, asked[:2] + (0,), asked[:2], asked[2:4])
                yield from body.measure()
            else:
                if not self.step:
                    if not (yield from self._pick(crowded)):
                        return None
                    self.store()
                    ring.set(keys.SEARCH, self.step.value)  # clear() takes it away
                body = yield from self._ask()
            if body and body.points:
                return body
            if body:
                self._gone(body)

    def _pick(self, crowded):
        """The next step, saved before it is asked: a search, a question, a daily try. False if none is due. `crowded`:
        there is no room for notes, and there will be once the oldest sector's points are delivered."""
        uploader, ring = self._uploader, self.ring
        step = self.step = Step()
        now = uploader.boots.now()
        step.cutoff, step.now, step.seen = uploader.cutoff(), now or 0, ring.end()[:2]
        for found in self.ranges if not crowded else ():
            if found.kind in (FRESH, KNOWN):
                for pin in found.pins:
                    step.pin, step.low, step.high = pin, found.start, self.end_of(found)
                    count = (yield from self._look(step.low, step.high))[0]
                    if not count or (yield from self._left()) > 0:
                        step.bad = count if found.kind == KNOWN and count <= uploader.settings["batch_points"] else 0
                        step.size = 1 if step.bad else _ALL
                        return True
        step.place = -1
        doubts = [(found, pin) for found in self.ranges if found.kind == DOUBT for pin in found.pins]
        if doubts and not uploader.trusted and uploader.pace.may_ask():
            found, step.pin = doubts[ring.get(keys.DOUBT) % len(doubts)]
            step.what, step.low, step.high = _PROBE, found.start, self.end_of(found)
            if step.pin in self._refused:
                step.place = 0  # the whole was just refused
            return True
        if self._queue or self._due(now, crowded):
            step.what = _TRY
            step.pin, step.low, step.high, step.place = self._queue.pop(0)
            return True
        self.step = None
        return False

    def _due(self, now, crowded):
        """Queue the tries of the first range whose day has passed; False if there is none."""
        pace = self._uploader.pace
        due = [
            found
            for found in self.ranges
            if (found.kind != DOUBT and found.start[0] == self.ring.oldest if crowded else found.kind == HELD)
            and pace.rested(found.tried)
            and not [pin for pin in found.pins if self._spent.get(pin, 0) >= self._most.get(pin, _ALL)]
        ]
        if now is None and due:
            pace.tried_ms = self._uploader.boots.uptime()
        for found in due:
            found.tried = 0
        for found in due[:1]:
            # Whole, the newest, whole, the oldest, whole, the middle ...; where there is no room only whole
            place = found.tries // 2 if found.tries & 1 and not crowded else -1
            self._queue = [(pin, found.start, self.end_of(found), place) for pin in found.pins]
            found.tried, found.tries = now // 1000 if now is not None else 1, found.tries + (not crowded)
        return bool(due)

    def _left(self):
        """Requests that the search may still make for the step's pin in this drain."""
        pin = self.step.pin
        if pin not in self._most:
            ranges = [found for found in self.ranges if pin in found.pins]
            last = max([self.end_of(found) for found in ranges])
            count = (yield from self._look(ranges[0].start, last))[0]
            size = self.ring.get(keys.SIZE) or self._uploader.settings["batch_points"]
            self._most[pin] = 2 * _bits(count) + 6 + count // size
        return self._most[pin] - self._spent.get(pin, 0)

    def _ask(self):
        """The step's next Body, its places saved; one without points if there are some that need not be sent; None if
        the step is over or became another."""
        step, ring = self.step, self.ring
        low, high = step.low, step.high
        if step.phase >= _HALVE:
            low, high = step.good_end, step.at if step.phase == _HALVE else step.top
        count, places, others = yield from self._look(low, high, 0)
        if others or not count:
            body = Body(self, step.pin, low + (0,), low, places.get(0, high))
            yield from body.measure()
            return body
        if step.phase == _SAMPLE and (step.far > _bits(count) - 2 or (yield from self._left()) < _SPARE):
            self._end_run()
            self.save()
            return None
        limit = self._uploader.limit()
        index, other = 0, min(count, limit)
        if step.what != _FIND:
            step.bad = count
            if step.place >= 0:
                index = _place(step.place, count)
                other = index + 1
        elif step.phase == _WALK:
            step.bad = step.bad if step.bad <= count else 0
            if step.bad == 1:
                self._at_bad((yield from self._look(low, high, count - 1))[1][count - 1] if count > 1 else low)
                self.save()
                return None
            index, other = count - min(step.size, limit, count), count
        elif step.phase == _STRIDE:
            index = max(0, count - (1 if step.far < 4 else step.far))
            other = index + 1
        elif step.phase == _SAMPLE:
            index = _place(step.far, count)
            other = index + 1
        elif step.bad:  # is it that run's, or is there another one before it?
            index, other = step.bad, step.bad + 1
        else:
            other = min((count + 1) // 2, limit)
        while True:
            places = (yield from self._look(low, high, index, other))[1]
            start, end = places[index] if index else low, places.get(other, high)
            if step.what == _FIND and (yield from self._left()) <= 0:
                return self._stop(False)
            if not self.fits(step.pin, start, end):
                return self._stop(True)
            body = Body(self, step.pin, start + (0,), start, end)
            yield from body.measure(None, self._uploader.batch_bytes)
            if body.end == end:
                break
            half = (other - index) // 2  # too many bytes
            index, other = (
                (other - half, other) if step.phase == _WALK and step.what == _FIND else (index, index + half)
            )
        if keys.SEARCH not in ring.state:
            self.was_cleared()
            return None
        ring.set(keys.ASKED, start + end)
        self.save()
        return body


def _bits(number):
    count = 0
    while number:
        number >>= 1
        count += 1
    return count


def _place(number, count):
    """Newest, oldest, middle, quarters, ... of `count` points."""
    if number < 2:
        return 0 if number else count - 1
    number, at, step = number - 1, 0, 1
    while number:
        at, step, number = 2 * at + (number & 1), step * 2, number >> 1
    return at * count // step % count
