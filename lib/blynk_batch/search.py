"""Finds the newest sector of a ring on raw blocks by bisection over the slots, reading little and keeping no list.

A sector's slot is its sequence modulo the slots; its lap, the quotient. From the first slot to the newest sector all
are of one lap, those behind it of the lap before or not there yet. Slots that hold neither (blank, torn, damaged,
stale) are stepped over to the right.
"""

from micropython import const

_FRESH_WALK = const(16)  # on the first lap all behind the newest is blank: look no further than this
_PROBES = const(64)
_REMEMBERED = const(32)


def spread(slots):
    """The first slots, and a number over all others."""
    for slot in range(min(slots, _FRESH_WALK)):
        yield slot
    for slot in range(_FRESH_WALK, slots, max(1, slots // _PROBES)):
        yield slot


def _some(sequence_at, slots):
    """(slot, sequence) of some sector that is valid, the first if it is among the first; None if none is found."""
    for slot in spread(slots):
        sequence = sequence_at(slot)
        if sequence >= 0:
            return slot, sequence
    return None


def newest(look, slots):
    """The highest sequence; -1 if there is no sector. `look(slot)` is a slot's sequence, -1 for what is no sector."""
    seen_at = {}

    def sequence_at(slot):
        sequence = seen_at.get(slot)
        if sequence is None:
            sequence = look(slot)
            if len(seen_at) < _REMEMBERED:
                seen_at[slot] = sequence
        return sequence

    found = _some(sequence_at, slots)
    if not found:
        return -1
    low, sequence = found
    while True:
        lap = sequence // slots
        high = slots - 1
        while low < high:
            middle = (low + high + 1) // 2
            at, seen = _walk(sequence_at, slots, middle, high, lap)
            if seen >= lap:
                low, lap = at, seen
            else:
                high = middle - 1
        sequence = lap * slots + low
        for after in (sequence + 1, sequence + 2):
            if sequence_at(after % slots) == after:
                low, sequence = after % slots, after
                break
        else:
            return sequence


def _walk(sequence_at, slots, slot, last, lap):
    """(slot, lap) of the first sector from `slot` to `last` that can belong to the ring's last two laps."""
    if not lap:
        last = min(last, slot + _FRESH_WALK)
    while slot <= last:
        seen = sequence_at(slot)
        if seen >= 0 and seen // slots >= lap - 1:
            return slot, seen // slots
        slot += 1
    return slot, -1
