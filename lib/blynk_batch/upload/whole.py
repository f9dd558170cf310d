"""A step of a drain that is broken off has not been: points of a range that is half noted would be lost.

Knows the state and where the next frame goes; no policy.
"""

from ..ring.state import VOIDS


def whole(ring, action, *args):
    """Do `action(*args)`, which saves the state last, if at all. Where Ctrl-C or want of memory breaks in before that,
    the state is as it was, but for what is void since."""
    before, place = dict(ring.state), (ring.oldest, ring.newest, ring.offset)
    try:
        return action(*args)
    except (KeyboardInterrupt, MemoryError):
        if place == (ring.oldest, ring.newest, ring.offset):
            if VOIDS in ring.state:
                before[VOIDS] = ring.state[VOIDS]
            ring.dirty.update(ring.state)
            ring.dirty.update(before)
            ring.state = before
        raise
