"""The two rings that a program makes. opening.py has how they find what is there."""

from . import let_go, load
from .ring.log import Ring


class FileRing(Ring):
    """A ring in the folder `path` of any mounted filesystem; on FAT in one file of full size, see media/fat.py.

    path            made if it is missing, with the folders above it but for the first of an absolute path, which has
                    to be there: a card that is not mounted must not become a folder of the board's own flash
    capacity_bytes  at most this much for readings, in steps of 4096, at least 12,288; None: what the ring had, at
                    first the smaller of 256 KiB and half of the free space. A larger value than before counts at
                    once, a smaller one drops the oldest readings, counted, or waits till what is pending fits if it may
                    not overwrite; on FAT either counts once nothing is pending
    overwrite       True: a full ring or disk drops its oldest sector, counted. False: log() raises RingFull.
    commit_every    readings held in RAM before they are made durable together, at least 1; 1 loses none
    tails, tail_bytes  how many tail files, at least 1, of how many bytes, 60 or more, of which 4096 count;
                    None: what suits the board's littlefs, 3 of 220 on RP2, else 4 of 120. Not for FAT.

    Raises ValueError or TypeError for an argument, also for a folder that hides the library from `import`; OSError of
    the filesystem with its number and words; WrongDevice for another format, CorruptRing if no header can be read,
    and nothing is changed then."""

    def __init__(self, path, capacity_bytes=None, overwrite=True, commit_every=1, tails=None, tail_bytes=None):
        load("media.littlefs")  # here, for what opening.py loads by itself is compiled with none collected
        load("opening", "open_file")(self, path, capacity_bytes, overwrite, commit_every, tails, tail_bytes)
        let_go("opening")


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
    unit            bytes that can be programmed only once between erases, a power of two up to 512: 16 under flash
                    encryption, else 1; an esp32.Partition tells
    whole_blocks    True: only whole blocks can be written, or the driver caches them; None: found out by asking
    verify          read back what was programmed; a block that fails is skipped, see stats()["bad_blocks"]
    format          True: take a device that holds something else, which is erased. A ring that is there stays.

    Raises WrongDevice if the device holds something else or another format, CorruptRing if no header can be read
    (nothing is changed then), Error if what is pending does not fit `blocks`, ValueError or TypeError for a part that
    the device does not have or another argument, OSError of the driver with its number."""

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
        part = {"overwrite": overwrite, "verify": verify, "format": format}
        load("opening", "open_block")(self, device, start, blocks, commit_every, page_size, unit, whole_blocks, part)
        let_go("opening")
