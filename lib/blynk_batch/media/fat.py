"""FileRing on FAT: one file of full size, made once, that serves as a card does: sectors of blocks and two tails.

FAT has nothing atomic: a file that grows has its acknowledged bytes written again, and its folder with them. So the
ring's file never grows. Its blocks are written whole and in place, which touches no table and no folder, and
tails.py keeps what a torn block would lose. Knows files on FAT; sectors are tails.py's.

    <path>/ring0   as many sectors as fit the capacity, then two blocks. Another capacity is another file, ring1, in
                   which the ring begins anew once nothing is pending; then ring0 goes. The next change goes back
"""

import os

from micropython import const

from ..errors import WrongDevice
from .device import SECTOR_BYTES, Device
from .foreign import find
from .paths import mounts, size_of, usual_capacity
from .tails import Tails

_BLOCK = const(512)
_FLASH_BLOCK = const(4096)
_CARD_BYTES = const(67108864)  # cards are larger than this, flash with blocks of 4096 bytes is smaller
_EIO = const(5)
_ENOSPC = const(28)


def open_file(path, capacity):
    """(medium, span) of the ring in the folder, in a new file if none has one. What a file holds tells whose it is:
    of two with a ring the newer counts, which a cut left beside the one that it replaces."""
    best = span = refused = free = None
    for name in _names(path):
        size = size_of(name)
        if not _is_ring_size(size):
            if size <= 0:
                free = free or name
            continue
        medium = FatTails(path, name, size)
        try:
            found = medium.open() or find(medium)
        except WrongDevice as e:
            medium.close()
            refused = e
            continue
        if found and (not span or found[1] > span[1]):
            medium, best, span = best, medium, found
        if medium:  # zeros, or a ring that was replaced
            medium.remove()
            free = free or name
    if best:
        return best, span
    if refused or not free:
        raise refused or WrongDevice("%s: somebody else's files have the names ring0 and ring1" % path)
    return FatTails(path, free, _make(free, path, (capacity or usual_capacity(path)) // SECTOR_BYTES)), None


def of_another_size(old, capacity):
    """A medium over a new file, beside that of `old`; None where there is no room for both or the name is taken."""
    for name in _names(old.path):
        if name != old.place and size_of(name) <= 0:
            try:
                return FatTails(old.path, name, _make(name, old.path, capacity // SECTOR_BYTES))
            except OSError as e:
                _remove(name)
                if e.args[0] != _ENOSPC:
                    raise
    return None


def _names(path):
    return path + "/ring0", path + "/ring1"


def _is_ring_size(size):
    return size >= 3 * SECTOR_BYTES and size % SECTOR_BYTES in (0, 2 * _BLOCK)


def _remove(name):
    try:
        os.remove(name)
    except OSError:
        pass


def _make(name, path, slots):
    """Write the file, all zeros; its bytes. It counts from the moment that it is closed."""
    status = os.statvfs(path)
    page = _page(status)
    size = slots * SECTOR_BYTES + 2 * page
    free = status[1] * status[4]
    if free < size:
        raise OSError(_ENOSPC, "%s: %d bytes are free, capacity_bytes asks for %d" % (path, free, size))
    step = bytes(min(SECTOR_BYTES, 2 * page))
    with open(name, "wb") as f:
        for _ in range(size // len(step)):
            f.write(step)
    return size


def _page(status):
    """What is written at once: a block of the medium. A filesystem does not tell, so where it may lie on flash that
    has larger blocks than a card, it is those."""
    flash = not status[0] % _FLASH_BLOCK and status[1] * status[2] < _CARD_BYTES
    return _FLASH_BLOCK if flash else _BLOCK


class FatTails(Tails):
    """Sectors in the file `name` of `size` bytes, in the folder `path`."""

    def __init__(self, path, name, size):
        page = _BLOCK if size % SECTOR_BYTES else _FLASH_BLOCK
        self.path = path
        self.file = Blocks(name, size)
        super().__init__(Device(self.file, 0, None, page, None, True, True))
        self.place = name
        self.remedy = "remove %s to start anew" % name

    def close(self):
        self.file.close()

    def remove(self):
        self.close()
        _remove(self.place)


class Blocks:
    """The file as a block device. A block is on the card when its write returns, since FAT hands whole blocks through;
    smaller ones than the medium's are not written (see _page)."""

    def __init__(self, name, size):
        self._name = name
        self._size = size
        self._file = None
        self._mounted = mounts(name)  # a file does not keep its filesystem in memory

    def readblocks(self, block, buf):
        self._whole(block, buf, "readinto")

    def writeblocks(self, block, buf):
        self._whole(block, buf, "write")

    def _whole(self, block, buf, method):
        try:
            if not self._file:
                self._file = open(self._name, "r+b")
            self._file.seek(block * _BLOCK)
            if getattr(self._file, method)(buf) != len(buf):
                raise OSError(_EIO)
        except BaseException:  # also where Ctrl-C breaks in
            self.close()  # FAT serves a file that failed no more
            raise

    def ioctl(self, operation, argument):
        if operation == 4:
            return self._size // _BLOCK
        return _BLOCK if operation == 5 else 0

    def close(self):
        file, self._file = self._file, None
        if file:
            try:
                file.close()
            except OSError:  # only the time of the last change is lost
                pass
