"""Looks for a FileRing's sectors name by name: at the first open, on FAT, and where anything is not as it was left.
Makes its folder, and tells which filesystem that lies in. Reads again what could not be read.

The ring's own files are told by what is in them, never by the name alone: a file of somebody else is neither read as
a sector, written to nor removed. Works once, when the ring is opened.
"""

import os

from micropython import const

from ..ring import sector
from .littlefs import LAST, MISSING, SECTOR_BYTES, is_missing

_FILE = const(0x8000)
_DIR = const(0x4000)
_ENOTDIR = const(20)
_READS = const(2)
_LEAST_BYTES = const(12288)
_MOST_BYTES = const(262144)


def find(files, tail, given, capacity):
    """(medium, span): `files`, or on FAT a FatTails, of the ring whose first tail is `tail`, or a new one. `given`: the
    folder as the program names it."""
    files.close()
    make_folder(given)
    if is_fat(files.path):
        from .fat import open_file

        return open_file(files.path, capacity)
    span = _search(files, tail)
    if not span:
        _refuse_older(files.path)
    make_folder(files.path + "/log")
    if capacity or not span:
        files.slots = files.wanted = (capacity or usual_capacity(files.path)) // SECTOR_BYTES
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
    return files.span(newest, sector.read_prefix(files, newest) or head)


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


def read_again(files, sequence, offset, view):
    """Read that sector's file again, after a failure; how many bytes. OSError if the first tail, or a missing file's
    folder, cannot be read either. If the file alone cannot be read, it is damage, and reads as zeros."""
    files.close()
    for _ in range(_READS):
        try:
            with open(files.name(sequence), "rb") as f:
                f.seek(offset)
                return f.readinto(view)
        except OSError as e:
            number = e.errno
    if number in MISSING:
        os.stat(files.path + "/log")  # if this fails, the whole filesystem is gone, and nothing is lost
        return 0
    files.read_tail(0)
    view[:] = bytes(len(view))
    return len(view)


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


# Folders and filesystems


def mounts(path):
    """[(filesystem, where)] of the one that `path` lies in; empty before MicroPython 1.25."""
    try:
        found = [(fs, at) for fs, at in os.mount() if at == "/" or (path + "/").startswith(at + "/")]  # pyright: ignore
    except (TypeError, AttributeError):
        return []
    return [max(found, key=lambda mount: len(mount[1]))] if found else []


def make_folder(path):
    """The folder and those above it, but not the first of an absolute path: a card that is not mounted must not
    become a folder of the board's own flash."""
    at = max(0, path.find("/", 1)) if path.startswith("/") else 0
    error = None
    while at >= 0:
        at = path.find("/", at + 1)
        try:
            os.mkdir(path if at < 0 else path[:at])
        except OSError as e:
            error = e
    try:
        mode = os.stat(path)[0]
    except OSError as e:
        raise error or e
    if not mode & _DIR:
        raise OSError(_ENOTDIR)


def is_fat(path):
    """True for a folder on FAT. Firmware before 1.25 does not tell what is mounted: there FAT finds names in capitals
    too. Asked with a file, and the one that FAT gets anyway, since half a folder cannot be removed again."""
    kinds = [type(fs).__name__ for fs, at in mounts(path)]
    if kinds:
        return kinds == ["VfsFat"]
    name = path + "/ring0"
    was_there = size_of(name) >= 0
    if not was_there:
        open(name, "wb").close()
    found = size_of(path + "/RING0") >= 0
    if not found and not was_there:
        os.remove(name)
    return found


def usual_capacity(path):
    """The smaller of 256 KiB and half of the free space, at least three sectors."""
    free = os.statvfs(path)
    return max(_LEAST_BYTES, min(_MOST_BYTES, free[1] * free[4] // 2))


def size_of(name):
    """Bytes of a file, those of a folder are 0; -1 if there is neither."""
    try:
        return os.stat(name)[6]
    except OSError as e:
        is_missing(e)
        return -1
