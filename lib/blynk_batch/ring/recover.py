"""Opening a ring that is there: its state, and its end. What a power cut tears on raw flash is for torn.py.

Works on the Ring that is being opened; reads each sector's headers backwards until one is whole, then the frames from
there. Where that is the newest sector, the mark of its last page says what state it had there, so that only this page
is read frame by frame.
"""

from micropython import const

from . import parsing, record, sector
from .. import load
from ..errors import CorruptRing
from .decode import decode_state, load_header, within
from .reader import DATA, Reader
from .record import BLANK, MARK, PAGE
from .state import ANCHOR, BOOT, OLDEST, SLEEP

_WINDOW = const(64)  # read in small steps, half of it on raw flash: half of the newest page is blank on average


def recover(ring, oldest, newest):
    """Take up the ring whose sectors are `oldest` to `newest`."""
    ring.oldest, ring.newest = oldest, newest
    medium = ring.medium
    first, head = _load_state(ring)
    is_head = head and first == newest  # the newest sector's is whole
    ring.oldest = max(oldest, min(ring.get(OLDEST), newest))  # older ones were dropped before the header was written
    reader = Reader(ring, (first, 0), (newest, medium.end(newest)), 0, _WINDOW >> bool(medium.skips), head)
    state_page = _go_to_last_page(ring, reader) if is_head else 0  # the page whose mark has the state read so far
    is_mixed, made_good = False, 0  # state is missing in what was read; damaged places for which it is not
    last, before = [], 0  # (offset, first point, end) of the frames that one write can have brought; kind of the last
    while reader.next():
        if reader.kind == MARK:
            page, _, place, is_more, _ = reader.mark()
            if place in (state_page, page) and not is_more:  # all of it is here again
                state_page, made_good = place, reader.bad
        # No frame ever follows what a cut tore: so this is damage. Or this sector's header has lost its state.
        is_mixed = reader.bad > made_good or reader.sequence > first
        if medium.skips and reader.sequence == newest:
            if ring.commit_every == 1 and before != MARK:  # each frame was a write of its own, or one with a mark
                last.clear()
            last.append((reader.offset, reader.number, reader.next_at + -reader.next_at % medium.unit))
            while len(last) > 1 and last[1][0] + medium.burst <= reader.next_at:
                last.pop(0)
            before = reader.kind
        _take_in(ring, reader)
    ring.changed, ring.dirty = ring.dirty, {}  # since the sector began: all of it is on the medium
    _take_up(ring, reader, last, is_head)
    ring.unchecked = True
    if is_mixed:  # else not one name more: docs/architecture.md says why
        ring.is_mixed = True


def _load_state(ring):
    """Have the ring's salt and state from the newest header that is whole: its (sequence, Prefix); or, for want of one,
    only the salt, from the first sector of all: (oldest sequence, None)."""
    medium, newest = ring.medium, ring.newest
    for sequence in range(newest, ring.oldest - 1, -1):
        head, ring.salt, ring.state = load_header(ring, sequence)
        if head:
            return sequence, head
    start = sector.read_prefix(medium, newest)
    if newest and (not start or start.number):
        raise CorruptRing("no readable sector header in the ring: " + medium.remedy)
    # The ring's first sector, perhaps in slot 2, has no state in its header: a whole salt is enough.
    buf = bytearray(sector.SALTED_BYTES)
    medium.read(newest, 0, memoryview(buf))
    ring.salt = int.from_bytes(buf[sector.PREFIX_BYTES :], "little")
    return ring.oldest, None


def _go_to_last_page(ring, reader):
    """Have `reader` go on at the mark of the newest sector's last page, and take in the state up to there. Returns the
    page whose mark had that state, 0: the header has it."""
    last, blank = reader.next_at // PAGE, (ring.medium.end(ring.newest) - 1) // PAGE + 1
    while last + 1 < blank:
        middle = (last + blank) // 2
        if reader.buf[reader.fetch(middle * PAGE, 1)] == BLANK:
            blank = middle
        else:
            last = middle
    while last * PAGE > reader.next_at and not reader.is_mark(last * PAGE):
        last -= 1  # in the middle of a long frame, or damaged
    if last * PAGE <= reader.next_at:
        return 0
    page, _, state_page, is_more, _ = reader.mark()
    if is_more and not state_page:
        return 0  # some is in frames behind the header: so all is read
    if state_page and state_page != page:
        if not reader.is_mark(state_page * PAGE):
            return 0  # so all is read
        reader.kind = MARK
        _take_in(ring, reader)
    reader.next_at = (state_page if is_more else page) * PAGE
    return state_page


def _take_in(ring, reader):
    """Take into the ring's state what the frame says of it."""
    kind = reader.kind
    if kind == MARK or kind == record.STATE:
        start = reader.mark()[4] if kind == MARK else reader.body
        ring.dirty.update(dict.fromkeys(decode_state(reader.view, start, reader.body_end, ring.state)))
    boot = 0
    if kind == record.ANCHOR:
        ring.set(ANCHOR, parsing.get_anchor(reader.payload()))
        boot = ring.get(ANCHOR)
    elif kind == DATA:
        if SLEEP in ring.state:  # of a sleep before that reading
            ring.set(SLEEP, None)
        boot = reader.chain.boot
    if boot > ring.get(BOOT):
        ring.set(BOOT, (boot,))


def _take_up(ring, reader, last, is_head):
    """Go on behind the last good frame that `reader` found, one of `last`. If the newest sector's header is damaged, go
    on in the next: with only damaged ones left the ring could not be opened."""
    medium = ring.medium
    is_head = is_head and 0 < reader.good_end <= medium.end(ring.newest)  # else some of the sector is missing
    ring.offset = reader.good_end + -reader.good_end % medium.unit
    ring.first_number, ring.number = reader.first_number, reader.number
    ring.begin_pages(ring.offset)
    ring.first = 0  # a long frame begins a page
    ring.state_at = 1 if ring.changed else 0
    ring.chain = reader.chain  # the delta chain goes on where the last boot left it
    ring.sealed = not is_head
    ring.number = max(ring.number, within(ring.state, ring.oldest, (ring.newest, ring.offset)))
    if is_head and medium.skips:
        load("ring.torn", "take_up")(ring, reader, last)
    elif is_head and reader.next_at > ring.offset:  # nothing is ever torn on files and cards: that is damage
        ring.page = -1  # a mark comes next, where reading resumes
        ring.chain.reset()
        ring.sealed = True
