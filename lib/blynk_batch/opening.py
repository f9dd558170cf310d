"""Opens a FileRing or a BlockRing: its medium, what is there, and its size. Works once, and leaves the heap again.

Knows which medium suits which place, and when a folder is as its ring left it; not how media work, and no frames.
"""

import sys

from micropython import const

from . import let_go, load
from .errors import CorruptRing, Error, WrongDevice
from .ring import sector
from .ring.log import Ring
from .ring.state import CURSOR

_LEAST_SLOTS = const(3)


def open_file(ring, path, capacity_bytes, overwrite, commit_every, tails, tail_bytes):
    """Open the FileRing `ring`; the arguments are its own."""
    # By what each board's littlefs keeps inside a folder's metadata: rp2 512 bytes a file, esp32 128
    usual = (3, 220) if sys.platform == "rp2" else (4, 120)
    tails = usual[0] if tails is None else tails
    tail_bytes = usual[1] if tail_bytes is None else tail_bytes
    absolute = load("arguments").check_folder(path, capacity_bytes, overwrite, commit_every, tails, tail_bytes)
    let_go("arguments")
    path = path.rstrip("/")
    try:
        from .media.littlefs import Files

        medium = Files(absolute, tails, tail_bytes)
        tail = medium.read_tail(0)
        if tail[0] < 0:  # after a read that failed littlefs finds nothing of what is there once
            tail = medium.read_tail(0)
        span = _as_left(medium, tail)
        if not span:
            medium, span = load("media.names", "find")(medium, tail, path, capacity_bytes)
        elif capacity_bytes:
            medium.slots = medium.wanted = capacity_bytes // medium.sector_bytes
        ring.key = (absolute.lower() if hasattr(medium, "file") else absolute, 0, 1)  # FAT knows no capitals
        Ring.__init__(ring, medium, span, overwrite, commit_every)
        if medium.slots != medium.wanted and not ring.pending:
            _resize(ring)
        let_go("media.names")
    except OSError as e:
        from .words import explained

        raise explained(e, path)


def _as_left(files, tail):
    """The span of the ring whose newest sector the first tail names, without looking through the folder, of which
    littlefs reads some kilobytes for each name. None wherever there is any doubt."""
    sequence, offset, _ = tail
    if sequence < 0:
        return None
    size = files.size(sequence)
    # Behind a spill the first tail goes on nowhere until it is written again, and an old one put back never does.
    if offset != max(0, size) and (size < 0 or files.size(sequence + 1) != -1):
        return None
    files.take_up(sequence, size, tail)
    head = sector.read_prefix(files, sequence)
    # A tail can be left of a ring that somebody removed, but then so are the sectors before it.
    if not head or size < 0 and head.number and files.size(sequence - 1) == -1:
        return None
    return files.span(sequence, head)


def open_block(ring, device, start, blocks, commit_every, page_size, unit, whole_blocks, flags):
    """Open the BlockRing `ring`; `flags`: its overwrite, verify and format."""
    from .media.device import Device

    given = flags if whole_blocks is None else dict(flags, whole_blocks=whole_blocks)
    check = load("arguments").check_device
    check(device, start, given, blocks=blocks, commit_every=commit_every, page_size=page_size, unit=unit)
    flash = Device(device, start, blocks, page_size, unit, whole_blocks, flags["verify"])
    if flash.whole:
        from .media.tails import Tails as Medium
    else:
        from .media.slots import Slots as Medium
    medium = Medium(flash)
    if medium.wanted < _LEAST_SLOTS:
        text = "start=%r, blocks=%r: %d bytes, and a ring needs %d sectors of %d"
        raise ValueError(text % (start, blocks, flash.bytes, _LEAST_SLOTS, flash.sector_bytes))
    # `start` alone would not do: two parts of one device can overlap.
    ring.key = (flash.name, start, start + flash.bytes // flash.block_bytes)
    try:
        Ring.__init__(ring, medium, _span(medium), flags["overwrite"], commit_every)
    except (CorruptRing, WrongDevice):
        if not flags["format"]:
            raise
        load("media.foreign", "wipe")(medium)
        Ring.__init__(ring, medium, _span(medium), flags["overwrite"], commit_every)
        ring.clear()  # an old ring can be there still, below what was refused
    if medium.slots != medium.wanted and not ring.pending:
        _resize(ring)
    elif medium.slots > medium.wanted:
        text = "%d readings are pending in a ring of %d sectors, more than the %d now given: open it with the old"
        raise Error(text % (ring.pending, medium.slots, medium.wanted) + " `blocks`, upload or clear() first")


def _span(medium):
    return medium.open() or load("media.foreign", "find")(medium)


def _resize(ring):
    """Have the empty `ring` begin anew with the wanted size, in slot 0 and in a lap of its own. The header carries all
    state over, and falls on nothing of the newest sector: a power cut leaves the old ring whole, or the new one."""
    medium = ring.medium
    while medium.slot(ring.newest) in (0, medium.wanted):  # of whole blocks, the new ring's tails are there
        ring.turn(data=False)
    medium.slots = medium.wanted
    sequence = (ring.newest // medium.slots + 1) * medium.slots
    ring.close_window()
    ring.set(CURSOR, (sequence, 0, ring.number))
    ring.oldest = sequence
    ring.start_sector(sequence)
