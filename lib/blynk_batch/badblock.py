"""A raw sector failed to erase or to program, or read back wrong: what was not acknowledged goes to the next one.

Works on a Ring; loaded when that happens for the first time. Two places are tried for each call, then its OSError is
the caller's.
"""

from micropython import const

from . import record
from .full import turn
from .reader import Reader
from .state import BAD_BLOCKS

_EIO = const(5)


def go_on(ring):
    """A drop frame is lost; the new sector's header says the same."""
    _count(ring)


def skip(ring, most):
    """The sector to come cannot be begun: leave it out and begin the one after it."""
    _count(ring)
    ring.past += 1
    if ring.past >= ring.medium.slots - 1:
        raise OSError(_EIO)
    turn(ring, most)
    try:
        ring.start_sector(ring.newest + 1 + ring.past)
    except OSError:
        _count(ring)
        ring.past += 1  # the next call goes on behind it
        raise
    ring.failed = False


def write_again(ring, frames):
    """Write the data frames that the newest sector refused to the next."""
    _hide(ring, len(frames))
    _count(ring)
    before = Reader(ring, (ring.newest, 0), (ring.newest, ring.offset), 0)
    while before.next():
        pass
    chain, new = before.chain, record.Chain()
    ring.turn(True)
    payloads = bytearray()
    at = 0
    view = memoryview(frames)
    while at < len(frames):
        size = record.frame_size(frames, at)
        start = at + (1 if frames[at] < record.LONG_DATA else 3)
        body = chain.decode(view, start)
        head = new.head(chain.boot, chain.time, chain.pins, chain.kinds, True)
        payloads.extend(ring.framed(0, head + view[body : at + size - 3]))
        at += size + -size % ring.medium.unit
    ring.program(payloads)
    ring.chain = new
    ring.failed = False


def append_again(ring, kind, payload):
    """The same for a frame of another kind; a new sector's header carries all state."""
    _count(ring)
    ring.turn(False)
    if kind != record.STATE:
        ring.program(ring.framed(kind, payload))
    ring.failed = False


def _count(ring):
    ring.add(BAD_BLOCKS, 1)


def _hide(ring, size):
    """What can still be read there, perhaps only sometimes, must not come back beside its second copy."""
    if ring.medium.patchable:
        try:
            for at in range(0, size, 64):
                ring.medium.append(ring.newest, ring.offset + at, bytes(min(64, size - at)))
        except OSError:
            pass
