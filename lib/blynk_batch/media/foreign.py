"""What a device holds whose first slot tells of no ring: nothing, a ring that begins behind it, others' data.

Loaded when a device is opened for the first time, or its first slot was torn or damaged. Reads a bounded
number of bytes; erases only where format=True asks for it.
"""

from micropython import const

from ..errors import WrongDevice
from ..ring import sector
from .device import NOBODYS
from .slots import spread

_BOOT = const(512)  # bytes at the start of a slot that tell what it holds
_READ_WHOLE = const(65536)  # a device is read from end to end so far, of the rest the starts of some slots
_ALL_SLOTS = const(16384)  # of more only some are looked at
_BEHIND = const(1024)  # a larger ring's tails are looked for up to that slot
_TORN = const(64)  # a first header is shorter
_HEADER_LIKE = const(18)  # the prefix up to the sector's size: the same on every first open, but for the slots
_START = const(2)  # the slot where a ring begins that has to erase it first


def find(medium):
    """(oldest, newest) of the ring of whatever size, or None on a device that holds nothing. Else WrongDevice."""
    first = bytearray(3)
    medium.peek(0, memoryview(first))
    if first != b"BBr":  # a filesystem may have been made where a ring was: old sectors are there still
        _start_of(medium, 0)
        _start_of(medium, 1)
    newest = _of_any_size(medium)
    if newest < 0 and not medium.is_taken:
        medium.flash.strict = True
        _refuse_what_is_there(medium)
        medium.flash.strict = False
    return medium.span(newest)


def _of_any_size(medium):
    """The newest sequence of all rings whose sectors are found and that fit the device; the medium's slots are those
    of that ring from then on."""
    head = medium.head(1)
    newest = medium.newest() if medium.skips and head and head.slots == medium.wanted else -1
    if newest >= 0:
        return newest  # the first block has failed, which must not cost each wake a long look
    most = medium.slots_in(medium.flash.most_bytes)
    sizes = {medium.wanted}
    places = set()
    # Where a card's ring is smaller than its file, its tails are in one of them; where it is larger, behind them, among
    # what may be another ring's.
    end = -(-medium.flash.most_bytes // medium.flash.sector_bytes)
    for slot in _slots(medium, 0 if medium.skips else min(end, _BEHIND)):
        head = medium.head(slot)
        is_tail = head and slot - head.slots in (0, 1)  # of pages as large as a sector, one each
        if head and 0 < head.slots <= most and (slot < medium.slots or is_tail):
            sizes.add(head.slots)
            if not is_tail:
                places.add(head.sequence % head.slots == slot)
    if places == {False}:
        return -1  # of a ring that begins elsewhere; what looks like a card's tails are blocks of a sector
    found = []
    for slots in sizes:
        medium.slots = slots
        found.append((medium.newest(), slots))
    for newest, slots in reversed(sorted(found)):
        medium.slots = slots
        if newest >= 0 and medium.newest() == newest:  # takes up its block under way; a header can read either way
            return newest
    medium.slots = medium.wanted
    return -1


def _slots(medium, least=0):
    return range(max(medium.slots, least)) if medium.slots <= _ALL_SLOTS else spread(medium.slots)


def _start_of(medium, slot):
    """The first bytes of a slot. WrongDevice for a filesystem's."""
    buf = bytearray(max(_BOOT, medium.flash.page))
    medium.flash.read(slot * medium.flash.sector_bytes, buf)
    if buf[8:16] == b"littlefs":
        raise _refusal(medium, "a littlefs filesystem")
    if buf[510:512] == b"\x55\xaa":
        raise _refusal(medium, "a FAT filesystem or a table of partitions")
    return buf


def _refusal(medium, what):
    return WrongDevice("the device holds %s: %s" % (what, medium.remedy))


def _refuse_what_is_there(medium):
    """WrongDevice unless all is blank but for what a power cut left of our own first writing.

    On a blank device that is a header, torn. Where nothing is blank (a partition filled with zeros) the first slot has
    to be erased, and a cut can leave anything there, which would look like somebody else's. So would the torn header,
    if it was erased. The ring begins in slot 2 then, where nobody keeps all that he has, and what stands alone there is
    taken for ours.
    """
    size = medium.flash.sector_bytes
    is_torn = medium.skips and _is_torn_start(medium)
    if medium.flash.is_blank(0, size):
        first = medium.erased = 0
    else:  # a card's first block lies in a tail before it comes to its place
        first = _START if medium.skips else 0
    for slot in spread(medium.slots):
        if is_torn and not slot:
            continue  # it can be read as a whole one now and then
        head = medium.head(slot)
        if head and (slot != first or head.slots != medium.slots):  # so can the one that was torn in slot 2
            text = "a ring of %d sectors begins elsewhere or does not fit: give start= and blocks= as before"
            raise WrongDevice(text % head.slots + ", or " + medium.remedy)
        count = size if slot * size < _READ_WHOLE else max(_BOOT, medium.flash.page)
        if not medium.flash.is_blank(slot * size, count, NOBODYS):
            start = _start_of(medium, slot)
            if not slot or slot != first:
                raise _refusal(medium, "a damaged ring" if start[:3] == b"BBr" else "something else")
    medium.first = first


def _is_torn_start(medium):
    """True if some bits of a first header, of a ring of any size, are not cleared yet, and nothing follows."""
    size = medium.flash.sector_bytes
    head = int.from_bytes(sector.pack(0, 0, 0, size, {}, 0, 1, 0)[:_HEADER_LIKE], "little")
    if int.from_bytes(_start_of(medium, 0)[:_HEADER_LIKE], "little") & head != head:
        return False
    return not medium.flash.is_blank(0, _TORN) and medium.flash.is_blank(_TORN, size - _TORN)


def wipe(medium):
    """Make the device blank, as far as a ring can tell; the first slot last, so that a cut leaves it recognisable.
    Of a card of gigabytes only where the search for a ring looks."""
    medium.slots = medium.wanted
    for slot in _slots(medium)[1:]:
        medium.wipe(slot)
    medium.wipe(0)
    medium.is_taken = True
    medium.flash.strict = False
