"""Another capacity for a FileRing on FAT: its sectors are copied to a new file, which counts once the old is gone.

Works on a Ring over fat.py's medium; loaded for that only. A power cut leaves both files: the old one counts then.
"""

import os
import struct
from binascii import crc32

from . import full, sector
from .device import SECTOR_BYTES
from .fat import FatTails, make, name_of
from .ring import ENOSPC
from .state import CURSOR, DROPPED, OLDEST
from .tails import HEAD_BYTES, check


def refit(ring, slots):
    """Give the ring `slots` sectors. The oldest that do not fit are dropped, counted. If the disk has no room for
    both files, the ring stays as it is."""
    old = ring.medium
    name = name_of(old.path, old.number + 1)
    try:
        size = make(name, old.path, slots)
    except OSError as e:
        _remove(name)
        if e.args[0] == ENOSPC:
            return
        raise
    full.free_accepted(ring)
    while ring.newest - ring.oldest >= slots:
        full.drop_oldest(ring)
    ring.save(OLDEST, CURSOR, DROPPED)  # which may begin one more sector
    while ring.newest - ring.oldest >= slots:
        full.drop_oldest(ring)
    old.seal(ring.newest, ring.offset)  # all of it in its place
    new = FatTails(old.path, old.number + 1, size)
    page = bytearray(old.flash.page)
    for sequence in range(ring.oldest, ring.newest + 1):
        for index in range(SECTOR_BYTES // len(page)):
            old.flash.read_page(old.page(sequence, index), page)
            if struct.unpack_from("<IH", page) == (sequence, index):
                _resize(page, index, new.slots)
                new.flash.write_page(new.page(sequence, index), page)
    new.newest()
    ring.medium = new
    old.close()
    _remove(old.name)


def _remove(name):
    try:
        os.remove(name)
    except OSError:
        pass


def _resize(page, index, slots):
    """Another number of slots in the block's head and, in a sector's first, in the sector's header."""
    view = memoryview(page)
    used = struct.unpack_from("<H", page, 6)[0]
    if used > len(page) - HEAD_BYTES or check(page, used) != struct.unpack_from("<I", page, HEAD_BYTES - 4)[0]:
        return  # damaged: it stays so
    struct.pack_into("<I", page, 8, slots)
    if not index and sector.parse(view[HEAD_BYTES:]):
        struct.pack_into("<I", page, HEAD_BYTES + 8, slots)
        struct.pack_into("<I", page, HEAD_BYTES + 20, crc32(view[HEAD_BYTES : HEAD_BYTES + 20]))
    struct.pack_into("<I", page, HEAD_BYTES - 4, check(page, used))
