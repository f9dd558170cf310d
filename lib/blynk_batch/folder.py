"""Opens a FileRing's folder where it is as the ring left it; survey.py does what takes more than a look at its tail.

Works once, when the ring is opened.
"""

import os
import struct
import sys
from binascii import crc32

from micropython import const

from . import let_go, sector
from .files import SECTOR_BYTES, size_of
from .arguments import check_least

_TAIL_HEAD = const(12)
_ENOENT = const(2)
_ENODEV = const(19)
_ENOTDIR = const(20)
_MOST = const(1 << 30)  # sequences are below


def check(path, capacity_bytes, commit_every, tails, tail_bytes):
    """ValueError or TypeError for what FileRing does not take."""
    if not path or not isinstance(path, str):
        raise ValueError("path=%r: a folder, such as '/readings'" % (path,))
    if capacity_bytes is not None:
        check_least("capacity_bytes", capacity_bytes, 3 * SECTOR_BYTES)
    check_least("commit_every", commit_every, 1)
    check_least("tails", tails, 1)
    check_least("tail_bytes", tail_bytes, 60)
    places = [_absolute(place).rstrip("/") + "/blynk_batch" for place in sys.path]
    if _absolute(path.rstrip("/")) in places:
        raise ValueError("path=%r: MicroPython would import that folder instead of the library" % path)


def _absolute(path):
    return path if path.startswith("/") else os.getcwd().rstrip("/") + "/" + path


def place(path):
    """What names the ring's place: the folder and, where the firmware tells (1.25), the filesystem mounted there."""
    path = _absolute(path)
    found = mounts(path)
    return (path, id(found[0][0])) if found else path


def look(files):
    """The medium: `files`, told where it stands, or on FAT another."""
    if _is_as_left(files):
        return files
    from . import survey

    try:
        return survey.look(files)
    finally:
        let_go("survey")


def _is_as_left(files):
    """Take the ring up where the first tail says that it is, without looking through the folder, of which littlefs
    reads some kilobytes for each name. False wherever there is any doubt."""
    tail = sequence, offset, body = read_tail(files, 0)
    if sequence < 0 or files.exists(sequence + 1):
        return False
    size = size_of(files.name(sequence))
    if size >= 0:
        head, _ = look_at(files, sequence)
    else:
        # A tail can be left of a sector that is gone, but then so are those before it.
        head = None if offset or not files.exists(sequence - 1) else checked(body, sequence)
    if head:
        stand(files, max(0, sequence + 1 - head.slots), sequence, head.slots, size, tail)
    return head is not None


def stand(files, oldest, newest, slots, size, tail):
    files.slots = files.capacity // SECTOR_BYTES if files.capacity else slots
    files.span = (oldest, newest)
    files.current = newest
    files.spilled = max(0, size)
    index = 0
    while tail[:2] == (newest, files.spilled + len(files.tail)):  # it goes on where the one before ends
        files.tail_start, files.tail_index = len(files.tail), index
        files.tail.extend(tail[2])
        index += 1
        tail = read_tail(files, index)  # there may be more than this ring is to write


def look_at(files, sequence):
    """(its Prefix or None, True if the file is a sector, be it damaged)."""
    data = bytearray(sector.PREFIX_BYTES)
    files.read(sequence, 0, memoryview(data))
    return checked(data, sequence), data[:3] == b"BBr"


def checked(data, sequence):
    head = sector.parse(data) if len(data) >= sector.PREFIX_BYTES else None
    if not head or head.sequence != sequence:
        return None
    sector.check_version(head, "update it")
    return head


def read_tail(files, index):
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


def mounts(path):
    """[(filesystem, where)] of the one that `path` lies in; empty before MicroPython 1.25."""
    try:
        found = [(fs, at) for fs, at in os.mount() if at == "/" or (path + "/").startswith(at + "/")]  # pyright: ignore
    except (TypeError, AttributeError):
        return []
    found.sort(key=lambda mount: -len(mount[1]))
    return found[:1]
