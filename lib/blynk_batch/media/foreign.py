"""What a device holds where no ring of the wanted size is found: nothing, a ring of another size, something else.

Loaded when a device is opened for the first time, or with another `start` or `blocks` than before. Reads a bounded
number of bytes; erases only where format=True asks for it.
"""

from micropython import const

from ..ring import sector
from .slots import spread
from .device import NOBODYS
from ..errors import Error, WrongDevice
from ..ring.state import CURSOR

_BOOT = const(512)  # bytes at the start of a slot that tell what it holds
_READ_WHOLE = const(65536)  # a device is read from end to end so far, of the rest the starts of some slots
_WIPE_ALL = const(16384)
_TORN = const(64)  # a first header is shorter
_HEADER_LIKE = const(18)  # the prefix up to the sector's size: the same on every first open


def find(medium):
    """The newest sequence of a ring of another size, or -1 on a device that holds nothing. Else WrongDevice."""
    wanted = medium.wanted
    best = -1
    size = wanted
    for slots in _sizes(medium):
        medium.slots = slots
        newest = medium.newest()
        if newest > best:
            best, size = newest, slots
    medium.slots = size
    if best < 0:
        if not medium.is_taken:
            medium.flash.strict = True
            _refuse_what_is_there(medium)
            medium.flash.strict = False
        return -1
    return medium.newest()  # takes up the block under way of the ring that counts


def _sizes(medium):
    """Sizes of the rings whose sectors are found, as far as they fit the device."""
    sizes = {medium.wanted}
    most = medium.slots_in(medium.flash.most_bytes)
    for slot in spread(medium.slots):
        head = medium.head(slot)
        if head and head.slots <= most:
            sizes.add(head.slots)
    return sizes


def refuse_filesystem(medium):
    """WrongDevice if a filesystem was made where a ring was: its first blocks are there, and old sectors behind."""
    buf = bytearray(_BOOT)
    for slot in (0, 1):
        medium.flash.read(slot * medium.flash.sector_bytes, buf)
        what = _filesystem(buf)
        if what:
            raise WrongDevice("the device holds %s: %s" % (what, medium.remedy))


def _refuse_what_is_there(medium):
    """WrongDevice unless all is blank but for slots at the start where the power went while the first header was
    programmed. The ring begins behind those: to erase one, where another cut can leave anything, could hide it."""
    buf = bytearray(_BOOT)
    size = medium.flash.sector_bytes
    for slot in spread(medium.slots):
        head = medium.head(slot)
        if head:
            text = "a ring of %d sectors begins elsewhere or does not fit: give start= and blocks= as before"
            raise WrongDevice(text % head.slots + ", or " + medium.remedy)
        if medium.flash.is_blank(slot * size, size if slot * size < _READ_WHOLE else _BOOT, NOBODYS):
            continue
        medium.flash.read(slot * size, buf)
        if slot != medium.first or not _is_torn_start(medium, slot, buf):
            what = "a damaged ring" if bytes(buf[:3]) == b"BBr" else _filesystem(buf) or "something else"
            raise WrongDevice("the device holds %s: %s" % (what, medium.remedy))
        medium.first += 1
    if medium.flash.is_blank(medium.slot(medium.first) * size, size):
        medium.erased = medium.first


def _filesystem(buf):
    if bytes(buf[8:16]) == b"littlefs":
        return "a littlefs filesystem"
    if bytes(buf[510:]) == b"\x55\xaa":
        return "a FAT filesystem or a table of partitions"
    return None


def _is_torn_start(medium, slot, buf):
    """True if some bits of a first header that would stand there are not cleared yet, and nothing follows."""
    size = medium.flash.sector_bytes
    head = sector.pack(slot, medium.slots, 0, size, {}, 0, 1, 0)
    for index in range(_HEADER_LIKE):
        if buf[index] & head[index] != head[index]:
            return False
    return medium.flash.is_blank(slot * size + _TORN, size - _TORN)


def wipe(medium):
    """Make the device blank, as far as a ring can tell; the first slot last, so that a cut leaves it recognisable.
    Of a card of gigabytes only where the search for a ring looks."""
    medium.slots = medium.wanted
    slots = range(medium.slots) if medium.slots <= _WIPE_ALL else spread(medium.slots)
    for slot in slots:
        if slot:
            medium.wipe(slot)
    medium.wipe(0)
    medium.is_taken = True
    medium.flash.strict = False


def move(ring):
    """Go over to the wanted size, if nothing is pending: the next sector is the first of the new ring. The newest
    of the old stays until that is written."""
    medium = ring.medium
    wanted = medium.wanted
    if ring.pending:
        if medium.slots > wanted:
            text = "%d readings are pending in a ring of %d sectors, more than the %d now given: open it with the old"
            raise Error(text % (ring.pending, medium.slots, wanted) + " `blocks`, upload or clear() first")
        return
    sequence = (ring.newest // wanted + 1) * wanted
    if not medium.slot(ring.newest):
        sequence += 1
    medium.slots = wanted
    ring.close_window()
    ring.set(CURSOR, (sequence, 0, ring.number))
    ring.oldest = sequence
    ring.start_sector(sequence)
