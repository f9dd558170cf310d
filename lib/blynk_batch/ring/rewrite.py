"""What a raw sector refused is written to the next. Loaded with the first block that fails."""

from micropython import const

from . import parsing, record
from .reader import Reader

_EIO = const(5)


def write_again(ring, frames, points):
    """Write the `frames`, which hold `points` data points and which the newest sector refused, to the next."""
    _hide(ring, len(frames))
    reader = Reader(ring, (ring.newest, 0), (ring.newest, ring.offset), 0)
    while reader.next():
        pass
    old, new = reader.chain, ring.chain
    ring.turn(data=points > 0)
    view = memoryview(frames)
    at = 0
    while at < len(frames):
        kind = frames[at]
        if kind == record.FILLER:
            at += 1
            continue
        size = parsing.frame_size(frames, at)
        start, end = parsing.payload(frames, at, size)
        if kind <= record.LONG_DATA:
            start = old.decode(view, start)
            head = new.head(old.boot, old.time, old.pins, old.kinds)
            if not ring.stays(len(head) + end - start):
                new.reset()
                head = new.head(old.boot, old.time, old.pins, old.kinds)
            is_placed = ring.place(0, head + view[start:end])
            ring.buffered_points += len(old.pins)
        elif kind not in (record.STATE, record.MARK):  # the new sector's header carries all state
            is_placed = ring.place(kind, bytes(view[start:end]))
        else:
            is_placed = True
        if not is_placed:
            raise OSError(_EIO)
        at += size + -size % ring.medium.unit
    try:
        ring.program(ring.waiting)
    except OSError:
        ring.sealed = True
        raise


def _hide(ring, size):
    """What can still be read there, perhaps only sometimes, must not come back beside its second copy."""
    if ring.medium.patchable:
        try:
            for at in range(0, size, 64):
                ring.medium.append(ring.newest, ring.offset + at, bytes(min(64, size - at)))
        except OSError:
            pass
