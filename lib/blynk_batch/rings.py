"""The two rings that a program makes: each opens its medium, makes a Ring of what is there, and sees to its size.

Knows which medium suits which place; not how any of them works, and no frames.
"""

import sys

from micropython import const

from . import let_go, load
from .errors import CorruptRing, Error, WrongDevice
from .ring.log import Ring
from .ring.state import CURSOR

_LEAST_SLOTS = const(3)
_SECTOR_BYTES = const(4096)
_TAILS = {"rp2": (3, 220)}  # by what each board's littlefs keeps inside a folder's metadata: rp2 512 bytes a file,
_TAILS_ELSE = (4, 120)  # esp32 128


class FileRing(Ring):
    """A ring in the folder `path` of any mounted filesystem; on FAT in one file of full size, see media/fat.py.

    path            made if it is missing, with the folders above it but for the first of an absolute path, which has
                    to be there: a card that is not mounted must not become a folder of the board's own flash
    capacity_bytes  at most this much for readings, in steps of 4096, at least 12,288; None: what the ring had, at
                    first the smaller of 256 KiB and half of the free space. A larger value than before counts at
                    once, a smaller one drops the oldest readings, counted; on FAT either counts once nothing is pending
    overwrite       True: a full ring or disk drops its oldest sector, counted. False: log() raises RingFull.
    commit_every    readings held in RAM before they are made durable together, at least 1; 1 loses none
    tails, tail_bytes  how many tail files, at least 1, of how many bytes, 60 or more; None: what suits the board's
                    littlefs, 3 of 220 on RP2, else 4 of 120. Not for FAT.

    Raises ValueError or TypeError for an argument, also for a folder that hides the library from `import`; OSError of
    the filesystem with its number and words; WrongDevice for another format, CorruptRing if no header can be read,
    and nothing is changed then.
    """

    def __init__(self, path, capacity_bytes=None, overwrite=True, commit_every=1, tails=None, tail_bytes=None):
        usual = _TAILS.get(sys.platform, _TAILS_ELSE)
        tails = usual[0] if tails is None else tails
        tail_bytes = usual[1] if tail_bytes is None else tail_bytes
        absolute = load("arguments").check_folder(path, capacity_bytes, overwrite, commit_every, tails, tail_bytes)
        let_go("arguments")
        path = path.rstrip("/")
        try:
            self.key = (load("media.paths", "place")(absolute), 0, 1)
            medium, span = load("media.folder", "open_folder")(path, capacity_bytes, tails, tail_bytes)
            super().__init__(medium, span, overwrite, commit_every)
            if capacity_bytes and medium.slots != capacity_bytes // _SECTOR_BYTES and not self.pending:
                old, medium = medium, load("media.fat", "of_another_size")(medium, capacity_bytes)
                if medium:
                    _move(self, medium, 0)
                    old.remove()
            let_go("media.folder")
            let_go("media.paths")
        except OSError as e:
            from .arguments import explained

            raise explained(e, path)


class BlockRing(Ring):
    """A ring on `device`, any MicroPython block device: esp32.Partition, rp2.Flash, SPI flash, FRAM, an SD card.

    start, blocks   the part of the device to use, in its blocks; all of it by default. At least three sectors of 4096
                    bytes, or of one block where that is larger; on whole blocks two blocks more. Another `blocks` than
                    before counts once nothing is pending.
    overwrite       True: a full ring drops its oldest sector, counted. False: log() raises RingFull.
    commit_every    readings held in RAM before they are made durable together, at least 1; 1 loses none
    page_size       bytes that a program must be a multiple of, a power of two up to a block: 256 on rp2.Flash, else 1;
                    with whole_blocks the bytes that the driver rewrites at once, the block size by default (4096 for
                    a driver that caches a flash sector)
    unit            bytes that can be programmed only once between erases, a power of two: 16 under flash encryption,
                    else 1; an esp32.Partition tells
    whole_blocks    True: only whole blocks can be written, or the driver caches them; None: found out by asking
    verify          read back what was programmed; a block that fails is skipped, see stats()["bad_blocks"]
    format          True: take a device that holds something else, which is erased. A ring that is there stays.

    Raises WrongDevice if the device holds something else or another format, CorruptRing if no header can be read
    (nothing is changed then), Error if what is pending does not fit `blocks`, ValueError or TypeError for a part that
    the device does not have or another argument, OSError of the driver with its number.
    """

    def __init__(
        self,
        device,
        *,
        start=0,
        blocks=None,
        overwrite=True,
        commit_every=1,
        page_size=None,
        unit=None,
        whole_blocks=None,
        verify=True,
        format=False,
    ):
        from .media.device import Device, check

        check(device, start, blocks, commit_every, {"overwrite": overwrite, "verify": verify, "format": format})
        flash = Device(device, start, blocks, page_size, unit, whole_blocks, verify)
        if flash.whole:
            from .media.tails import Tails as Medium
        else:
            from .media.slots import Slots as Medium
        medium = Medium(flash)
        if medium.wanted < _LEAST_SLOTS:
            text = "%d bytes: a ring needs %d sectors of %d"
            raise ValueError(text % (flash.bytes, _LEAST_SLOTS, flash.sector_bytes))
        # `start` alone would not do: two parts of one device can overlap.
        self.key = (flash.name(), start, start + flash.bytes // flash.block_bytes)
        try:
            super().__init__(medium, _span(medium), overwrite, commit_every)
        except (CorruptRing, WrongDevice):
            if not format:
                raise
            load("media.foreign", "wipe")(medium)
            super().__init__(medium, _span(medium), overwrite, commit_every)
            self.clear()  # an old ring can be there still, below what was refused
        if medium.slots != medium.wanted:
            _resize(self)


def _span(medium):
    return medium.open() or load("media.foreign", "find")(medium)


def _resize(ring):
    """Go over to the wanted size, if nothing is pending."""
    medium = ring.medium
    if not ring.pending:
        taken = medium.slot(ring.newest)  # stays until the new ring's first header is whole
        medium.slots = medium.wanted
        _move(ring, medium, 0 if taken else 1)
    elif medium.slots > medium.wanted:
        text = "%d readings are pending in a ring of %d sectors, more than the %d now given: open it with the old"
        raise Error(text % (ring.pending, medium.slots, medium.wanted) + " `blocks`, upload or clear() first")


def _move(ring, medium, slot):
    """Begin the empty `ring` anew on `medium`, in that slot of a lap of its own; the header carries all state over. So
    a power cut leaves the old ring whole, or the new one."""
    sequence = (ring.newest // medium.slots + 1) * medium.slots + slot
    ring.medium = medium
    ring.close_window()
    ring.set(CURSOR, (sequence, 0, ring.number))
    ring.oldest = sequence
    ring.start_sector(sequence)
