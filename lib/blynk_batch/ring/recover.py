"""Opening a ring that is there: its state, its end, and the end of a write that a power cut tore.

Works on the Ring that is being opened; reads each sector's headers backwards until one is whole, then every frame
from there, of which there are at most a few sectors.
"""

from micropython import const

from . import record, sector
from ..errors import CorruptRing
from .reader import DATA, Reader
from .log import ABSOLUTE_EVERY
from .state import ANCHOR, BAD_BLOCKS, CURSOR, DELIVERED, DROPPED, OLDEST, SLEEP, WINDOW, decode_state

_WINDOW = const(64)  # read in small steps: half of the newest sector is blank on average


def recover(ring, oldest, newest):
    """Take up the ring whose sectors are `oldest` to `newest`."""
    ring.oldest, ring.newest = oldest, newest
    medium = ring.medium
    first = newest
    while True:
        head = load_header(ring, first)
        if head:
            head, ring.state = head
        if head or not first:  # sector 0 begins with no state: it does without a header
            break
        first -= 1
        if first < oldest:
            raise CorruptRing("no readable sector header in the ring: " + medium.remedy)
    ring.oldest = max(oldest, min(ring.get(OLDEST), newest))  # what is before went before the header was written
    reader = Reader(ring, (first, 0), (newest, medium.sector_bytes), 0, _WINDOW, head)
    while True:
        kind = reader.next()
        if not kind:
            break
        if kind == record.STATE:
            decode_state(reader.payload(), 0, len(reader.payload()), ring.state)
        elif kind == record.ANCHOR:
            from ..clock.anchors import decode

            ring.state[ANCHOR] = decode(reader.payload())
        elif kind == DATA:
            ring.state.pop(SLEEP, None)  # of a sleep before that reading
            ring.boot = max(ring.boot, reader.chain.boot)
    end = _take_up(ring, reader)
    if end > ring.offset and not ring.sealed:
        _clean_tail(ring, end)
    _check_books(ring)


def _take_up(ring, reader):
    """Go on where `reader` found the last good frame; the offset up to which bytes are in use."""
    medium = ring.medium
    ring.number = reader.number
    ring.seed = record.seed(ring.newest, medium.slot(ring.newest))
    ring.offset = reader.good_end + -reader.good_end % medium.unit
    ring.keep_room()
    ring.chain = reader.chain  # the delta chain goes on where the last boot left it
    ring.last_absolute = reader.absolute_at if reader.absolute_at >= 0 else -ABSOLUTE_EVERY
    ring.sealed = reader.good_end == 0 or reader.version != sector.VERSION
    return reader.offset


def load_header(ring, sequence):
    """(Prefix, state) from that sector's header; None if it is damaged."""
    medium = ring.medium
    buf = bytearray(sector.PREFIX_BYTES)
    medium.read(sequence, 0, memoryview(buf))
    head = sector.parse(buf)
    if head:
        sector.check_version(head, "update it")
    if not head or head.sequence != sequence or head.size > sector.PREFIX_BYTES + sector.STATE_BYTES + 32:
        return None
    buf.extend(bytes(head.size - sector.PREFIX_BYTES))
    medium.read(sequence, sector.PREFIX_BYTES, memoryview(buf)[sector.PREFIX_BYTES :])
    state = sector.parse_state(buf, head.size, record.seed(sequence, medium.slot(sequence)))
    return None if state is None else (head, state)


def _clean_tail(ring, end):
    """Bytes after the last good frame are a torn write: program them to filler, or go on behind them where they can
    be programmed once only, or in a new sector."""
    medium = ring.medium
    if not medium.skips:
        ring.sealed = True
        return
    ring.chain.reset()
    try:
        if not medium.patchable:
            ring.offset = end + -end % medium.unit
            _mark(ring)
        while ring.offset < end:
            count = min(64, end - ring.offset)
            medium.append(ring.newest, ring.offset, bytes(count))
            ring.offset += count
    except OSError:
        ring.sealed = True  # a block that fails
        ring.add(BAD_BLOCKS, 1)


def _mark(ring):
    """An empty frame behind what stays torn: a reader goes on at a good frame only if another follows, and what comes
    next may be torn too."""
    if ring.fits(b"", 0):
        mark = ring.framed(record.STATE, b"")
        ring.medium.append(ring.newest, ring.offset, mark)
        ring.offset += len(mark)
    else:
        ring.sealed = True


def _check_books(ring):
    """Let go of what a drop frame named, also where it is still readable, and of what is not there any more."""
    from . import room as full

    medium = ring.medium
    while ring.oldest < min(ring.get(OLDEST), ring.newest):
        medium.drop(ring.oldest)
        ring.oldest += 1
    ring.oldest = medium.oldest_from(ring.oldest, ring.newest)
    cursor = ring.state.get(CURSOR)
    if not cursor or cursor[0] < ring.oldest:
        number = ring.cursor()[2]
        full.move_cursor(ring)  # on a full disk a sector goes before its drop is noted
        ring.add(DROPPED, max(0, ring.cursor()[2] - number - ring.get(DELIVERED)))
    window = ring.state.get(WINDOW)
    if window and tuple(window[:2]) <= ring.cursor()[:2]:
        ring.close_window()  # all of it was overwritten
    while ring.newest - ring.oldest >= medium.slots:
        full.drop_oldest(ring)
