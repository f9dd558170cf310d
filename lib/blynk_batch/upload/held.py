"""The table of refused points: ranges of the ring that the cursor has passed, and that are not delivered.

A range is an exact set of points, all those of its pin from `start` to `end`; never one that was delivered. Those that
touch become one, and in the state pins of equal bounds share one. Knows the state's keys; no network, no policy.
"""

from micropython import const

from ..ring import state as keys
from ..ring.reader import DATA

# Kinds. A range that is searched; a bad run that was found, and one that rests till it is tried again; one of a pin
# refused while nobody was accepted.
FRESH, RUN, HELD, DOUBT = 0, 1, 2, 3
OPEN = (1 << 40, 0)  # the end of a range that reaches to the cursor: its pin is not asked at present
_PINS = const(100)  # of one range: its value in the state has at most 255 bytes
_SPARE = const(6)  # places of the table
_PAUSE_EVERY = const(16)  # frames
_UNIT_BYTES = const(24)  # of a range of one pin in the state; larger ones leave room for fewer


class Range:
    """Points of `pin` from `start` to `end`.

    tried, tries      Unix s of the last try, 0: it is due; how many there were
    plan, size, good  of a FRESH one instead, in the same two numbers: how it is searched on, see settled.py"""

    def __init__(self, pin, start, end, kind, tried=0, tries=0):
        self.pin, self.start, self.end, self.kind, self.tried, self.tries = pin, start, end, kind, tried, tries

    @property
    def plan(self):
        return self.tried & 7 if self.kind == FRESH else None

    @property
    def size(self):
        return self.tried >> 3

    @property
    def good(self):
        return self.tries

    def search(self, plan, size=0, good=0):
        self.kind, self.tried, self.tries = FRESH, size << 3 | plan, good

    def part(self, start, end):
        return Range(self.pin, start, end, self.kind, self.tried, self.tries)

    def bounds(self):
        """What the pins that share a range in the state have in common."""
        is_open = self.end == OPEN
        last = (0, 0) if is_open else (self.end[0] - self.start[0], self.end[1])
        return self.start + last + (self.kind | (keys.OPEN_END if is_open else 0),)


def touch(end, start, exactly=False):
    """True if nothing lies in between."""
    return end == start or (not exactly and end[1] == 0 and start == (end[0], 1))


def normal(ranges):
    """`ranges` by pin and start, those joined that touch, without those of nothing."""
    found = []
    for one in sorted([one for one in ranges if one.start < one.end], key=lambda one: (one.pin, one.start)):
        last = found[-1] if found else None
        if last and (last.pin, last.kind) == (one.pin, one.kind) and touch(last.end, one.start, one.kind == FRESH):
            found.pop()
            one = one.part(last.start, one.end)
            if one.kind != FRESH:  # else the newer says how it is searched on
                one.tried, one.tries = min(last.tried, one.tried), min(last.tries, one.tries)
        found.append(one)
    return found


def values(ranges):
    """What the state has of them."""
    shared, found = {}, []
    for one in ranges:
        shared.setdefault((one.bounds(), one.kind == FRESH and (one.tried, one.tries)), []).append(one)
    for (bounds, _), all_of in shared.items():
        while all_of:
            some, all_of = all_of[:_PINS], all_of[_PINS:]
            tried, tries = min([one.tried for one in some]), min([one.tries for one in some])
            found.append(bounds + (tried, tries) + tuple([one.pin for one in some]))
    return found


def weight(ranges):
    """How many of the state's places the ranges take."""
    return sum([max(1, (4 + 2 * len(value)) // _UNIT_BYTES) for value in values(ranges)])


class Held:
    """The ranges in `ring.state`: change `ranges`, `store()`; `load()` once others worked on the ring."""

    def __init__(self, uploader):
        self._uploader, self.ring = uploader, uploader.ring
        self.load()

    def load(self):
        ring = self.ring
        self.ranges = []
        for key in keys.range_keys(ring.state):
            value = ring.state[key]
            kind = value[4]
            end = OPEN if kind & keys.OPEN_END else (value[0] + value[2], value[3])
            start = max(tuple(value[:2]), (ring.oldest, 0))  # what was overwritten counts no more
            for pin in value[7:] if start < end else ():
                self.ranges.append(Range(pin, start, end, kind & 3, value[5], value[6]))

    def store(self):
        ring, state = self.ring, self.ring.state
        self.ranges = normal(self.ranges)
        for _ in self.share() if weight(self.ranges) > keys.RANGES_MOST else ():
            pass
        while weight(self.ranges) > keys.RANGES_MOST:
            self.give_way(True)
        left, free = values(self.ranges), []
        for key in range(keys.RANGES, keys.RANGES + keys.RANGES_MOST):
            if state.get(key) in left:
                left.remove(state[key])
            else:
                free.append(key)
        for key in free:
            if left or key in state:
                ring.set(key, left.pop() if left else None)
        if keys.HELD in state and not [found for found in self.ranges if found.start < self.end_of(found)]:
            ring.add(keys.CORRUPT, ring.get(keys.HELD))  # damaged since: they cannot be tried any more
            ring.set(keys.HELD, None)

    def end_of(self, found):
        """Up to where its points are passed."""
        if found.end != OPEN:
            return found.end
        window = self.ring.state.get(keys.WINDOW)
        if window and keys.is_done(self.ring.state.get(keys.DONE, b""), found.pin):
            return window[:2]
        return max(self.ring.cursor()[:2], found.start)

    def without(self, pin, start, end, mended=False):
        """The ranges less the points of `pin` from `start` to `end`. `mended`: some of them were accepted, so what was
        open is no longer."""
        left = []
        for found in self.ranges:
            last = self.end_of(found)
            if pin != found.pin or end <= found.start or start >= last:
                left.append(found)
                continue
            if start > found.start:
                left.append(found.part(found.start, start))
            if found.end == OPEN and mended:
                found = found.part(found.start, last)
            if end < last or (found.end == OPEN and end <= last):
                left.append(found.part(end, found.end))
        return left

    def at(self, pin, start, end):
        """The first range with points of `pin` from `start` to `end`, or None."""
        for found in self.ranges:
            if found.pin == pin and found.start < end and start < self.end_of(found):
                return found
        return None

    def count(self, place):
        """How many points the ranges of equal bounds have: a pass over them."""
        count, pins = 0, [found.pin for found in place]
        reader = self.ring.reader(place[0].start + (0,), self.end_of(place[0]))
        while reader.next():
            if reader.kind == DATA:
                count += len([pin for pin in reader.chain.pins if pin in pins])
        return count

    def reach(self, one, *kinds):
        """Have `one` begin where its pin's range before it ends, if that is of one of `kinds` and none of the pin's
        points lies in between: so they touch. Else each point of a pin that has one now and then would take a place of
        its own. A generator that lets others work in between."""
        before = [found for found in self.ranges if found.pin == one.pin and found.end <= one.start]
        last = max(before, key=lambda found: found.end) if before else one
        if last.kind in kinds and last.end < one.start:
            frames, reader = 0, self.ring.reader(last.end + (0,), one.start)
            while reader.next():
                frames += 1
                if frames % _PAUSE_EVERY == 0:
                    yield None
                if reader.kind == DATA and one.pin in reader.chain.pins:
                    return
            one.start = last.end

    def share(self):
        """Give ranges that rest common bounds where none of their pins has a point in between, so that they share a
        place: a pass over them, that lets others work in between."""
        spans, of_pin = {}, {}  # start, end, the last point before and the first behind of its pins; its ranges
        for found in self.ranges:
            if found.kind != FRESH:
                span = spans.setdefault(found.bounds(), [found.start, found.end, (-1, 0), OPEN, []])
                span[4].append(found)
                of_pin.setdefault(found.pin, []).append(span)
        spans = list(spans.values())
        ends = [span[0] if span[1] == OPEN else span[1] for span in spans]
        reader = self.ring.reader(min([span[0] for span in spans]) + (0,), max(ends)) if spans else None
        frames = 0
        while reader and reader.next():
            frames += 1
            if frames % _PAUSE_EVERY == 0:
                yield None
            for pin in reader.chain.pins if reader.kind == DATA else ():
                for span in of_pin.get(pin, ()):
                    if reader.position < span[0]:
                        span[2] = reader.position
                    elif reader.position >= span[1]:
                        span[3] = min(span[3], reader.position)
        while spans:
            one = spans.pop()
            for other in spans:
                start, end = min(one[0], other[0]), max(one[1], other[1])
                last, first = max(one[2], other[2]), min(one[3], other[3])
                is_alike = one[4][0].kind == other[4][0].kind and (one[1] == OPEN) == (other[1] == OPEN)
                if is_alike and last < start and end <= first:
                    other[:] = start, end, last, first, one[4] + other[4]
                    break
            else:
                for found in one[4]:
                    found.start, found.end = one[:2]

    def give_way(self, force):
        """Let go of a range, its points counted as rejected: of one point that was refused alone on seven tries. If
        that is not there and there must be room, of the fewest points, with all pins that share its place, one that
        rests if there is any."""
        places = {}
        for found in self.ranges:
            places.setdefault(found.bounds(), []).append(found)
        old = [[found] for found in self.ranges if found.tries >= 7 and found.kind == HELD and found.end != OPEN]
        old = [place for place in old if self.count(place) <= 1]
        if not old and not force:
            return False
        victims = min(old or places.values(), key=lambda place: (place[0].kind not in (RUN, HELD), self.count(place)))
        count = self.count(victims)
        self.ranges = [found for found in self.ranges if found not in victims]
        self.ring.add(keys.HELD, -count)
        self.ring.add(keys.REJECTED, count)
        return True

    def has_places(self):
        """True if there are places to spare for points that may be good."""
        return weight(self.ranges) <= keys.RANGES_MOST - _SPARE

    def leaves_places(self, pin, start, end):
        """True if two places of the table are free once what lies in between is accepted: else good points between
        bad ones wait with them."""
        while True:
            now = weight(normal(self.ranges))
            then = weight(normal(self.without(pin, start, end, True)))
            if then <= max(keys.RANGES_MOST - 2, now):
                return True
            if not self.give_way(False):
                return False


def release(ring, pins):
    """Try the ranges of one of `pins` whole with the next drain."""
    for key in keys.range_keys(ring.state):
        value = ring.state[key]
        if [pin for pin in value[7:] if pin in pins]:
            ring.set(key, value[:5] + (0, value[6] & ~1) + value[7:])
    ring.forget(keys.DOUBT)


def release_of(client):
    """What its program released."""
    pins, client.released = client.released, b""
    release(client.ring, pins)
    client.ring.save(must=False)  # a full ring has it until the next reset
