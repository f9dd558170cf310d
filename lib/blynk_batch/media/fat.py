"""FileRing on FAT: one file of full size, made once, that serves as a card does: sectors of blocks and two tails.

FAT has nothing atomic: a file that grows has its acknowledged bytes written again, and its folder with them. So no
reading makes the ring's file grow. Its blocks are written whole and in place, which touches no table and no folder, and
tails.py keeps what a torn block would lose. Knows files on FAT; sectors are tails.py's.

    <path>/ring0   as many sectors as fit the capacity, then two blocks; more zeros behind them for a larger capacity.
                   Once nothing is pending, the ring begins anew in the file with as many sectors as it is to have
"""

import os
from binascii import crc32

from micropython import const

from ..errors import WrongDevice
from .device import SECTOR_BYTES, Device
from .foreign import find
from .names import mounts, size_of, usual_capacity
from .tails import Tails

_BLOCK = const(512)
_FLASH_BLOCK = const(4096)
_CARD_BYTES = const(67108864)  # cards are larger than this, flash with blocks of 4096 bytes is smaller
_EIO = const(5)
_ENODEV = const(19)
_ENOSPC = const(28)


def open_file(path, capacity):
    """(medium, span) of the ring in the folder. Its file is made if there is none, or no more than the beginning of
    one; for a larger capacity it gets longer, if there is room."""
    name = path + "/ring0"
    slots = (capacity or 0) // SECTOR_BYTES
    size = size_of(name)
    page = _page(size, path)
    if size < 3 * SECTOR_BYTES + 2 * page:
        if size > 0:
            with open(name, "rb") as f:
                if f.read().strip(b"\0"):  # else making it was broken off early
                    raise WrongDevice("%s is somebody else's file: remove %s to start anew" % (name, name))
        _extend(name, path, page, slots or usual_capacity(path) // SECTOR_BYTES)
    medium = FatTails(name, page)
    head = medium.head(0)
    if head and head.slots > medium.wanted:  # cut short, as the repair of a card does
        medium.close()
        _extend(name, path, page, head.slots)
        medium = FatTails(name, page)
    span = medium.open() or find(medium)
    if slots > medium.wanted:
        try:
            medium.close()
            _extend(name, path, page, slots)
        except OSError as e:
            if e.errno != _ENOSPC:
                raise
            slots = medium.wanted
    medium.wanted = slots or medium.slots
    if not span:
        medium.slots = medium.wanted
    return medium, span


def _extend(name, path, page, slots):
    """Append zeros to the file, up to so many sectors and the tails; they count from the moment that it is closed. What
    is broken off leaves it at any length."""
    status = os.statvfs(path)
    count = slots * SECTOR_BYTES + 2 * page - max(0, size_of(name))
    free = status[1] * status[4]
    if free < count:
        raise OSError(_ENOSPC, "%s: %d bytes are free, capacity_bytes asks for %d" % (path, free, count))
    step = bytes(max(page, 2 * _BLOCK))
    with open(name, "ab") as f:
        for _ in range(-(-count // len(step))):
            f.write(step)


def _page(size, path):
    """What is written at once: a block of the medium. A filesystem does not tell, so where it may lie on flash that
    has larger blocks than a card, it is those. A card's whole file tells by its `size`: asking can take all of FAT's
    table, which on a card is long."""
    if size % SECTOR_BYTES == 2 * _BLOCK:
        return _BLOCK
    status = os.statvfs(path)
    flash = not status[0] % _FLASH_BLOCK and status[1] * status[2] < _CARD_BYTES
    return _FLASH_BLOCK if flash else _BLOCK


class FatTails(Tails):
    """Sectors in the file `name`, of blocks of `page` bytes."""

    def __init__(self, name, page):
        self.file = Blocks(name)
        super().__init__(Device(self.file, 0, None, page, None, True, True))
        self.place, self.remedy = name, "remove %s to start anew" % name
        self.close = self.file.close


class Blocks:
    """The file as a block device. A block is on the card when its write returns, since FAT hands whole blocks through;
    smaller ones than the medium's are not written (see _page)."""

    def __init__(self, name):
        self._name = name
        self._file = None
        self._seen = None  # (block, bytes, CRC-32) of what was read or written last
        self._mounted = mounts(name)  # a file does not keep its filesystem in memory

    def readblocks(self, block, buf):
        self._whole(block, buf, "readinto")

    def writeblocks(self, block, buf):
        self._whole(block, buf, "write")

    def _whole(self, block, buf, method):
        try:
            if not self._file:
                self._file = open(self._name, "r+b")
                place, count, crc = self._seen or (0, 0, 0)
                self._file.seek(place * _BLOCK)
                if crc32(self._file.read(count)) != crc:  # another card was put in: its ring would be written over
                    text = "%s is another ring's, as on another card: open a ring anew"
                    raise OSError(_ENODEV, text % self._name)
            self._file.seek(block * _BLOCK)
            if getattr(self._file, method)(buf) != len(buf):
                raise OSError(_EIO)
            self._seen = block, len(buf), crc32(buf)
        except BaseException:  # also where Ctrl-C breaks in
            if self._seen and self._seen[0] == block:
                self._seen = None
            self.close()  # FAT serves a file that failed no more
            raise

    def ioctl(self, operation, argument):
        if operation == 4:
            return size_of(self._name) // _BLOCK
        return _BLOCK if operation == 5 else 0

    def close(self):
        file, self._file = self._file, None
        if file:
            try:
                file.close()
            except OSError:  # only the time of the last change is lost
                pass
