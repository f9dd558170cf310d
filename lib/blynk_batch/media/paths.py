"""Folders and filesystems below a FileRing: makes the folder, tells which filesystem it lies in.

Knows no ring. Works when one is opened.
"""

import os

from micropython import const

from .littlefs import is_missing

_DIR = const(0x4000)
_ENOTDIR = const(20)
_LEAST_BYTES = const(12288)
_MOST_BYTES = const(262144)


def mounts(path):
    """[(filesystem, where)] of the one that `path` lies in; empty before MicroPython 1.25."""
    try:
        found = [(fs, at) for fs, at in os.mount() if at == "/" or (path + "/").startswith(at + "/")]  # pyright: ignore
    except (TypeError, AttributeError):
        return []
    found.sort(key=lambda mount: -len(mount[1]))
    return found[:1]


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
        with open(name, "wb"):
            pass
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
