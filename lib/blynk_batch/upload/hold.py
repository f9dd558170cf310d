"""A pin that waits with what is left of it in a window: the cursor will pass that, but it stays in the ring.

This is all that a refusal needs while windows are delivered: want of memory for the search holds up no other pin. Knows
the state; search.py has what becomes of the pin later.
"""

from micropython import const

from .. import load
from ..ring import state as keys
from ..ring.reader import DATA
from .batch import passed
from .counting import PAUSE_EVERY

_SPARE = const(6)  # places of the table


def waits(window, body):
    """Put the pin's points of the window into a range unasked, if others are to be asked first. True if it did."""
    uploader, ring, pin = window._uploader, window.ring, body.pin
    failures, is_roomy = uploader.failures(pin), has_places(ring)
    has_newer = window.saved and ring.end()[2] > window.end[2]  # which nobody has asked for
    in_doubt = not uploader.trusted and failures >= (1 if has_newer else 2) and (is_roomy or uploader.pace.in_vain())
    may_wait = pin in window.last and uploader.pace.has_room()
    if not (in_doubt or may_wait and (window.saved and is_roomy or failures > 1 and _joins(window, body))):
        return False
    _hold(window, body, not in_doubt, False)
    return True


def _joins(window, body):
    """True if the table needs no place more for them: they join a range of the pin that is to be searched."""
    from .ranges import FRESH, WALK, Range, held, normal, weight

    ring = window.ring
    ranges, one = held(ring), Range(body.pin, body.first, window.end[:2], FRESH, WALK)
    for _ in reach(ring, ranges, one, FRESH):
        pass
    return weight(normal(ranges + [one])) <= weight(ranges)


def has_places(ring):
    """True if there are places to spare for points that may be good."""
    from .ranges import held, weight

    return weight(held(ring)) <= keys.RANGES_MOST - _SPARE


def refused(window, body, known):
    """`body` was refused, `known`: for its content. What is left of its pin in the window waits, too."""
    if not window.stale():  # else it was overwritten meanwhile, and is asked anew
        window._uploader.refused[body.pin] = body.first
        _hold(window, body, known, True)


def _hold(window, body, known, asked):
    """Make a range of the pin's points from `body` on. `asked`: `body` was asked for."""
    from .ranges import DOUBT, FIRST, FRESH, OPEN, WALK, Range, held, normal, store, weight

    uploader, ring = window._uploader, window.ring
    kind, end = (FRESH, window.end[:2]) if known else (DOUBT, OPEN)
    ranges, one = held(ring), Range(body.pin, body.first, end, kind, FIRST if asked else WALK)
    for _ in reach(ring, ranges, one, kind):
        pass
    ranges = normal(ranges + [one])
    points, _, others = window.pins[body.pin]
    for key in (keys.DELIVERED, keys.HELD):
        ring.add(key, points + passed(others))
    window.leave(body.pin)
    if weight(ranges) > keys.RANGES_MOST:  # what gives way counts no more: after all is counted
        load("upload.held", "Held")(uploader, ranges).store()
    else:
        store(ring, ranges)
    if uploader.pace.has_room():  # else it waits in RAM: no note pushes a reading out of the ring
        ring.save()


def reach(ring, ranges, one, *kinds):
    """Have `one` begin where its pin's range before it ends, so that they touch, if that is of one of `kinds` and no
    point of the pin lies in between. Else each point of a rare pin would take a place of its own. A generator that
    lets others work in between."""
    before = [found for found in ranges if found.pin == one.pin and found.end <= one.start]
    last = max(before, key=lambda found: found.end) if before else one
    if last.kind in kinds and last.end < one.start:
        frames, reader = 0, ring.reader(last.end + (0,), one.start)
        while reader.next():
            frames += 1
            if frames % PAUSE_EVERY == 0:
                yield None
            if reader.kind == DATA and one.pin in reader.chain.pins:
                return
        one.start = last.end
