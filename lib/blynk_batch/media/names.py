"""Looks for a FileRing's sectors name by name: at the first open, on FAT, and where anything is not as it was left.

The ring's own files are told by what is in them, never by the name alone: a file of somebody else is neither read as
a sector, written to nor removed. Works once, when the ring is opened.
"""

import os

from micropython import const

from ..ring import sector
from . import paths
from .folder import span_of
from .littlefs import LAST, SECTOR_BYTES, is_missing

_FILE = const(0x8000)


def find(files, tail, given, capacity):
    """What open_folder() returns, for the ring whose first tail is `tail`, or a new one."""
    files.close()
    paths.make_folder(given)
    if paths.is_fat(files.path):
        from .fat import open_file

        return open_file(files.path, capacity)
    span = _search(files, tail)
    if not span:
        _refuse_older(files.path)
    paths.make_folder(files.path + "/log")
    if capacity or not span:
        files.slots = (capacity or paths.usual_capacity(files.path)) // SECTOR_BYTES
    files.wanted = files.slots
    return files, span


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
    return span_of(files, newest, sector.read_prefix(files, newest) or head)


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
            from ..ring.decode import check_version

            check_version(head, None)
