"""Opens a FileRing's folder: by a look at its first tail where all is as the ring left it; name by name at the first
open, on FAT, and where there is any doubt.

The ring's own files are told by what is in them, never by the name alone: a file of somebody else is neither read as
a sector, written to nor removed. Works once, when the ring is opened.
"""

import os

from micropython import const

from ..ring import sector
from . import paths
from .littlefs import LAST, SECTOR_BYTES, Files, is_missing

_DEFAULT_SLOTS = const(64)
_FILE = const(0x8000)


def open_folder(given, path, capacity, tails, tail_bytes):
    """(medium, span): Files, or on FAT a FatTails, in the folder `path`, an absolute one, since the program may go to
    another; span as Ring takes it. `given`: the same as the program names it."""
    files = Files(path, tails, tail_bytes)
    tail = files.read_tail(0)
    span = _as_left(files, tail)
    if not span:
        files.close()
        paths.make_folder(given)
        if paths.is_fat(path):
            from .fat import open_file

            return open_file(path, capacity)
        span = _search(files, tail)
        if not span:
            _refuse_older(path)
        paths.make_folder(path + "/log")
    if capacity or not span:
        files.slots = (capacity or paths.usual_capacity(path)) // SECTOR_BYTES
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
    if offset != max(0, size) and (size < 0 or files.exists(sequence + 1)):
        return None
    files.take_up(sequence, size, tail)
    head = sector.read_prefix(files, sequence)
    # A tail can be left of a ring that somebody removed, but then so are the sectors before it.
    if not head or size < 0 and head.number and not files.exists(sequence - 1):
        return None
    return _span(files, sequence, head)


def _search(files, tail):
    """The span of the ring whose sectors are found in the folder or in tails; None if there is none. A newest sector
    whose header cannot be read holds nothing that can: the ring goes on in the one before."""
    sequence, offset, body = tail
    newest, damaged, head = _newest_below(files, LAST + 1), -1, None
    while newest >= 0:
        head = sector.read_prefix(files, newest)
        if head:
            break
        start = bytearray(3)
        files.read(newest, 0, memoryview(start))
        damaged = max(damaged, newest if start == b"BBr" else -1)
        newest = _newest_below(files, newest)
    if body and not offset:  # a sector that begins in the first tail has no file yet
        newest = max(newest, sequence)
    if newest < 0:
        newest = damaged
    if newest < 0:
        return None
    files.take_up(newest, files.size(newest), tail)
    return _span(files, newest, sector.read_prefix(files, newest) or head)


def _span(files, newest, head):
    files.slots = head.slots if head else _DEFAULT_SLOTS
    oldest = max(0, newest + 1 - files.slots)
    return oldest if head else files.oldest_from(oldest, newest), newest


def _newest_below(files, end):
    """The newest sequence below `end` that has a file, -1 if there is none: one look through the folder."""
    newest = -1
    try:
        for entry in os.ilistdir(files.path + "/log"):
            sequence = _sequence(entry[0]) if entry[1] == _FILE else -1
            if newest < sequence < end:
                newest = sequence
    except OSError as e:
        is_missing(e)
    return newest


def _sequence(name):
    """The sequence that a name of eight hexadecimal digits stands for, else -1."""
    try:
        number = int(name, 16)
    except ValueError:
        return -1
    return LAST - number if "%08x" % number == name else -1


def _refuse_older(path):
    """WrongDevice for a ring of format 0 or 1: its sectors lay in the folder itself, its tails in a folder `tail`."""
    names = [("%s/%s" % (path, entry[0]), 0) for entry in os.ilistdir(path) if _sequence(entry[0]) >= 0]
    for name, at in names + [(path + "/tail/0", 12)]:
        try:
            with open(name, "rb") as f:
                f.seek(at)
                head = sector.parse(f.read(sector.PREFIX_BYTES) + bytes(sector.PREFIX_BYTES))
        except OSError:
            continue
        if head and head.version < sector.VERSION:
            from ..ring.recover import check_version

            check_version(head, None)
