"""Opens a FileRing's folder: by a look at its first tail where all is as the ring left it; name by name at the first
open, on FAT, and where there is any doubt.

The ring's own files are told by what is in them, never by the name alone: a file of somebody else is neither read as
a sector, written to nor removed. Works once, when the ring is opened.
"""

import os
import struct
from binascii import crc32

from micropython import const

from ..ring import sector
from .littlefs import SECTOR_BYTES, size_of

_DEFAULT_CAPACITY = const(262144)
_TAIL_HEAD = const(12)
_TAILS = const(16)  # where a ring may have been written with more than it has now
_MOST = const(1 << 30)  # sequences are below
_FILE = const(0x8000)
_FOLDER = const(0x4000)
_ENOENT = const(2)
_EEXIST = const(17)
_ENODEV = const(19)
_ENOTDIR = const(20)


# Where it is


def place(path):
    """What names the ring's place, given the absolute path of its folder: that and, where the firmware tells (1.25),
    the filesystem mounted there."""
    found = mounts(path)
    return (path, id(found[0][0])) if found else path


def mounts(path):
    """[(filesystem, where)] of the one that `path` lies in; empty before MicroPython 1.25."""
    try:
        found = [(fs, at) for fs, at in os.mount() if at == "/" or (path + "/").startswith(at + "/")]  # pyright: ignore
    except (TypeError, AttributeError):
        return []
    found.sort(key=lambda mount: -len(mount[1]))
    return found[:1]


def look(files):
    """The medium: `files`, told where it stands, or on FAT another."""
    if _is_as_left(files):
        return files
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
    if kinds or size_of(path + "/TAIL") < 0:
        return False
    os.rmdir(path + "/tail")
    return True


# What is there


def _is_as_left(files):
    """Take the ring up where the first tail says that it is, without looking through the folder, of which littlefs
    reads some kilobytes for each name. False wherever there is any doubt."""
    tail = sequence, offset, body = _read_tail(files, 0)
    if sequence < 0 or files.exists(sequence + 1):
        return False
    size = size_of(files.name(sequence))
    if size >= 0:
        head, _ = _look_at(files, sequence)
    else:
        # A tail can be left of a sector that is gone, but then so are those before it.
        head = None if offset or not files.exists(sequence - 1) else _checked(body, sequence)
    if head:
        _stand(files, max(0, sequence + 1 - head.slots), sequence, head.slots, size, tail)
    return head is not None


def _find(files, newest, oldest):
    """Tell `files` about the ring that is there; False if none is."""
    tails = [_read_tail(files, index) for index in range(max(files.tails, _TAILS))]
    newest, head = _newest(files, newest, tails)
    if newest < 0:
        return False
    slots = head.slots if head else _DEFAULT_CAPACITY // SECTOR_BYTES
    first = max(0, newest + 1 - max(slots, (files.capacity or 0) // SECTOR_BYTES))
    if oldest < first:  # what is older, or no sector at all, is somebody else's
        oldest = _survey(files, first, newest + 1)[1]
    size = size_of(files.name(newest))
    _stand(files, newest if oldest < 0 else min(oldest, newest), newest, slots, size, tails[0])
    return True


def _stand(files, oldest, newest, slots, size, tail):
    files.slots = files.capacity // SECTOR_BYTES if files.capacity else slots
    files.span = (oldest, newest)
    files.current = newest
    files.spilled = max(0, size)
    index = 0
    while tail[:2] == (newest, files.spilled + len(files.tail)):  # it goes on where the one before ends
        files.tail_start, files.tail_index = len(files.tail), index
        files.tail.extend(tail[2])
        index += 1
        tail = _read_tail(files, index)  # there may be more than this ring is to write


def _newest(files, newest, tails):
    """The newest sector, -1 if there is none, and the Prefix of the newest that can be read."""
    last = max([tail[0] for tail in tails])
    doubtful = []
    head = None
    while newest >= 0:
        head, is_ours = _look_at(files, newest)
        if head:
            break
        if is_ours or newest == last:
            doubtful.append(newest)
        newest = _survey(files, 0, newest)[0]
    for sequence, offset, body in tails:
        if not offset and sequence > newest:
            newest, head = sequence, _checked(body, sequence) or head
    for sequence in doubtful:
        if not head or newest < sequence < newest + head.slots:
            newest = max(newest, sequence)
    return newest, head


def _survey(files, low, high):
    """One look through the folder: (newest, oldest) of the sequences from `low` below `high`, -1 if there is none, and
    the lowest N of files ringN that have the size of a ring on FAT, None if there is none."""
    newest = oldest = -1
    number = None
    for entry in os.ilistdir(files.path):
        name = entry[0]
        if entry[1] != _FILE:
            continue
        if name[:4] == "ring" and name[4:].isdigit() and _is_ring_size(size_of(files.path + "/" + name)):
            number = int(name[4:]) if number is None else min(number, int(name[4:]))
        sequence = _sequence(name)
        if low <= sequence < high:
            newest = max(newest, sequence)
            oldest = sequence if oldest < 0 else min(oldest, sequence)
    return newest, oldest, number


def _is_ring_size(size):
    return size >= 3 * SECTOR_BYTES and size % SECTOR_BYTES in (0, 1024)


def _sequence(name):
    """The number in a name of eight hexadecimal digits, else -1."""
    try:
        sequence = int(name, 16)
    except ValueError:
        return -1
    return sequence if "%08x" % sequence == name else -1


def _look_at(files, sequence):
    """(its Prefix or None, True if the file is a sector, be it damaged)."""
    data = bytearray(sector.PREFIX_BYTES)
    files.read(sequence, 0, memoryview(data))
    return _checked(data, sequence), data[:3] == b"BBr"


def _checked(data, sequence):
    head = sector.parse(data) if len(data) >= sector.PREFIX_BYTES else None
    if not head or head.sequence != sequence:
        return None
    sector.check_version(head, "update it")
    return head


def _read_tail(files, index):
    """(sequence, offset, body), sequence -1 where there is none that is whole."""
    try:
        with open("%s/tail/%d" % (files.path, index), "rb") as f:
            data = f.read()
    except OSError as e:
        if e.args[0] not in (_ENOENT, _ENOTDIR, _ENODEV):  # those come again, in words
            raise
        data = b""
    if len(data) >= _TAIL_HEAD:
        sequence, offset, crc = struct.unpack_from("<III", data)
        body = data[_TAIL_HEAD:]
        if crc32(body, crc32(data[:8])) == crc and sequence < _MOST:
            return sequence, offset, body
    return -1, 0, b""
