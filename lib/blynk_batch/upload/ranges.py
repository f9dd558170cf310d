"""Ranges of refused points: exact sets of points, all those of a pin from a start to an end.

Those that touch become one, and in the state pins of equal bounds share one. Knows the state; not what is asked of a
range.
"""

from micropython import const

from ..ring import state as keys

# Kinds. A range that is searched; a bad run that was found, and one that rests till it is tried again; one of a pin
# refused while nobody was accepted.
FRESH, RUN, HELD, DOUBT = 0, 1, 2, 3
# How a FRESH one is searched on: so many of its newest, 0: all | so many (0: all) hold a bad one, perhaps nothing else:
# the newest alone | so many (0: all) hold a bad one: the newer half of them
WALK, FIRST, BAD = 0, 1, 2
# It ends at a bad run: the point at that distance from there, 1 if < 4; if it is bad, so is all in between | it lies
# between a good point and a bad run: its older half | a try of one point was accepted: all, from the oldest on
STRIDE, HALVE, ORDER = 3, 4, 5
OPEN = (1 << 40, 0)  # the end of a range that reaches to the cursor: its pin is not asked at present
_PINS = const(100)  # of one range: its value in the state has at most 255 bytes
_UNIT_BYTES = const(24)  # of a range of one pin in the state; larger ones leave room for fewer


class Range:
    """Points of `pin` from `start` to `end`.

    tried, tries      Unix s of the last try, 0: it is due; how many there were
    plan, size, good  of a FRESH one instead, in the same two numbers: how it is searched on, for so many points; so
                      many right of it were good on end"""

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


def held(ring):
    """The table of the ranges in the ring's state, less what was overwritten."""
    found = []
    for key in keys.range_keys(ring.state):
        value = ring.state[key]
        kind = value[4]
        end = OPEN if kind & keys.OPEN_END else (value[0] + value[2], value[3])
        start = max(value[:2], (ring.oldest, 0))
        found += [Range(pin, start, end, kind & 3, value[5], value[6]) for pin in value[7:] if start < end]
    return found


def store(ring, ranges):
    """Have the state hold them; there is a place for each."""
    left, free = values(ranges), []
    for key in range(keys.RANGES, keys.RANGES + keys.RANGES_MOST):
        if ring.state.get(key) in left:
            left.remove(ring.state[key])
        else:
            free.append(key)
    for key in free:
        if left or key in ring.state:
            ring.set(key, left.pop() if left else None)


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
