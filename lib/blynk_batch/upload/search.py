"""What is asked of refused points, once all windows are through: the search for the good ones, the daily tries, and the
hourly questions while nobody is accepted.

Pure policy, as Window: `next()` gives the next batch; `accepted()`, `refused()` say what its reply means. The step
under way and the places of its request are in the state before it is asked, so that a repeat is the same batch.
The search walks a range from its newest point to the left: good points in doubled or halved pieces, bad runs by
single points at distances 1, 1, 1, 4, 16, their ends by halving. Once all is walked, what requests are left ask for
points within the bad runs, which were passed in strides.
"""

# pyright: reportAttributeAccessIssue=false
# A Step's attributes come from its list of names, and without one nothing asks for them.

from micropython import const

from ..clock.times import Times
from ..ring import state as keys
from .batch import Body
from .held import DOUBT, FRESH, HELD, RUN
from .settled import FIND, HALVE, STRIDE, TRY, WALK, Settled, Step

_ALL = const(1 << 29)
_WHOLE = const(0)  # of the numbers of single points: newest, oldest, middle, quarters ...
_NEWEST = const(1)
_OLDEST = const(2)
_MIDDLE = const(3)
_SAMPLES = const(12)  # most points within a bad run that are asked for at once


class Search(Settled):
    unsure = True

    def begin(self):
        """A drain begins."""
        self.load()
        self._refused = {}  # {pin: where a batch of it began that was refused in this drain}
        self._spent, self._most = {}, {}  # requests of each pin in this drain
        self._queue = []  # (pin, low, high, place) to be tried
        saved = self.ring.state.get(keys.SEARCH)
        self.step = Step(saved) if saved else None

    # As a Window for its batches

    @property
    def cutoff(self):
        return self.step.cutoff

    def times(self):
        # All of them are older than the last point delivered, which serves where the clock is not set.
        now = self.step.now or self.ring.get(keys.KNOWN) or 1
        times = Times(self.ring, now, self._uploader.settings["unsynced"], self.step.seen)
        times.known = 0
        return times

    def _count_to_send(self, low, high, *wanted):
        """(points to send from `low` to `high`, {number: place of that one})."""
        count, places = 0, {}
        for found in Body(self, self.step.pin, low + (0,), low, high)._frames():
            if not found:
                yield
                continue
            if count in wanted:
                places[count] = found[0].position
            count += 1
        return count, places

    # What to ask next

    def next(self):
        """The next Body, or None at the end: a generator that lets others work in between."""
        ring = self.ring
        while True:
            crowded = not self.has_room()
            asked = ring.state.get(keys.ASKED) if self.step else None
            if asked:
                body = Body(self, self.step.pin, asked[:2] + (0,), asked[:2], asked[2:4])
                yield from body.measure()
            elif self.step and not (crowded and self.step.what == FIND):
                body = yield from self._next_body()
            elif (yield from self._next_step(crowded)):
                self.note()
                continue
            else:
                return None
            if body and body.points:
                return body
            if body:
                self._nothing_to_send(body)

    def _next_step(self, crowded):
        """The next step, saved before it is asked: a search, a question, a daily try. False if none is due. `crowded`:
        there is no room for notes, and there will be once the oldest sector's points are delivered."""
        uploader, ring = self._uploader, self.ring
        step = self.step = Step()
        step.cutoff, step.now, step.seen = uploader.cutoff(), uploader.boots.now() or 0, ring.end()[:2]
        for found in self.ranges:
            found.end = self.end_of(found) if found.kind == FRESH else found.end
        for found in self.ranges if not crowded else ():
            if found.kind == FRESH:
                step.pin, step.low, step.high = found.pin, found.start, found.end
                count = (yield from self._count_to_send(step.low, step.high))[0]
                if not count or self._requests_left() > 0:
                    bad = found.start <= self._refused.pop(found.pin, (-1, 0)) < step.high
                    step.bad = count if bad and count <= uploader.settings["batch_points"] else 0
                    step.size = 1 if step.bad else _ALL
                    return True
        if not self._queue:
            yield from self._ask_in_doubt()
        if not self._queue and not crowded:
            yield from self._look_into_runs()
        if not self._queue:
            self._try_daily(crowded)
        if not self._queue:
            self.step = None
            return False
        step.what = TRY
        step.pin, step.low, step.high, step.place = self._queue.pop(0)
        return True

    def _ask_in_doubt(self):
        """While nobody is accepted, queue what one pin in doubt is asked for this hour: the whole unless it was just
        refused, the newest or the oldest point, another one each time."""
        uploader = self._uploader
        doubts = [found for found in self.ranges if found.kind == DOUBT]
        if not doubts or uploader.trusted or not uploader.pace.may_ask():
            return
        turn = self.ring.get(keys.DOUBT)
        for number in range(turn, turn + len(doubts)):
            found = doubts[number % len(doubts)]
            self.step.pin = pin = found.pin
            low, high = found.start, self.end_of(found)
            count = (yield from self._count_to_send(low, high))[0]
            if count:  # else all of it has expired, and that is no question
                break
        first = _NEWEST if pin in self._refused else _WHOLE
        places = (first, first + 1, _MIDDLE + turn)
        self._queue = [(pin, low, high, place) for place in places[: count + 1]]
        self.ring.set(keys.DOUBT, (turn + 1, uploader.pace.tries()))

    def _look_into_runs(self):
        """Queue points within a bad run that was passed in strides, unless it is all that the pin has, or too few
        requests are left."""
        step = self.step
        for first in [found for found in self.ranges if found.kind == RUN]:
            group = self._sharing(first) if first.kind == RUN else ()
            for found in group:
                step.pin, end = found.pin, self.end_of(found)
                alone = len([other for other in self.ranges if other.pin == found.pin]) == 1
                count = (yield from self._count_to_send(found.start, end))[0]
                most = 0 if alone else min(count // 4, _SAMPLES)
                if self._requests_left() < most:
                    break
                self._queue += [(found.pin, found.start, end, _MIDDLE + number) for number in range(most)]
            else:
                for found in group:
                    found.kind = HELD
            if self._queue:
                return
        self.store()

    def _try_daily(self, crowded):
        """Queue the tries of the first range whose day has passed."""
        pace = self._uploader.pace
        due = [
            found
            for found in self.ranges
            if (found.kind != DOUBT and found.start[0] == self.ring.oldest if crowded else found.kind == HELD)
            and pace.rested(found.tried)
            and self._spent.get(found.pin, 0) < self._most.get(found.pin, _ALL)
        ]
        for found in due:
            found.tried = 0  # without a clock the next try tells of all
        tried = pace.tries() if due else 0
        for found in self._sharing(due[0]) if due else ():
            # Whole, the newest, whole, the oldest, whole, the middle ...; where there is no room only whole
            place = _NEWEST + found.tries // 2 if found.tries & 1 and not crowded else _WHOLE
            self._queue.append((found.pin, found.start, self.end_of(found), place))
            found.tried, found.tries = tried, found.tries + (not crowded)

    def _sharing(self, one):
        """The ranges that share a place in the state with `one`: what they become, they become together."""
        return [found for found in self.ranges if found.bounds() == one.bounds()]

    def _requests_left(self):
        """Requests that the search may still make for the step's pin in this drain: all that is held tells how many."""
        pin, count = self.step.pin, self.ring.get(keys.HELD)
        bits = len(bin(count)) - 2
        size = self.ring.get(keys.SIZE) or self._uploader.settings["batch_points"]
        self._most[pin] = max(self._most.get(pin, 0), 2 * bits + 6 + count // size)
        return self._most[pin] - self._spent.get(pin, 0)

    def _next_body(self):
        """The step's next Body, its places saved; one without points if there are some that need not be sent; None if
        the step is over or became another."""
        step, ring = self.step, self.ring
        low, high = step.low, step.high
        if step.phase == HALVE:
            low, high = step.good_end, step.at
        count = (yield from self._count_to_send(low, high))[0]
        if not count:
            body = Body(self, step.pin, low + (0,), low, high)
            yield from body.measure()
            return body
        step.bad = step.bad if step.bad <= count else 0
        index, points = self._choose(count, self._uploader.limit())
        places = (yield from self._count_to_send(low, high, index, index + points))[1]
        if index and index not in places:
            return None  # overwritten meanwhile
        start, end = places[index] if index else low, places.get(index + points, high)
        if step.bad == 1:  # the newest, for sure
            self._at_bad(start)
            self._walk_on()
            self.save()
            return None
        if step.what == FIND and self._requests_left() <= 0:
            return self._end_step()
        if not self.leaves_places(step.pin, start, end):
            return self._end_step(over=True)
        body = Body(self, step.pin, start + (0,), start, end)
        yield from body.measure(None, self._uploader.batch_bytes)
        if body.end != end and step.what == FIND and step.phase == WALK:
            step.size = body.points  # too many bytes to walk with
            return None
        if keys.SEARCH not in ring.state:  # cleared meanwhile
            self.load()
            return None
        ring.set(keys.ASKED, start + body.end)
        self.save()
        return body

    def _choose(self, count, limit):
        """(number of the first, how many) of the step's `count` points to ask for."""
        step = self.step
        if step.what == TRY:
            return (0, min(count, limit)) if step.place == _WHOLE else (_place(step.place, count), 1)
        if step.phase == WALK:
            points = min(step.size, limit, count)
            return count - points, points
        if step.phase == STRIDE:
            return max(0, count - (1 if step.far < 4 else step.far)), 1
        return 0, min((count + 1) // 2, limit)


def _place(number, count):
    """Newest, oldest, middle, quarters, ... of `count` points."""
    if number == _NEWEST:
        return count - 1
    number, at, step = number - _OLDEST, 0, 1
    while number:
        at, step, number = 2 * at + (number & 1), step * 2, number >> 1
    return at * count // step
