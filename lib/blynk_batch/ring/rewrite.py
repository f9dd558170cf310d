"""What a raw sector refused is written to the next. Loaded with the first block that fails."""

from micropython import const

from . import parsing, record
from .reader import Reader

_EIO = const(5)


def write_again(ring, frames, data):
    """Write the `frames`, which the newest sector refused, to the next, and before them those that opening saw last if
    they were spoilt when they were programmed again. `data`: there are readings among the frames."""
    refused, start = ring.newest, ring.offset - len(ring.weak)
    _hide(ring, refused, ring.offset, len(frames))
    spoilt, points = b"", 0
    chain = _chain_at(ring, ring.offset)
    if not chain:
        spoilt, points = ring.weak if start else b"", ring.weak_points
        chain = _chain_at(ring, start) or record.Chain()
    ring.weak = b""
    ring.number -= points
    try:
        ring.turn(data=data)
        _place(ring, spoilt + frames, chain)
        ring.program(ring.waiting)
    except BaseException as e:
        ring.number += points  # they may still be read where they were
        ring.sealed = ring.sealed or isinstance(e, OSError)
        raise
    _hide(ring, refused, start, len(spoilt))


def _chain_at(ring, end):
    """The Chain behind the newest sector's frame that ends at `end`; None if that cannot be read."""
    reader = Reader(ring, (ring.newest, 0), (ring.newest, end), 0)
    while reader.next():
        pass
    return reader.chain if end - reader.good_end < ring.medium.unit else None


def _place(ring, frames, old):
    """Have the frames wait as the newest sector takes them; `old` is the Chain where they were."""
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
            try:
                start = old.decode(view, start)
            except ValueError:  # what it refers to is spoilt too
                raise OSError(_EIO)
            is_placed = ring.add_data(old.boot, old.time, old.pins, old.kinds, view[start:end])
            ring.buffered_points += len(old.pins)  # pyright: ignore
        elif kind not in (record.STATE, record.MARK):  # the new sector's header carries all state
            is_placed = ring.place(kind, bytes(view[start:end]))
        else:
            is_placed = True
        if not is_placed:
            raise OSError(_EIO)
        at += size + -size % ring.medium.unit


def _hide(ring, sequence, start, size):
    """What can still be read there, perhaps only sometimes, must not come back beside its second copy."""
    if size and ring.medium.patchable:
        try:
            ring.medium.append(sequence, start, bytes(size))
        except OSError:
            pass
