"""The table of refused points: ranges of the ring that the cursor has passed, and that are not delivered.

A range is an exact set of points, all those of its pins from `start` to `end`; never one that was delivered. Pins of
equal bounds share a range, ranges of equal pins that touch become one. Knows the state's keys; no network, no policy.
"""

from micropython import const

from ..ring import state as keys
from ..ring.reader import DATA

# Kinds. A range that is searched; a bad run that was found, and one that rests till it is tried again; one of a pin
# refused while nobody was accepted.
FRESH, RUN, HELD, DOUBT = 0, 1, 2, 3
OPEN = (1 << 40, 0)  # the end of a range that reaches to the cursor: its pin is not asked at present
_PINS = const(100)  # of one range: its value in the state has at most 255 bytes
_UNIT_BYTES = const(24)  # of a range of one pin in the state; larger ones leave room for fewer


class Range:
    def __init__(self, pins, start, end, kind, tried=0, tries=0):
        self.pins, self.start, self.end, self.kind, self.tried, self.tries = pins, start, end, kind, tried, tries

    def but(self, **new):
        made = Range(self.pins, self.start, self.end, self.kind, self.tried, self.tries)
        for name in new:
            setattr(made, name, new[name])
        return made

    @property
    def value(self):
        """What the state has of it."""
        is_open = self.end == OPEN
        last = (0, 0) if is_open else (self.end[0] - self.start[0], self.end[1])
        kind = self.kind | (keys.OPEN_END if is_open else 0)
        return self.start + last + (kind, self.tried, self.tries) + tuple(self.pins)


def _joined(one, other):
    """The range that stands for both, or None."""
    kind = one.kind
    if kind != other.kind:
        return None
    tried, tries = min(one.tried, other.tried), min(one.tries, other.tries)
    if one.start == other.start and one.end == other.end and len(one.pins) + len(other.pins) <= _PINS:
        return Range(bytes(sorted(set(one.pins + other.pins))), one.start, one.end, kind, tried, tries)
    if one.pins == other.pins and one.end == other.start:
        return Range(one.pins, one.start, other.end, kind, tried, tries)
    return None


def normal(ranges):
    """`ranges` with those joined that can be, by their start."""
    ranges = sorted(ranges, key=lambda found: found.start)
    index = 0
    while index < len(ranges):
        for other in range(len(ranges)):
            made = _joined(ranges[index], ranges[other]) if other != index else None
            if made:
                ranges[index] = made
                ranges.pop(other)
                index = -1  # what became of two may join a third
                break
        index += 1
    return ranges


def weight(ranges):
    """How many of the state's places the ranges take."""
    return sum([max(1, (18 + 2 * len(found.pins)) // _UNIT_BYTES) for found in ranges])


class Held:
    """The ranges in `ring.state`: `load()`, change `ranges`, `store()`."""

    def __init__(self, ring):
        self.ring = ring
        self.load()

    def load(self):
        ring = self.ring
        self.ranges = []
        for key in keys.range_keys(ring.state):
            value = ring.state[key]
            kind = value[4]
            end = OPEN if kind & keys.OPEN_END else (value[0] + value[2], value[3])
            start = max(tuple(value[:2]), (ring.oldest, 0))  # what was overwritten counts no more
            if start < end and max(value[7:]) < 256:
                self.ranges.append(Range(bytes(sorted(value[7:])), start, end, kind & 3, value[5], value[6]))

    def store(self):
        ring, state = self.ring, self.ring.state
        self.ranges = normal(self.ranges)
        values = [found.value for found in self.ranges]
        free = []
        for key in range(keys.RANGES, keys.RANGES + keys.RANGES_MOST):
            if state.get(key) in values:
                values.remove(state[key])
            else:
                free.append(key)
        for key in free:
            if values or key in state:
                ring.set(key, values.pop() if values else None)
        if not self.ranges and keys.HELD in state:
            ring.add(keys.CORRUPT, ring.get(keys.HELD))  # damaged since: they cannot be tried any more
            ring.set(keys.HELD, None)

    def end_of(self, found):
        """Up to where its points are passed."""
        if found.end != OPEN:
            return found.end
        window = self.ring.state.get(keys.WINDOW)
        if window and keys.is_done(self.ring.state.get(keys.DONE, b""), found.pins[0]):
            return window[:2]
        return max(self.ring.cursor()[:2], found.start)

    def without(self, pin, start, end, mended=False):
        """The ranges less the points of `pin` from `start` to `end`. `mended`: some of them were accepted, so what was
        open is no longer."""
        left = []
        for found in self.ranges:
            last = self.end_of(found)
            if pin not in found.pins or end <= found.start or start >= last:
                left.append(found)
                continue
            if len(found.pins) > 1:
                left.append(found.but(pins=bytes([other for other in found.pins if other != pin])))
            one = found.but(pins=bytes([pin]))
            if start > one.start:
                left.append(one.but(end=start))
            if one.end == OPEN and mended:
                one = one.but(end=last, kind=FRESH, tried=0)
            if end < last or (one.end == OPEN and end <= last):
                left.append(one.but(start=end))
        return left

    def count(self, found):
        """How many points it has: a pass over them."""
        count = 0
        reader = self.ring.reader(found.start + (0,), self.end_of(found))
        while reader.next():
            if reader.kind == DATA:
                count += len([pin for pin in reader.chain.pins if pin in found.pins])
        return count

    def give_way(self, force):
        """Let go of a range, its points counted as rejected: of one point that was refused alone on seven tries. If
        that is not there and there must be room, of the fewest points, one that rests if there is any."""
        old = [found for found in self.ranges if found.tries >= 7 and found.kind == HELD and found.end != OPEN]
        old = [found for found in old if self.count(found) <= 1]
        if not old and not force:
            return False
        victim = min(old or self.ranges, key=lambda found: (found.kind not in (RUN, HELD), self.count(found)))
        count = self.count(victim)
        self.ranges.remove(victim)
        self.ring.add(keys.HELD, -count)
        self.ring.add(keys.REJECTED, count)
        return True

    def hold(self, pin, start, end, kind, tried=0, tries=0):
        self.ranges = normal(self.ranges + [Range(bytes([pin]), start, end, kind, tried, tries)])
        self.keep_within()

    def keep_within(self):
        while weight(self.ranges) > keys.RANGES_MOST and len(self.ranges) > 1:
            self.give_way(True)

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


def release(ring, pins=None):
    """Try all, or the ranges of one of `pins`, whole with the next drain."""
    for key in keys.range_keys(ring.state):
        value = ring.state[key]
        if not pins or [pin for pin in value[7:] if pin in pins]:
            ring.set(key, value[:5] + (0, value[6] & ~1) + value[7:])
    ring.forget(keys.DOUBT)
