"""The table of refused points: ranges of the ring that the cursor has passed, and that are not delivered.

Knows the ring and its state; no network, no policy. ranges.py has what a range is.
"""

from ..ring import state as keys
from ..ring.reader import DATA
from .counting import PAUSE_EVERY
from .ranges import FRESH, HELD, OPEN, RUN, normal, store, weight


class Held:
    """The ranges in `ring.state`: change `ranges`, `store()`."""

    def __init__(self, uploader, ranges=()):
        self._uploader, self.ring, self.ranges = uploader, uploader.ring, ranges

    def store(self):
        ring = self.ring
        self.ranges = normal(self.ranges)
        for _ in self.share() if weight(self.ranges) > keys.RANGES_MOST else ():
            pass
        while weight(self.ranges) > keys.RANGES_MOST:
            self.give_way(True)
        store(ring, self.ranges)
        if keys.HELD in ring.state and not [found for found in self.ranges if found.start < self.end_of(found)]:
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
            if end < found.end:
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
            if frames % PAUSE_EVERY == 0:
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
                is_alike = one[4][0].bounds()[4] == other[4][0].bounds()[4]  # of a kind, and open or not
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
