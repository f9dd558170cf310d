"""A step of a drain that is broken off has not been: points of a range that is half noted would be lost.

Knows the state and where the next frame goes; no policy.
"""

from ..errors import Error
from ..ring.state import VOIDS
from .batch import DrainEnds


def whole(ring, action, *args):
    """Do `action(*args)`, which saves the state last, if at all. Where Ctrl-C, want of memory or what a watchdog raises
    breaks in before that, the state is as it was, but for what is void since."""
    before = dict(ring.state)
    oldest, newest, offset = ring.oldest, ring.newest, ring.offset
    try:
        return action(*args)
    except BaseException as e:
        is_broken_off = not isinstance(e, (DrainEnds, StopIteration, Error, OSError))
        if is_broken_off and ring.offset == offset and ring.newest == newest and ring.oldest == oldest:
            after, ring.state = ring.state, before  # first: all else takes memory
            ring.dirty.update(after)
            ring.dirty.update(before)
            if VOIDS in after:
                before[VOIDS] = after[VOIDS]
        raise
