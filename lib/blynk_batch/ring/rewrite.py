"""Writes what a raw sector refused to the next. Loaded with the first block that fails."""

from micropython import const

from .reader import DATA, Reader
from .record import ANCHOR

_EIO = const(5)


def write_again(ring, frames, data):
    """Write the `frames`, which the newest sector refused, to the next, and before them those that opening saw last if
    they were spoilt when they were programmed again. `data`: there are readings among the frames."""
    refused, start = ring.newest, ring.offset
    _hide(ring, refused, start, len(frames))
    spoilt, points = b"", 0
    reader = Reader(ring, (refused, start), (refused, start), 0)
    if start - reader.good_end >= ring.medium.unit and 0 < len(ring.weak) < start:
        spoilt, points = ring.weak, ring.weak_points
        start -= len(spoilt)
        reader = Reader(ring, (refused, start), (refused, start), 0)
    ring.weak = b""
    if not spoilt and not frames:
        return  # the turn that had it programmed again goes on
    ring.number -= points
    try:
        ring.turn(data=data)
        _place(ring, spoilt + frames, start, reader)
        ring.program(ring.waiting)
    except BaseException as e:
        ring.number += points  # they may still be read where they were
        ring.sealed = ring.sealed or isinstance(e, OSError)
        raise
    _hide(ring, refused, start, len(spoilt))


def _place(ring, frames, start, reader):
    """Have the frames wait as the newest sector takes them. `reader` is at `start`, where they were to begin: it goes
    on through them as if they were there."""
    reader.buf, reader.view = frames, memoryview(frames)
    reader.base = reader.next_at = start
    reader.filled, reader.limit = len(frames), start + len(frames)
    bad, is_placed = reader.bad, True
    while is_placed and reader.next():
        if reader.kind == DATA:
            chain = reader.chain
            is_placed = ring.add_data(chain.boot, chain.time, chain.pins, chain.kinds, reader.payload())
        elif reader.kind == ANCHOR:  # the new sector's header carries all state
            is_placed = ring.place(ANCHOR, reader.payload())
    if not is_placed or reader.bad > bad:  # what a frame refers to is spoilt too
        raise OSError(_EIO)


def _hide(ring, sequence, start, size):
    """What can still be read there, perhaps only sometimes, must not come back beside its second copy."""
    if size and ring.medium.unit == 1:
        try:
            ring.medium.append(sequence, start, bytes(size))
        except OSError:
            pass
