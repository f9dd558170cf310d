"""Two blocks that a FileRing keeps for the day that others have filled the disk.

One is for the sector's file, one to append to it, which writes its last block anew. Loaded when a run begins its first
sector, and when the disk is full.
"""

import os

from micropython import const

from .files import size_of

_BYTES = const(8000)  # with the file's own pointers no more than two blocks


def make(path):
    """Have it; False if there is no room for it, and the ring goes without."""
    name = path + "/spare"
    if size_of(name) > 0:
        return True
    try:
        with open(name, "wb") as f:
            for _ in range(_BYTES // 64):
                f.write(b"\xff" * 64)
    except OSError:
        give(path)
        return False
    return True


def give(path):
    """Free its blocks; False if it is not there."""
    name = path + "/spare"
    was_there = size_of(name) > 0
    try:
        os.remove(name)
    except OSError:
        return False
    return was_there
