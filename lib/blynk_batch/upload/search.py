"""What is asked of refused points, once all windows are through: the search for the good ones, the daily tries, and the
hourly questions while nobody is accepted.

    next      the request under way again | a piece of a range that is searched, by its plan | a try: all, or one point
    accepted  it leaves its range; the search, or the tries, go on with the rest of that
    refused   a smaller piece is next; if it was one point, a bad run begins there, which is followed to the left

Pure policy, as Window; settled.py has what the replies mean. The bounds of a request, and what its times are judged by,
are in the state before it is asked, so that a repeat is the same batch. Once all is searched, the requests that are
left ask for points within the bad runs, which the search passed in strides.
"""

from micropython import const

from ..ring import state as keys
from .due import may_ask, rested, tries
from .hold import has_places, reach
from .ranges import BAD, DOUBT, FIRST, FRESH, HALVE, HELD, ORDER, RUN, STRIDE, WALK, weight
from .settled import Piece, Settled

_ALL = const(1 << 29)
_WHOLE = const(0)  # of the numbers of single points: newest, oldest, middle, quarters ...
_NEWEST = const(1)
_OLDEST = const(2)
_MIDDLE = const(3)
_SAMPLES = const(12)  # most points within a bad run that are asked for at once


class Search(Settled):
    # cutoff, seen   of the request under way: Unix ms, and the ring's end when it was first made
    unsure = False  # as Window has it; but its passes begin where its points do
    _is_shared = False
    _counts = {}  # {(pin, start, end of a range, oldest sector, cutoff): points}, known for the next request

    # As a Window for its batches

    def times(self):
        from ..clock.times import Times

        # All of them are older than the last point delivered, which serves where the clock is not set.
        now = self.now or self.ring.get(keys.KNOWN) or 1
        times = Times(self.ring, now, self._uploader.settings["unsynced"], self.seen)
        times.known = 0
        return times

    def _measured(self, pin, low, high, *limits):
        """A Piece of the points to send from `low` to `high`, measured."""
        body = Piece(self, pin, low, high)
        yield from body.measure(*limits)
        return body

    # What to ask next

    def next(self):
        """The next Body, or None at the end: a generator that lets others work in between."""
        uploader, ring = self._uploader, self.ring
        many = len({found.pin for found in self.ranges}) > keys.RANGES_MOST // 2  # few pins can share little
        if many and not (self._is_shared or has_places(ring)):
            self._is_shared = True  # once in a drain
            yield from self.share()
        while True:
            asked = ring.state.get(keys.ASKED)
            if asked and self.at(asked[4], asked[:2], asked[2:4]):
                pin, self.cutoff, self.now = asked[4:7]
                self.seen = asked[7:]
                body = yield from self._measured(pin, asked[:2], asked[2:4])
            else:
                ring.forget(keys.ASKED)  # its range has given way to others
                self.cutoff, self.now, self.seen = uploader.cutoff(), uploader.boots.now() or 0, ring.end()[:2]
                found = self._to_search() if self.has_room() else None
                if not found or self._turn() & 1:
                    if (yield from self._has_try()):
                        found = None
                    elif not found:
                        self.note()
                        return None
                if found and self._reached.get(found.pin) != found.start:
                    yield from reach(ring, self.ranges, found, RUN, HELD)
                    self._reached[found.pin] = found.start
                what = (found.pin, found.start, found.end) if found else self._queue[0]
                body = yield from self._body_of(found, *what)
            if body and body.len_bytes > 1:
                return body
            if body:
                self.accepted(body)
            yield None  # each step saves once: see Terms.step()

    def _turn(self):
        """While all is in vain another number for each request, so that no request is repeated for ever; else 0."""
        return self.ring.get(keys.REQUESTS) if self._uploader.pace.in_vain() else 0

    def _to_search(self):
        """The next range to search, of a pin that has requests left, or None; those without places come last. In a full
        ring it is the oldest, and if it has good points, only its first sector: notes take room, for which this sector
        goes next."""
        is_full, turned = self.due.is_full(), self._turn() // 2 % max(1, len(self.ranges))
        fresh = [found for found in self.ranges[turned:] + self.ranges[:turned] if found.kind == FRESH]
        for found in fresh:
            found.end = self.end_of(found)
        fresh = [found for found in fresh if self._requests_left(found.pin) > 0]  # else the next drain goes on here
        if not fresh:
            return None
        best = min(fresh, key=lambda one: (one.pin in self._crowded, one.start if is_full else ()))
        last = (best.start[0] + 1, 0)
        is_mixed = best.plan in (WALK, BAD) and best.good
        if is_full and is_mixed and best.end[0] > last[0] and weight(self.ranges) < keys.RANGES_MOST - 2:
            self.ranges.append(best.part((last[0], 1), best.end))  # no frame lies in between, but they do not touch
            best.end = last
            best.search(WALK)
        return best

    def _has_try(self):
        """Queue a question, a look into a bad run or a daily try; true if there is any. Without room for notes, only
        what lies in the oldest sector is tried: once that is delivered, there is room."""
        crowded = not self.has_room()
        self._queue = [queued for queued in self._queue if self.at(*queued[:3])]
        if not self._queue:
            yield from self._ask_in_doubt()
        if not self._queue and not crowded:
            yield from self._look_into_runs()
        if not self._queue:
            self._try_daily(crowded)
        return self._queue

    def _ask_in_doubt(self):
        """While nobody is accepted, queue what one pin in doubt is asked for this hour: all of it, unless that was just
        refused, and single points, another one each time."""
        uploader = self._uploader
        doubts = [found for found in self.ranges if found.kind == DOUBT]
        if not doubts or not may_ask(self.due):
            return
        turn = self.ring.get(keys.DOUBT)
        for number in range(turn, turn + len(doubts)):
            found = doubts[number % len(doubts)]
            pin, low, high = found.pin, found.start, self.end_of(found)
            body = yield from self._measured(pin, low, high)
            first = _NEWEST if pin in uploader.refused else _WHOLE
            places = (first, first + 1, _MIDDLE + turn)[: body.points + 1] if body.points or body.others else ()
            self._queue += [(pin, low, high, place) for place in places]
            if body.points:
                break  # else all of it has expired, and tells nothing: on to the next pin
        self.ring.set(keys.DOUBT, (turn + 1, tries(self.due)))

    def _look_into_runs(self):
        """Queue points within a bad run that was passed in strides, unless the pin has no other range, or too few
        requests left."""
        for first in self.ranges:
            group = self._sharing(first) if first.kind == RUN else ()
            for found in group:
                pin, end = found.pin, self.end_of(found)
                alone = len([other for other in self.ranges if other.pin == pin]) == 1
                count = (yield from self._measured(pin, found.start, end)).points
                most = 0 if alone else min(count // 4, _SAMPLES)
                if self._requests_left(pin) < most:
                    break
                self._queue += [(pin, found.start, end, _MIDDLE + number) for number in range(most)]
            else:
                for found in group:
                    found.kind = HELD
            if self._queue:
                return

    def _try_daily(self, crowded):
        """Queue the tries of the first range whose day has passed."""
        due = [
            found
            for found in self.ranges
            if (found.kind != DOUBT and found.start[0] == self.ring.oldest if crowded else found.kind == HELD)
            and (found.kind == FRESH or rested(self.due, found.tried))
            and self._spent.get(found.pin, 0) < self._most.get(found.pin, _ALL)
        ]
        if not due:
            return
        for found in due:
            found.tried = 0  # without a clock the next try tells of all
        tried, group = tries(self.due), self._sharing(due[0])
        first = group[0].tries // 2 % len(group)  # another pin each time, since the first may fail on
        for found in group[first:] + group[:first]:
            if found.kind == FRESH:
                found.kind, found.tries = RUN, 0  # _look_into_runs() has it once there is room
            # In turn all, the newest, all, the oldest, all, the middle ...; without room for notes always all
            place = _NEWEST + found.tries // 2 if found.tries & 1 and not crowded else _WHOLE
            self._queue.append((found.pin, found.start, self.end_of(found), place))
            found.tried, found.tries = tried, found.tries + (not crowded)

    def _sharing(self, one):
        """The ranges that share a place in the state with `one`: they change together."""
        return [found for found in self.ranges if found.bounds() == one.bounds()]

    def _requests_left(self, pin):
        """Requests that the search may still make for `pin` in this drain; how many depends on all that is held."""
        count = self.ring.get(keys.HELD)
        most = 2 * len(bin(count)) + 2 + count // self._uploader.size()  # bin() has two characters more than bits
        most = self._most[pin] = max(self._most.get(pin, 0), most)
        return most - self._spent.get(pin, 0)

    def _body_of(self, found, pin, low, high, place=_WHOLE):
        """The next Body: a piece of the range `found` by its plan; if that is None, what is to be tried. Its bounds are
        saved. A Body without points if none of them need be sent; None if something else must be chosen."""
        ring, uploader = self.ring, self._uploader
        start, now = low, (ring.oldest, self.cutoff)
        count = self._counts.get((pin, low, high) + now)
        if not count:
            body = yield from self._measured(pin, low, high)
            count, question = body.points, uploader.question(body.others)
            if question or not count or low < ring.cleared:  # cleared while others worked
                self.note()
                return None if low < ring.cleared else question or body
        index, points = self._piece(found, place, count, uploader.limit())
        if index:
            start = (yield from self._measured(pin, low, high, index)).end
            if start == high:
                return None  # overwritten meanwhile
        self._counts = {(pin, low, high) + now: count, (pin, low, start) + now: index}  # if refused, or accepted
        if found and found.size == 1 and found.plan in (FIRST, BAD):
            self._run_begins(found, start)  # one point, known to be bad
            self.save()
            return None
        body = yield from self._measured(pin, start, high, points, uploader.batch_bytes)
        crowded = found and points == 1 < count and weight(self.ranges) >= keys.RANGES_MOST
        # A try of all is made in any case if only that can make room for notes, or if its range is in doubt
        is_last_way = not (found or place or (self.has_room() and self.at(pin, low, high).kind != DOUBT))
        if crowded or not (is_last_way or self.leaves_places(pin, start, body.end)):
            if not found:
                del self._queue[0]
            elif pin in self._crowded:
                self._settle(pin, low, high)
            else:
                self._crowded.append(pin)
            self.save()
            return None
        if found and index and 0 < body.points < points:  # too many bytes: fewer points, but the newest
            found.search(WALK, body.points, found.good)
            return None
        self.note()
        if not self.at(pin, start, body.end):  # note() let it give way, or it was cleared
            return None
        ring.set(keys.ASKED, start + body.end + (pin, self.cutoff, self.now) + self.seen)
        self.save()
        return body

    def _piece(self, found, place, count, limit):
        """(number of the first, how many) of `count` points that the plan of `found` asks for; without, `place`."""
        if not found:
            return (_place(place, count), 1) if place else (0, min(count, limit))
        plan, size = found.plan, found.size
        if plan in (HALVE, ORDER):
            return 0, min(count if plan == ORDER else (count + 1) // 2, limit)
        if plan == STRIDE:
            return max(0, count - (1 if size < 4 else size)), 1
        size = size or count
        if plan != WALK:
            found.search(plan, size, found.good)
            size = 1 if plan == FIRST else max(1, size // 2)
        points = min(size, count, limit)
        return count - points, points


def _place(number, count):
    """Newest, oldest, middle, quarters, ... of `count` points."""
    if number == _NEWEST:
        return count - 1
    number, at, step = number - _OLDEST, 0, 1
    while number:
        at, step, number = 2 * at + (number & 1), step * 2, number >> 1
    return at * count // step
