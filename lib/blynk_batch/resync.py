"""Past damage: a reader goes on only at a good frame that is followed by another good frame or the end.

Deltas mean nothing from there to the next absolute frame, so what stands between is lost, and counted.
"""

from . import record
from .record import BLANK, FILLER


def _good_at(reader, offset):
    """Bytes of the good frame at `offset`, 0 if there is none, -1 at blank flash or the limit."""
    if offset >= reader.limit:
        return -1
    reader.seek(offset)
    if not reader.need(4):
        return -1
    first = reader.buf[reader.at]
    if first == BLANK:
        return -1 if reader.blank_from(offset) else 0
    if first == FILLER:
        return 0
    size = record.frame_size(reader.buf, reader.at)
    if offset + size > reader.limit or not reader.need(size):
        return 0
    at = reader.at
    return size if record.check(reader.view, at, at + size, reader.seed) else 0


def resync(reader):
    """Move `reader` behind the damage that it has met."""
    reader.bad += 1
    reader.chain.reset()
    offset = reader.next_at + 1
    while offset < reader.limit:
        size = _good_at(reader, offset)
        if size > 0:
            after = offset + size
            while after < reader.limit and after % reader.medium.unit:
                after += 1
            if _good_at(reader, after):
                break
        elif size < 0:
            break
        offset += 1
    reader.next_at = min(offset, reader.limit)
    reader.seek(reader.next_at)
