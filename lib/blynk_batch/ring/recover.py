"""Opening a ring that is there: its state, its end, and the end of a write that a power cut tore.

Works on the Ring that is being opened; reads each sector's headers backwards until one is whole, then the frames from
there. Where that is the newest sector, the mark of its last page says what state it had there, so that only this page
is read frame by frame.
"""

from micropython import const

from . import parsing, record, sector
from .. import load
from ..errors import CorruptRing, RingFull, WrongDevice
from .decode import decode_state, within
from .reader import DATA, Reader
from .record import BLANK, MARK, PAGE
from .state import ANCHOR, BOOT, OLDEST, OVERWRITES, RECOUNT, SLEEP, VOIDS

_WINDOW = const(64)  # read in small steps: half of the newest page is blank on average
_FILL = const(64)  # not all of a page of 256: the drop frame needs its room
_READS = const(6)  # of a round, that show which bits read either way
_ROUNDS = const(5)  # two at least where one wrong read would change what is done


def recover(ring, oldest, newest):
    """Take up the ring whose sectors are `oldest` to `newest`."""
    ring.oldest, ring.newest = oldest, newest
    medium = ring.medium
    for first in range(newest, oldest - 1, -1):
        head, ring.salt, ring.state = load_header(ring, first)
        if head:
            break
    if not head:
        if newest:
            raise CorruptRing("no readable sector header in the ring: " + medium.remedy)
        # The first of all: it begins with no state, and does without, if the salt is whole.
        buf = bytearray(sector.SALTED_BYTES)
        medium.read(0, 0, memoryview(buf))
        ring.salt = int.from_bytes(buf[sector.PREFIX_BYTES :], "little")
    ring.oldest = max(oldest, min(ring.get(OLDEST), newest))  # what is before went before the header was written
    reader = Reader(ring, (first, 0), (newest, medium.end(newest)), 0, _WINDOW, head)
    whole = _go_to_last_page(ring, reader) if head and first == newest else 0  # its mark's state is taken in
    bad = 0  # damaged places with a mark behind them that has all state again
    is_damaged = False
    last = []  # offset and first point of the newest sector's frames that were written last
    before = 0
    while reader.next():
        if reader.kind == MARK and reader.mark()[2] in (whole, reader.mark()[0]) and not reader.mark()[3]:
            whole, bad = reader.mark()[2], reader.bad
        # Not by a cut: no frame is behind what it tore. Or this sector's header has lost its state.
        is_damaged = reader.bad > bad or reader.sequence > first
        if medium.skips and reader.sequence == newest:
            if ring.commit_every == 1 and before != MARK:
                last.clear()
            last.append((reader.offset, reader.number))
            while len(last) > 1 and last[1][0] + medium.burst <= reader.next_at:
                last.pop(0)
            before = reader.kind
        _take_in(ring, reader)
    _take_up(ring, reader, last, head)
    ring.unchecked = True
    if is_damaged:  # else not one name more: docs/architecture.md says why
        ring.is_mixed = True


def _go_to_last_page(ring, reader):
    """Have `reader` go on at the mark of the newest sector's last page, with the state as it was there: the page whose
    mark had it, 0 for the header."""
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
        return 0  # it is in frames from the header on: so all is read
    if state_page and state_page != page:
        if not reader.is_mark(state_page * PAGE):
            return 0  # so all is read
        reader.kind = MARK
        _take_in(ring, reader)
    reader.next_at = (state_page if is_more else page) * PAGE
    return state_page


def _take_in(ring, reader):
    """What the frame says of the state."""
    kind = reader.kind
    if kind == MARK or kind == record.STATE:
        start = reader.mark()[4] if kind == MARK else reader.body
        ring.changed.update(decode_state(reader.view, start, reader.body_end, ring.state))
    boot = 0
    if kind == record.ANCHOR:
        ring.state[ANCHOR] = parsing.get_anchor(reader.payload())
        ring.changed.add(ANCHOR)
        boot = ring.state[ANCHOR][0]
    elif kind == DATA:
        if ring.state.pop(SLEEP, None):  # of a sleep before that reading
            ring.changed.add(SLEEP)
        boot = reader.chain.boot
    if boot > ring.get(BOOT):
        ring.state[BOOT] = (boot,)
        ring.changed.add(BOOT)


def _take_up(ring, reader, last, head):
    """Go on where `reader` found the last good frame, one of `last` in the newest sector."""
    medium = ring.medium
    is_head = bool(head) and 0 < reader.good_end <= medium.end(ring.newest)  # else some of it is missing
    ring.offset = reader.good_end + -reader.good_end % medium.unit
    ring.first_number, ring.number = reader.first_number, reader.number
    ring.begin_pages(ring.offset)
    ring.first = 0  # a long frame begins a page
    ring.state_at = 1 if ring.changed else 0
    ring.chain = reader.chain  # the delta chain goes on where the last boot left it
    ring.sealed = not is_head
    ring.number = max(ring.number, within(ring.state, ring.oldest, (ring.newest, ring.offset)))
    is_torn = False
    if is_head and medium.patchable:
        is_torn = _settle(ring, last)
    elif is_head and not (medium.skips and _pass_weak(ring, reader, last)):
        is_torn = reader.next_at > ring.offset  # it has read again what is neither a frame nor blank
    if is_torn:
        _leave_torn(ring, reader)


def _settle(ring, last):
    """Have what the last write left, the frames `last`, programmed again with the next write; at once where reads of
    it differ, so that it stays as opening saw it. True if there is more behind the last good frame.

    A bit that a cut left half programmed reads either way: it is 0 if any read says so. A read can be wrong, too,
    which the checks tell; that there is more behind the end, two reads must say. What a medium writes over, and a cut
    could tear, is left as it is if all reads agree."""
    medium = ring.medium
    start, number = last[0] if last else (0, ring.number)
    size = ring.offset - start
    lead = max(0, size - medium.burst) if last else 0  # of it was there before the last program began
    buf = bytearray(min(size + medium.burst, medium.sector_bytes - start))
    part = memoryview(buf)[lead:]
    medium.read(ring.newest, start, memoryview(buf)[:lead])
    is_steady, torn = True, 0
    for count in range(_ROUNDS):
        low, high = _read_often(ring, start + lead, part)
        is_steady = is_steady and low == high
        part[:] = low.to_bytes(len(part), "little")
        torn += buf[size:] != b"\xff" * (len(buf) - size)
        if (count or not torn) and _is_good(ring, start, buf[:size]):
            ring.weak, ring.weak_points = bytes(buf[:size]), ring.number - number
            break
    newest = ring.newest
    if is_steady and ring.get(OVERWRITES):
        ring.weak = b""
    elif torn > 1 or not is_steady:
        try:
            ring.settle()
        except (OSError, RingFull):
            pass  # it reads as it does
    return torn > 1 and ring.newest == newest and not ring.sealed


def _pass_weak(ring, reader, last):
    """Units that can be programmed only once and read either way never count, from their frame on: a cut left them, so
    that nobody was told that it is there. True if there were such; the state says where they are."""
    medium = ring.medium
    start = last[0][0] if last else 0
    end = ring.offset
    while end < medium.sector_bytes:
        end = min(end + medium.burst, medium.sector_bytes)  # the end of a long frame, too
        if reader.is_blank(end):
            break
    view = memoryview(bytearray(end - start))
    once = twice = 0  # bits that read either way in one round, in another too: else it was a wrong read
    for count in range(_ROUNDS):
        low, high = _read_often(ring, start, view)
        twice |= once & (low ^ high)
        once |= low ^ high
        if count and not once:
            return False
    if not twice:
        return False
    weak = twice.to_bytes(len(view), "little")
    at, end = end - len(weak.lstrip(b"\0")), start + len(weak.rstrip(b"\0"))
    end = max(end, ring.offset) - 1
    while last and at < ring.offset:
        ring.offset, ring.number = last.pop()
    ring.sealed = at < ring.offset  # the header
    start, ring.offset = ring.offset, end - end % medium.unit  # the last unit of it
    _leave_torn(ring, reader)  # no farther than is needed: behind 64 blank bytes nobody looks for a frame
    ring.void(ring.newest, start, ring.offset)
    ring.dirty.update(ring.changed)  # what was taken in may have been in them
    try:
        ring.save()
    except (OSError, RingFull):  # what counts before the next header says it all; else nothing comes behind them
        kept = {key: ring.state[key] for key in (OLDEST, RECOUNT, VOIDS) if key in ring.state}
        ring.sealed = not load("ring.room", "note_last")(ring, kept)
    return True


def _is_good(ring, start, data):
    """True if `data` at `start` of the newest sector is whole frames and filler, behind the header if `start` is 0."""
    at = 0
    view = memoryview(data + bytes(2))
    if not start:
        head = sector.parse(view)
        slot = ring.medium.slot(ring.newest)
        if not head or head.size > len(data) or not sector.state_end(view, head.size, ring.newest, slot):
            return False
        at = head.size
    while at < len(data):
        size = 1
        if view[at] != record.FILLER:
            size = parsing.frame_size(view, at)
            if at + size > len(data) or not parsing.check(view, at, size, ring.seed):
                return False
        at += size
    return True


def _read_often(ring, offset, view):
    """(the bits that are 1 in each of some reads, those that are 1 in any) of the newest sector from `offset` on, as
    numbers; `view` has room for the bytes."""
    low, high = -1, 0
    for _ in range(_READS):
        ring.medium.read(ring.newest, offset, view)
        now = int.from_bytes(view, "little")
        low, high = low & now, high | now
    return low, high


def load_header(ring, sequence):
    """(Prefix, salt, state) from that sector's header; (None, 0, {}) if it is damaged."""
    head, state = sector.read_prefix(ring.medium, sequence), {}
    if head:
        check_version(head, ring.medium.remedy)
    for _ in range(sector.READS if head and head.size <= sector.SALTED_BYTES + sector.STATE_BYTES + 32 else 0):
        buf = bytearray(head.size)
        ring.medium.read(sequence, 0, memoryview(buf))
        end = sector.state_end(buf, head.size, sequence, ring.medium.slot(sequence))
        if end:
            decode_state(buf, sector.SALTED_BYTES, end, state)
            return head, int.from_bytes(buf[sector.PREFIX_BYTES : sector.SALTED_BYTES], "little"), state
    return None, 0, state


def check_version(head, remedy):
    """WrongDevice if another library than this wrote it, with what to do."""
    if head.version == sector.VERSION:
        return
    if head.version > sector.VERSION:
        text = "a newer blynk_batch wrote format %d here, this one knows %d: update it, or %s"
    else:
        remedy = "read it with the version that wrote it, then format=True or another folder"
        text = "an older blynk_batch wrote format %d here, this one knows %d: %s"
    raise WrongDevice(text % (head.version, sector.VERSION, remedy))


def _leave_torn(ring, reader):
    """Bytes after the last good frame are a torn write. Go on behind them: what a raw sector takes is programmed to
    filler, all that one program can have reached, since bits of it may not be what they seem. On files and cards
    nothing is ever torn: what is there is damage, and the sector takes no more."""
    medium = ring.medium
    ring.page = -1  # a mark comes next, where reading resumes
    ring.chain.reset()
    if not medium.skips:
        ring.sealed = True
        return
    try:
        while ring.offset < medium.sector_bytes:
            count = min(_FILL if medium.patchable else medium.unit, medium.sector_bytes - ring.offset)
            if medium.patchable:
                medium.append(ring.newest, ring.offset, bytes(count))
            ring.offset += count
            if reader.is_blank(ring.offset):
                break
    except OSError as e:
        ring.may_move_on(e)
