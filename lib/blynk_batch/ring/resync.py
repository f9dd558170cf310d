"""Where flash is damaged: a reader goes on behind it, and what a raw sector refused is written to the next.

Loaded with the first damage that is met.
"""

from . import record
from .reader import Reader
from .record import BLANK, FILLER


# Reading


def resync(reader):
    """Move `reader` behind the damage that it has met: to a good frame that another good frame or the end follows.
    Deltas mean nothing from there to the next absolute frame, so what stands between is lost, and counted."""
    reader.bad += 1
    reader.chain.reset()
    offset = reader.next_at + 1
    while offset < reader.limit:
        size = _good_at(reader, offset)
        if size > 0:
            after = offset + size
            if _good_at(reader, after + -after % reader.medium.unit):
                break
        elif size < 0:
            break
        offset += 1
    reader.next_at = min(offset, reader.limit)


def _good_at(reader, offset):
    """Bytes of the good frame at `offset`, 0 if there is none, -1 at blank flash or the limit."""
    at = reader.fetch(offset, 4) if offset < reader.limit else -1
    if at < 0:
        return -1
    first = reader.buf[at]
    if first == BLANK:
        return -1 if reader.blank_from(offset) else 0
    if first == FILLER:
        return 0
    size = record.frame_size(reader.buf, at)
    at = reader.fetch(offset, size) if offset + size <= reader.limit else -1
    return size if at >= 0 and record.check(reader.view, at, at + size, reader.seed) else 0


# Writing


def write_again(ring, frames, points):
    """Write the `frames`, which hold `points` data points and which the newest sector refused, to the next."""
    _hide(ring, len(frames))
    reader = Reader(ring, (ring.newest, 0), (ring.newest, ring.offset), 0)
    while reader.next():
        pass
    old, new = reader.chain, record.Chain()
    ring.turn(data=points > 0)
    view = memoryview(frames)
    out = bytearray()
    at = 0
    while at < len(frames):
        kind, size = frames[at], record.frame_size(frames, at)
        start, end = at + (1 if kind < record.LONG_DATA else 3), at + size - 3
        if kind <= record.LONG_DATA:
            absolute = record.is_absolute(frames[start])
            start = old.decode(view, start)
            head = new.head(old.boot, old.time, old.pins, old.kinds, absolute)
            out.extend(ring.framed(0, head + view[start:end]))
        elif kind != record.STATE:  # the new sector's header carries all state
            out.extend(ring.framed(kind, bytes(view[start:end])))
        at += size + -size % ring.medium.unit
    ring.program(out)
    ring.chain = new


def _hide(ring, size):
    """What can still be read there, perhaps only sometimes, must not come back beside its second copy."""
    if ring.medium.patchable:
        try:
            for at in range(0, size, 64):
                ring.medium.append(ring.newest, ring.offset + at, bytes(min(64, size - at)))
        except OSError:
            pass
