"""A FileRing's folder looked through name by name: at the first open, on FAT, and where there is any doubt.

The ring's own are told by what is in them, never by the name alone: a file of somebody else is neither read as a
sector, written to nor removed. Works once; the usual case is folder.py's.
"""

import os

from micropython import const

from .files import SECTOR_BYTES, size_of
from .folder import checked, look_at, mounts, read_tail, stand

_FILE = const(0x8000)
_FOLDER = const(0x4000)
_EEXIST = const(17)
_ENOTDIR = const(20)
_DEFAULT_CAPACITY = const(262144)
_TAILS = const(16)  # where a ring may have been written with more than it has now
_MOST = const(1 << 30)  # sequences are below


def look(files):
    """The medium: `files`, told where it stands, or on FAT another."""
    files.close()
    path = files.path
    _make(path)
    newest, oldest, number = _survey(files, 0, _MOST)
    if number is None:
        if _find(files, newest, oldest):
            return files
        if not _is_fat(path):
            files.slots = _capacity(files) // SECTOR_BYTES
            return files
    from .fat import open_medium

    return open_medium(path, number or 0, _capacity(files))


def _survey(files, low, high):
    """One look through the folder: (newest, oldest) of the sequences from `low` below `high`, -1 if there is none, and
    the lowest N of files ringN that have the size of a ring, None if there is none."""
    newest = oldest = -1
    number = None
    for entry in os.ilistdir(files.path):
        name = entry[0]
        if entry[1] != _FILE:
            continue
        if name[:4] == "ring" and name[4:].isdigit() and _is_ring_size(files.path + "/" + name):
            number = int(name[4:]) if number is None else min(number, int(name[4:]))
        sequence = _sequence(name)
        if low <= sequence < high:
            newest = max(newest, sequence)
            oldest = sequence if oldest < 0 else min(oldest, sequence)
    return newest, oldest, number


def _sequence(name):
    """The number in a name of eight hexadecimal digits, else -1."""
    if len(name) != 8:
        return -1
    try:
        sequence = int(name, 16)
    except ValueError:
        return -1
    return sequence if "%08x" % sequence == name else -1


def _make(path):
    """The folder and those above it, but not the first of an absolute path: a card that is not mounted must not
    become a folder of the board's own flash."""
    at = max(0, path.find("/", 1)) if path.startswith("/") else 0
    while at >= 0:
        at = path.find("/", at + 1)
        try:
            os.mkdir(path if at < 0 else path[:at])
        except OSError as e:
            if at < 0:
                _must_be_folder(path, e)


def _must_be_folder(path, error):
    try:
        mode = os.stat(path)[0]
    except OSError:
        raise error
    if not mode & _FOLDER:
        raise OSError(_ENOTDIR)


def _capacity(files):
    """As asked for, else the smaller of 256 KiB and half of the free space."""
    if files.capacity:
        return files.capacity
    free = os.statvfs(files.path)
    return max(3 * SECTOR_BYTES, min(_DEFAULT_CAPACITY, free[1] * free[4] // 2))


def _is_ring_size(name):
    size = os.stat(name)[6]
    return size >= 3 * SECTOR_BYTES and size % SECTOR_BYTES in (0, 1024)


def _is_fat(path):
    """True if the names of the folder's files are found in capitals too; newer firmware tells what is mounted."""
    kinds = [type(fs).__name__ for fs, at in mounts(path)]
    if kinds == ["VfsFat"]:
        return True
    try:
        os.mkdir(path + "/tail")
    except OSError as e:
        if e.args[0] != _EEXIST:
            raise
    if kinds:
        return False
    try:
        os.stat(path + "/TAIL")
    except OSError:
        return False
    os.rmdir(path + "/tail")
    return True


def _find(files, newest, oldest):
    """Tell `files` about the ring that is there; False if none is."""
    tails = [read_tail(files, index) for index in range(max(files.tails, _TAILS))]
    newest, head = _newest(files, newest, tails)
    if newest < 0:
        return False
    slots = head.slots if head else _DEFAULT_CAPACITY // SECTOR_BYTES
    first = max(0, newest + 1 - max(slots, (files.capacity or 0) // SECTOR_BYTES))
    if oldest < first:  # what is older, or no sector at all, is somebody else's
        oldest = _survey(files, first, newest + 1)[1]
    size = size_of(files.name(newest))
    stand(files, newest if oldest < 0 else min(oldest, newest), newest, slots, size, tails[0])
    return True


def _newest(files, newest, tails):
    """The newest sector, -1 if there is none, and the Prefix of the newest that can be read."""
    last = max([tail[0] for tail in tails])
    doubtful = []
    head = None
    while newest >= 0:
        head, is_ours = look_at(files, newest)
        if head:
            break
        if is_ours or newest == last:
            doubtful.append(newest)
        newest = _survey(files, 0, newest)[0]
    for sequence, offset, body in tails:
        if not offset and sequence > newest:
            newest, head = sequence, checked(body, sequence) or head
    for sequence in doubtful:
        if not head or newest < sequence < newest + head.slots:
            newest = max(newest, sequence)
    return newest, head
