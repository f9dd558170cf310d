"""What a device holds where no ring of the wanted size is found: nothing, a ring of another size, something else.

Loaded when a device is opened for the first time, or with another `start` or `blocks` than before. Reads a bounded
number of bytes; erases only where format=True asks for it.
"""

from micropython import const

from . import sector
from .block import spread
from .device import NOBODYS
from .errors import Error, WrongDevice
from .state import CURSOR, DELIVERED, DONE, PART, WINDOW

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
        _first_bytes(medium, slot, buf)
        what = _filesystem(buf)
        if what:
            raise WrongDevice("the device holds %s: %s" % (what, medium.remedy))


def _first_bytes(medium, slot, buf):
    """The first bytes of a slot as they are, without any notion of blocks with heads."""
    medium.flash.read(slot * medium.flash.sector_bytes, buf)


def _refuse_what_is_there(medium):
    buf = bytearray(_BOOT)
    size = medium.flash.sector_bytes
    _first_bytes(medium, 1, buf)
    marked = bytes(buf[:_HEADER_LIKE]) == _first_header(medium)[:_HEADER_LIKE] and _is_torn_start(medium, 1, buf)
    torn = False
    for slot in spread(medium.slots):
        head = medium.head(slot)
        if head:
            text = "a ring of %d sectors begins elsewhere or does not fit: give start= and blocks= as before"
            raise WrongDevice(text % head.slots + ", or " + medium.remedy)
        _first_bytes(medium, slot, buf)
        empty = medium.flash.is_blank(slot * size, size if slot * size < _READ_WHOLE else _BOOT, NOBODYS)
        if not empty and not (slot < 2 and (marked or _is_torn_start(medium, slot, buf))):
            raise WrongDevice("the device holds %s: %s" % (_what(buf), medium.remedy))
        torn = torn or not (slot or empty)
    if torn and not marked:
        _mark(medium)
    if medium.is_blank(0):
        medium.trust_blank(0)


def _mark(medium):
    """The torn first header must be erased. If the power goes then, too, slot 0 may hold anything: what stands in
    slot 1 tells that it is ours."""
    if not medium.patchable and not medium.is_blank(1):
        medium.wipe(1)
    mark = _first_header(medium)[:_HEADER_LIKE]
    medium.append(1, 0, mark + b"\xff" * (-len(mark) % medium.unit))


def _what(buf):
    if bytes(buf[:3]) == b"BBr":
        return "a newer format of blynk_batch" if buf[3] > sector.VERSION else "a damaged ring"
    return _filesystem(buf) or "something else"


def _filesystem(buf):
    if bytes(buf[8:16]) == b"littlefs":
        return "a littlefs filesystem"
    if bytes(buf[510:]) == b"\x55\xaa":
        return "a FAT filesystem or a table of partitions"
    return None


def _first_header(medium):
    return sector.pack(0, medium.slots, 0, medium.flash.sector_bytes, {}, 0, 1)


def _is_torn_start(medium, slot, buf):
    """True if the power went while the first header was programmed on a blank device: some bits are not cleared yet."""
    head = _first_header(medium)
    for index in range(_HEADER_LIKE):
        if buf[index] & head[index] != head[index]:
            return False
    return medium.is_blank(slot, _TORN)


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
    ring.forget(WINDOW, PART, DELIVERED, DONE)
    ring.set(CURSOR, (sequence, 0, ring.number))
    ring.oldest = sequence
    ring.start_sector(sequence)
