"""BlockRing: the ring straight on a block device, each sector one erase block at slot sequence modulo slots.

Knows where sectors lie and what the device held before; frames are ring/log.py's, drivers device.py's,
blocks that are written whole tails.py's. docs/format.md draws the layout.
"""

from micropython import const

from ..ring import sector
from .device import NOBODYS, Device
from ..errors import CorruptRing, WrongDevice
from ..ring.log import Ring

_BURST = const(64)
_MIN_SLOTS = const(3)
_FRESH_WALK = const(16)  # on the first lap all behind the newest is blank: look no further than this
_PROBES = const(64)
_REMEMBERED = const(32)


class BlockRing(Ring):
    """A ring on `device`, any MicroPython block device: esp32.Partition, rp2.Flash, SPI flash, FRAM, an SD card.

    start, blocks   the part of the device to use, in its blocks; all of it by default. At least three sectors of 4096
                    bytes, or of one block where that is larger; on whole blocks two blocks more.
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

    Raises WrongDevice if the device holds something else or a newer format, CorruptRing if no header can be read
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
        from ..arguments import check_device

        check_device(device, start, blocks, commit_every, {"overwrite": overwrite, "verify": verify, "format": format})
        flash = Device(device, start, blocks, page_size, unit, whole_blocks, verify)
        if flash.whole:
            from .tails import Tails as Medium
        else:
            Medium = Slots
        medium = Medium(flash)
        if medium.wanted < _MIN_SLOTS:
            raise ValueError("%d bytes: a ring needs %d sectors of %d" % (flash.bytes, _MIN_SLOTS, flash.sector_bytes))
        self.key = ("blocks", flash.name(), start)
        try:
            super().__init__(medium, overwrite, commit_every)
        except (CorruptRing, WrongDevice):
            if not format:
                raise
            from .foreign import wipe

            wipe(medium)
            super().__init__(medium, overwrite, commit_every)
            self.clear()  # an old ring can be there still, below what was refused
        if medium.slots != medium.wanted:
            from .foreign import move

            move(self)


class Slots:
    """Sectors of a device that takes programs of any length, or of whole pages, at an offset."""

    skips = True  # a sector that fails is left out, its sequence with it
    remedy = "format=True erases it"
    is_taken = False  # True: what is there, and no ring, may be erased

    def __init__(self, flash):
        self.flash = flash
        self.place = "%d blocks of %d bytes" % (flash.bytes // flash.block_bytes, flash.block_bytes)
        self.unit = flash.unit
        self.burst = _BURST if flash.page == 1 else flash.page
        self.patchable = flash.unit == 1
        self.sector_bytes = flash.sector_bytes
        self.wanted = self.slots = self.slots_in(flash.bytes)
        self.erases = 0
        self.first = 0  # sequence of the first sector there can be
        self.erased = -1  # sequence whose sector was found blank or erased in this run
        self._programs = 0

    def slots_in(self, size):
        return size // self.flash.sector_bytes

    def slot(self, sequence):
        return sequence % self.slots

    def _address(self, sequence):
        return sequence % self.slots * self.flash.sector_bytes

    # Opening

    def open(self):
        first, second = self._magic(0), self._magic(1)
        newest = -1 if b"?" in (first, second) else self.newest()
        if newest >= 0 and first != b"BBr":
            from .foreign import refuse_filesystem

            refuse_filesystem(self)
        if newest < 0:
            from .foreign import find

            newest = find(self)
        if newest < 0:
            return None
        return max(0, newest - self.slots + 1), newest

    def _magic(self, slot):
        """The slot's first three bytes, b"?" for a ring of another size: as few bytes as tell."""
        buf = bytearray(12)
        self.peek(slot, memoryview(buf))
        if buf[:3] == b"BBr" and int.from_bytes(buf[8:], "little") != self.slots:
            return b"?"
        return bytes(buf[:3])

    def newest(self):
        """The highest sequence of a ring with `self.slots` slots, -1 if there is none."""
        return _newest(self.sequence_at, self.slots)

    def peek(self, slot, view):
        """The first bytes of a slot, whatever they are."""
        self.flash.read(slot * self.flash.sector_bytes, view)

    def head(self, slot):
        """The sector.Prefix in that slot, of whatever size of ring, or None."""
        buf = bytearray(sector.PREFIX_BYTES)
        self.peek(slot, memoryview(buf))
        head = sector.parse(buf)
        if head:
            sector.check_version(head, "update it, or " + self.remedy)
        return head

    def sequence_at(self, slot):
        """The sequence of the sector in `slot`, -1 if none of this ring is there."""
        head = self.head(slot)
        if not head or head.slots != self.slots or head.sequence % self.slots != slot:
            return -1
        return head.sequence if head.sector_bytes == self.flash.sector_bytes else -1

    def wipe(self, slot):
        address = slot * self.flash.sector_bytes
        if not slot or not self.flash.is_blank(address, 64, NOBODYS):
            self.flash.erase(address)

    # Sectors

    def read(self, sequence, offset, view):
        self.flash.read(self._address(sequence) + offset, view)

    def free_from(self, sequence):
        return max(sequence, self.first)

    def oldest_from(self, sequence, newest):
        return sequence

    def give_spare(self):
        return False

    def begin(self, sequence):
        if self.erased != sequence:
            self.erases += 1
            self.flash.erase(self._address(sequence))
        self.erased = -1

    def append(self, sequence, offset, data):
        self.flash.program(self._address(sequence) + offset, data)
        self._programs += 1

    def prepare(self, sequence):
        """Erase ahead. Not in a run that logs a few readings only: what it erased the next run would erase again."""
        if self.erased != sequence and self._programs >= _BURST:
            self.begin(sequence)
            self.erased = sequence

    def seal(self, sequence, offset):
        pass

    def drop(self, sequence):
        pass

    def close(self):
        pass


# The newest sector: by bisection over the slots, reading little and keeping no list. A sector's slot is its sequence
# modulo the slots; its lap, the quotient. From the first slot to the newest sector all are of one lap, those behind it
# of the lap before or not there yet. Slots that hold neither (blank, torn, stale) are stepped over to the right.


def spread(slots):
    """The first slots, and a number over all others."""
    for slot in range(min(slots, _FRESH_WALK)):
        yield slot
    for slot in range(_FRESH_WALK, slots, max(1, slots // _PROBES)):
        yield slot


def _newest(look, slots):
    """The highest sequence; -1 if there is no sector. `look(slot)` is a slot's sequence, -1 for what is no sector."""
    seen_at = {}

    def sequence_at(slot):
        sequence = seen_at.get(slot)
        if sequence is None:
            sequence = look(slot)
            if len(seen_at) < _REMEMBERED:
                seen_at[slot] = sequence
        return sequence

    for low in spread(slots):
        sequence = sequence_at(low)
        if sequence >= 0:
            break
    else:
        return -1
    while True:
        lap = sequence // slots
        high = slots - 1
        while low < high:
            middle = (low + high + 1) // 2
            at, seen = _walk(sequence_at, slots, middle, high, lap)
            if seen >= lap:
                low, lap = at, seen
            else:
                high = middle - 1
        sequence = lap * slots + low
        for after in (sequence + 1, sequence + 2):
            if sequence_at(after % slots) == after:
                low, sequence = after % slots, after
                break
        else:
            return sequence


def _walk(sequence_at, slots, slot, last, lap):
    """(slot, lap) of the first sector from `slot` to `last` that can belong to the ring's last two laps."""
    if not lap:
        last = min(last, slot + _FRESH_WALK)
    while slot <= last:
        seen = sequence_at(slot)
        if seen >= 0 and seen // slots >= lap - 1:
            return slot, seen // slots
        slot += 1
    return slot, -1
