"""Sectors straight on a block device, each one erase block at slot sequence modulo slots.

Knows where sectors lie and which is the newest; what else a device can hold is foreign.py's, drivers are device.py's,
blocks that are written whole tails.py's. docs/format.md draws the layout.
"""

from micropython import const

from ..ring import sector
from ..ring.record import PAGE
from .device import NOBODYS

_MAGIC = const(b"BBr")
_BURST = const(64)
_FRESH_WALK = const(16)  # on the first lap all behind the newest is blank: look no further than this
_PROBES = const(64)
_MANY = const(64)  # programs in one run


class Slots:
    """Sectors of a device that takes programs of any length, or of whole pages, at an offset."""

    skips = 8  # a sector that fails is left out, its sequence with it; less than so many in a row
    remedy = "format=True erases it"
    is_taken = False  # True: what is there, and no ring, may be erased

    def __init__(self, flash):
        self.flash = flash
        self.place = "%d blocks of %d bytes" % (flash.bytes // flash.block_bytes, flash.block_bytes)
        self.unit = flash.unit
        self.burst = max(_BURST if flash.page == 1 else flash.page, flash.unit)
        self.sector_bytes = flash.sector_bytes
        self.wanted = self.slots = self.slots_in(flash.bytes)
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
        """(oldest, newest) of the ring, of any size, with a sector in the first slot; None: foreign.find() looks on."""
        head = self.head(0)
        if not head or head.slots > self.slots_in(self.flash.most_bytes):
            return None
        self.slots = head.slots
        newest = self.newest()
        if newest < 0:
            self.slots = self.wanted
        return self.span(newest)

    def span(self, newest):
        return None if newest < 0 else (max(0, newest - self.slots + 1), newest)

    # By bisection over the slots, reading little and keeping no list. A sector's slot is its sequence modulo the slots;
    # its lap, the quotient. From the first slot to the newest sector all are of one lap, those behind it of the lap
    # before or not there yet. Slots that hold neither (blank, torn, stale) are stepped over to the right.

    def newest(self):
        """The highest sequence of a ring with `self.slots` slots, -1 if there is none."""
        slots = self.slots
        for slot in spread(slots):
            newest = self._sequence_at(slot)
            if newest >= 0:
                break
        else:
            return -1
        while True:
            lap, low, high = newest // slots, newest % slots, slots - 1
            while low < high:
                middle = (low + high + 1) // 2
                for at in range(middle, (high if lap else min(high, middle + _FRESH_WALK)) + 1):
                    seen = self._sequence_at(at) // slots
                    if seen >= max(0, lap - 1):  # one of the ring's last two laps
                        break
                if seen >= lap:
                    low, lap = at, seen
                else:
                    high = middle - 1
            found = lap * slots + low
            for newest in range(found + 1, found + 1 + max(2, self.skips)):  # also what could not be read for a moment
                if self._sequence_at(newest % slots) == newest:
                    break
            else:
                return found

    def peek(self, slot, view):
        self.flash.read(slot * self.flash.sector_bytes, view)

    def head(self, slot):
        """The sector.Prefix in that slot, of whatever size of ring, or None."""
        buf = bytearray(sector.PREFIX_BYTES)
        for _ in range(sector.READS):
            self.peek(slot, memoryview(buf))
            head = sector.parse(buf)
            if head or not bytes(buf).strip(NOBODYS):
                break
        return head

    def _sequence_at(self, slot):
        """The sequence of the sector in `slot`, -1 if none of this ring is there."""
        head = self.head(slot)
        if not head or head.slots != self.slots or head.sequence % self.slots != slot:
            return -1
        return head.sequence if head.log2 == sector.log2(self.sector_bytes) else -1

    def wipe(self, slot):
        address = slot * self.flash.sector_bytes
        if not slot or not self.flash.is_blank(address, 64, NOBODYS):
            self.flash.erase(address)

    # Sectors

    def read(self, sequence, offset, view):
        self.flash.read(self._address(sequence) + offset, view)

    def end(self, sequence):
        return self.sector_bytes

    def free_from(self, sequence):
        return max(sequence, self.first)

    def oldest_from(self, sequence, newest):
        """Pass sectors that were erased before their drop could be noted, since blocks failed: blank, as two reads say.
        Only those whose slots the next two sectors take, as many as one turn tries: any other blank is damage."""
        last = newest - self.slots + 2
        while self.skips and sequence <= last and self._is_blank(sequence) and self._is_blank(sequence):
            sequence += 1
        return sequence

    def _is_blank(self, sequence):
        return self.flash.is_blank(self._address(sequence), sector.PREFIX_BYTES)

    def begin(self, sequence):
        if self.erased != sequence:
            self.flash.erase(self._address(sequence))
        self.erased = -1

    def overwrites(self, sequence):
        """True for FRAM and EEPROM. Asked in a blank sector, with the first byte of the header that comes there."""
        return self.unit == 1 and self.flash.overwrites(self._address(sequence), _MAGIC[:1])

    def append(self, sequence, offset, data):
        address = self._address(sequence)
        if not offset:
            # The prefix, with units of 16 bytes its beginning, is written last: if it can be read, the whole header is
            # there. Half of one would hide what lies below it, such as the ring of another size that it replaces.
            first = sector.PREFIX_BYTES - sector.PREFIX_BYTES % self.unit
            self.flash.program(address + first, data[first:])
            data = data[:first]
        while data:
            count = min(self.burst, PAGE - offset % PAGE)  # a page's mark counts what is before it, so that is first
            self.flash.program(address + offset, data[:count])
            data = data[count:]
            offset += count
        self._programs += 1

    def prepare(self, sequence):
        """Erase ahead. Not in a run that logs a few readings only: what it erased the next run would erase again."""
        if self.erased != sequence and self._programs >= _MANY:
            self.begin(sequence)
            self.erased = sequence

    def seal(self, *_):
        """Nothing is to be done, neither here nor for what is dropped or let go of."""

    drop = close = give_spare = seal


def spread(slots):
    """The first slots, and a number over all others."""
    return list(range(min(slots, _FRESH_WALK))) + list(range(_FRESH_WALK, slots, max(1, slots // _PROBES)))
