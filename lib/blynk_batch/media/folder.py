"""Opens a FileRing's folder by a look at its first tail, where all is as the ring left it; names.py looks further.

Works once, when the ring is opened.
"""

from micropython import const

from .. import load
from ..ring import sector
from .littlefs import SECTOR_BYTES, Files

_DEFAULT_SLOTS = const(64)


def open_folder(given, path, capacity, tails, tail_bytes):
    """(medium, span): Files, or on FAT a FatTails, in the folder `path`, an absolute one, since the program may go to
    another; span as Ring takes it. `given`: the same as the program names it."""
    files = Files(path, tails, tail_bytes)
    tail = files.read_tail(0)
    if tail[0] < 0:  # after a read that failed littlefs finds nothing of what is there once
        tail = files.read_tail(0)
    span = _as_left(files, tail)
    if not span:
        return load("media.names", "find")(files, tail, given, capacity)
    if capacity:
        files.slots = capacity // SECTOR_BYTES
    files.wanted = files.slots
    return files, span


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
    return span_of(files, sequence, head)


def span_of(files, newest, head):
    files.slots = head.slots if head else _DEFAULT_SLOTS
    oldest = max(0, newest + 1 - files.slots)
    return oldest if head else files.oldest_from(oldest, newest), newest
