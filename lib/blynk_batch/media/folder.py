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
_TAILS = const(16)  # where a ring may have been written with more than it has now
_FILE = const(0x8000)


def open_folder(given, path, capacity, tails, tail_bytes):
    """(medium, span): Files, or on FAT a FatTails, in the folder `path`, an absolute one, since the program may go to
    another; span as Ring takes it. `given`: the same as the program names it."""
    files = Files(path, tails, tail_bytes)
    span = _as_left(files)
    if not span:
        files.close()
        paths.make_folder(given)
        if paths.is_fat(path):
            from .fat import open_file

            return open_file(path, capacity)
        span = _search(files)
        if not span:
            _refuse_older(path)
        paths.make_folder(path + "/log")
    if capacity or not span:
        files.slots = (capacity or paths.usual_capacity(path)) // SECTOR_BYTES
    files.wanted = files.slots
    return files, span


def _as_left(files):
    """The span of the ring that the first tail names, without looking through the folder, of which littlefs reads some
    kilobytes for each name. None wherever there is any doubt."""
    tail = sequence, offset, body = files.read_tail(0)
    if sequence < 0:
        return None
    size = files.size(sequence)
    if size >= 0:
        # Behind a spill the first tail goes on nowhere until it is written again, and an old one put back never does.
        head = _head(files, sequence) if offset == size or not files.exists(sequence + 1) else None
    elif offset:
        return None
    else:  # all of it is in tails
        head = _parsed(body, sequence)
        # A tail can be left of a ring that somebody removed, but then so are the sectors before it.
        if not head or head.number and not files.exists(sequence - 1):
            return None
    if not head:
        return None
    files.slots = head.slots
    files.take_up(sequence, size, tail)
    return max(0, sequence + 1 - head.slots), sequence


def _search(files):
    """The span of the ring whose sectors are found in the folder or in tails; None if there is none."""
    tails = [files.read_tail(index) for index in range(max(files.tails, _TAILS))]
    newest, head = _newest(files, tails)
    if newest < 0:
        return None
    files.slots = head.slots if head else _DEFAULT_SLOTS
    oldest = _sequences(files, max(0, newest + 1 - files.slots), newest + 1)[1]
    files.take_up(newest, files.size(newest), tails[0])
    return newest if oldest < 0 else min(oldest, newest), newest


def _newest(files, tails):
    """The newest sector, -1 if there is none, and the Prefix of the newest that can be read."""
    last = max([tail[0] for tail in tails])
    damaged = []
    head = None
    newest = _sequences(files, 0, LAST + 1)[0]
    while newest >= 0:
        head = _head(files, newest)
        if head:
            break
        if newest == last or _prefix(files, newest)[:3] == b"BBr":
            damaged.append(newest)
        newest = _sequences(files, 0, newest)[0]
    for sequence, offset, body in tails:
        if not offset and sequence > newest and body:
            newest, head = sequence, _parsed(body, sequence) or head
    for sequence in damaged:
        if not head or newest < sequence < newest + head.slots:
            newest = max(newest, sequence)
    return newest, head


def _sequences(files, low, high):
    """One look through the folder: (newest, oldest) of the sequences from `low` below `high`, -1 if there is none."""
    newest = oldest = -1
    try:
        entries = os.ilistdir(files.path + "/log")
    except OSError as e:
        is_missing(e)
        return newest, oldest
    for entry in entries:
        sequence = _sequence(entry[0]) if entry[1] == _FILE else -1
        if low <= sequence < high:
            newest = max(newest, sequence)
            oldest = sequence if oldest < 0 else min(oldest, sequence)
    return newest, oldest


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
            sector.check_version(head, None)


def _prefix(files, sequence):
    data = bytearray(sector.PREFIX_BYTES)
    files.read(sequence, 0, memoryview(data))
    return data


def _head(files, sequence):
    return _parsed(_prefix(files, sequence), sequence)


def _parsed(data, sequence):
    """The Prefix of that sector in `data`, or None."""
    head = sector.parse(data) if len(data) >= sector.PREFIX_BYTES else None
    if not head or head.sequence != sequence:
        return None
    sector.check_version(head, "update it")
    return head
