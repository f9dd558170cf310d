"""Ranges of refused points: exact sets of points, all those of a pin from a start to an end.

Those that touch become one, and in the state pins of equal bounds share one. Knows the state's keys and no ring.
"""

from micropython import const

from ..ring import state as keys

# Kinds. A range that is searched; a bad run that was found, and one that rests till it is tried again; one of a pin
# refused while nobody was accepted.
FRESH, RUN, HELD, DOUBT = 0, 1, 2, 3
OPEN = (1 << 40, 0)  # the end of a range that reaches to the cursor: its pin is not asked at present
_PINS = const(100)  # of one range: its value in the state has at most 255 bytes
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
