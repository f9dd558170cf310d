"""FileRing on FAT: one file of full size, made once, that serves as a card does: sectors of blocks and two tails.

FAT has nothing atomic: a file that grows has its acknowledged bytes written again, and its folder with them. So the
ring's file never grows. Its blocks are written whole and in place, which touches no table and no folder, and
tails.py keeps what a torn block would lose. Knows files on FAT; sectors are tails.py's.

    <path>/ring0   as many sectors as fit the capacity, then two blocks; ring1 and so on after a change of capacity
"""

import os
import struct
from binascii import crc32

from micropython import const

from ..ring import sector
from .device import SECTOR_BYTES, Device
from .tails import Tails
from .littlefs import size_of

_BLOCK = const(512)
_FLASH_BLOCK = const(4096)
_CARD_BYTES = const(67108864)  # cards are larger than this, flash with blocks of 4096 bytes is smaller
_EIO = const(5)
_ENOSPC = const(28)


def open_medium(path, number, capacity_bytes):
    """The medium in the folder `path` over its file with that number, which is made if there is none of any size.
    The file after it is a copy that was not finished."""
    _remove(_name(path, number + 1))
    name = _name(path, number)
    size = size_of(name)
    if size <= 0:
        size = _make(name, path, capacity_bytes // SECTOR_BYTES)
    return FatTails(path, number, size)


def refit(ring, slots):
    """Give the ring `slots` sectors: they are copied to a new file, which counts once the old is gone. The oldest that
    do not fit are dropped, counted. If the disk has no room for both files, the ring stays as it is."""
    from ..ring import room as full
    from ..ring.state import CURSOR, DROPPED, OLDEST

    old = ring.medium
    name = _name(old.path, old.number + 1)
    try:
        new = FatTails(old.path, old.number + 1, _make(name, old.path, slots))
    except OSError as e:
        _remove(name)
        if e.args[0] == _ENOSPC:
            return
        raise
    full.free_accepted(ring)
    while ring.newest - ring.oldest >= slots:
        full.drop_oldest(ring)
    ring.save(OLDEST, CURSOR, DROPPED)  # which may begin one more sector
    while ring.newest - ring.oldest >= slots:
        full.drop_oldest(ring)
    for sequence in range(ring.oldest, ring.newest + 1):
        _copy(old, new, sequence, ring.offset if sequence == ring.newest else old.sector_bytes)
    ring.medium = new
    old.close()
    _remove(old.place)


def _copy(old, new, sequence, size):
    """The first `size` bytes of a sector, with the number of slots that its header now is to have."""
    buf = bytearray(old.flash.page)
    for at in range(0, size, len(buf)):
        view = memoryview(buf)[: size - at]
        old.read(sequence, at, view)
        if not at and sector.parse(buf):
            struct.pack_into("<I", buf, 8, new.slots)
            struct.pack_into("<I", buf, 20, crc32(buf[:20]))
        new.append(sequence, at, view)
    new.seal(sequence, size)


def _name(path, number):
    return "%s/ring%d" % (path, number)


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
    """Sectors in a file of `size` bytes."""

    def __init__(self, path, number, size):
        page = _BLOCK if size % SECTOR_BYTES else _FLASH_BLOCK
        self.path, self.number = path, number
        name = _name(path, number)
        self.file = Blocks(name, size)
        super().__init__(Device(self.file, 0, None, page, None, True, True))
        self.place = name
        self.remedy = "remove %s to start anew" % name

    def slot(self, sequence):
        """As in all of a FileRing: sectors keep their checks when the capacity changes."""
        return 0

    def close(self):
        self.file.close()


class Blocks:
    """The file as a block device. A block is on the card when its write returns, since FAT hands whole blocks through;
    smaller ones than the medium's are not written (see _page)."""

    def __init__(self, name, size):
        from .folder import mounts  # not for longer: opening lets go of that file

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
        except OSError:
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
