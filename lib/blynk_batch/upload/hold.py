"""Holds what is left of a refused pin in a window: the cursor will pass it, but it stays in the ring.

All that a refusal takes while windows are delivered, so that want of memory for the rest holds up no other pin. Knows
the state; search.py has what becomes of it later.
"""

from ..ring import state as keys


def hold(uploader, window, body, kind, plan):
    """Make a range of it, from `body` on. False if there is no place for one more. `kind`, `plan`: see ranges.py."""
    from .ranges import DOUBT, OPEN, Range, values

    ring = window.ring
    free = [key for key in range(keys.RANGES, keys.RANGES + keys.RANGES_MOST) if key not in ring.state]
    if not free:
        return False
    end = OPEN if kind == DOUBT else window.end[:2]
    ring.set(free[0], values([Range(body.pin, body.first, end, kind, plan)])[0])
    pass_over(window, body)
    if uploader.pace.due().has_room():  # else it waits in RAM: no note pushes a reading out of the ring
        ring.save()
    return True


def pass_over(window, body):
    """Count what is left of the pin in the window as held there."""
    from .batch import passed

    ring = window.ring
    points, _, others = window.pins[body.pin]
    count = points + passed(others)
    ring.set(keys.DELIVERED, (ring.get(keys.DELIVERED) + count,))
    ring.add(keys.HELD, count)
    window.leave(body.pin)
