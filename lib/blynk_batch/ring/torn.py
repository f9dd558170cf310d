"""What the last write before a power cut left on raw flash: taken up whole, programmed again, or left behind.

Loaded where a ring on raw flash is opened, after recover.py. A cut can leave bits that read either way, so everything
here is read several times. Files and cards are written whole or not at all, and do without.
"""

from micropython import const

from . import parsing, record, sector
from .. import load
from ..errors import RingFull
from .state import OLDEST, OVERWRITES, RECOUNT, VOIDS

_FILL = const(64)  # not all of a page of 256
_NOTE = const(16)  # a drop frame, which alone goes behind data_end: the next one needs its room
_READS = const(6)  # of a round, that show which bits read either way
_ROUNDS = const(5)  # two at least where one wrong read would change what is done


def take_up(ring, reader, last):
    """Go on behind the last good frame, one of `last`, the newest sector's frames that were written last."""
    if ring.medium.unit == 1:
        is_torn = _settle(ring, last)
    else:  # it has read again what is neither a frame nor blank
        is_torn = not _pass_weak(ring, reader, last) and reader.next_at > ring.offset
    if is_torn:
        _leave_torn(ring, reader)


def _settle(ring, last):
    """Have what the last write left, the frames `last`, programmed again with the next write; at once where reads of
    it differ, so that it stays as opening saw it. True if there is more behind the last good frame.

    A bit that a cut left half programmed reads either way: it is 0 if any read says so. A read can be wrong, too,
    which the checks tell; that there is more behind the end, two reads must say. What a medium writes over, and a cut
    could tear, is left as it is if all reads agree."""
    medium = ring.medium
    start, number = last[0][:2] if last else (0, ring.number)
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
    while last and at < last[-1][2]:
        ring.offset, ring.number = last.pop()[:2]
    ring.offset = last[-1][2] if last else ring.offset
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


def _leave_torn(ring, reader):
    """Bytes after the last good frame are a torn write. Go on behind them: what can be is programmed to filler, all
    that one program can have reached, since bits of it may not be what they seem."""
    medium = ring.medium
    ring.page = -1  # a mark comes next, where reading resumes
    ring.chain.reset()
    try:
        while ring.offset < medium.sector_bytes:
            count = min(_FILL, max(ring.data_end - ring.offset, _NOTE)) if medium.unit == 1 else medium.unit
            count = min(count, medium.sector_bytes - ring.offset)
            if medium.unit == 1:
                medium.append(ring.newest, ring.offset, bytes(count))
            ring.offset += count
            if reader.is_blank(ring.offset):
                break
    except OSError as e:
        ring.may_move_on(e)


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
