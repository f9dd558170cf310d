"""The start of a sector: a fixed prefix that names it, and all state as it was when the sector began.

Knows the bytes, and reads them of a medium. Layout (docs/format.md):
     0  magic "BBr"           3 bytes       16  running number, bits 32-39   1 byte
     3  format version        1 byte        17  log2 of the sector's bytes   1 byte
     4  sequence              4 bytes       18  header bytes (first frame)   2 bytes
     8  slots of the ring     4 bytes       20  CRC-32 of bytes 0-19         4 bytes
    12  running number of the first point   4 bytes
    24  the ring's salt       4 bytes
    28  state entries, then the CRC-32 from byte 24 on, seeded with sequence and slot
"""

import os
import struct
from binascii import crc32

from micropython import const

from .state import encode_state

PREFIX_BYTES = const(24)
VERSION = const(2)
STATE_BYTES = const(2048)  # more than all keys at their largest
SALTED_BYTES = const(28)  # prefix and salt
ENOSPC = const(28)  # what a medium says where the disk is full
READS = const(12)  # one wrong read is no damage, and a bit that a cut left half programmed reads either way
_FORMAT = const("<3sBIIIBBH")
_MAGIC = const(b"BBr")


def draw_salt():
    """32 bits that nobody can foretell who writes a string into the ring."""
    try:
        return int.from_bytes(os.urandom(4), "little")
    except AttributeError:  # a small port: what differs from boot to boot is the best there is
        import random
        import time

        return crc32(b"%d %d" % (random.getrandbits(30), time.ticks_us()))


def pack(sequence, slots, number, sector_bytes, state, slot, unit, salt):
    """The bytes of a whole header, padded with 0xFF to a multiple of `unit`."""
    block = struct.pack("<I", salt) + bytes(encode_state(state))
    block += struct.pack("<I", crc32(block, _seed(sequence, slot)))
    block += b"\xff" * (-(PREFIX_BYTES + len(block)) % unit)
    size = PREFIX_BYTES + len(block)
    low, high = number & 0xFFFFFFFF, number >> 32 & 0xFF
    head = struct.pack(_FORMAT, _MAGIC, VERSION, sequence, slots, low, high, log2(sector_bytes), size)
    return head + struct.pack("<I", crc32(head)) + block


def log2(sector_bytes):
    """As the header has it: of the next power of two, since DataFlash has blocks of 264 or 528 bytes."""
    return len(bin(sector_bytes - 1)) - 2  # "0b"


def _seed(sequence, slot):
    return crc32(struct.pack("<II", sequence & 0xFFFFFFFF, slot))


class Prefix:
    """A parsed prefix: version, sequence, slots, number, log2, size."""

    def __init__(self, buf):
        _, self.version, self.sequence, self.slots, low, high, self.log2, self.size = struct.unpack_from(_FORMAT, buf)
        self.number = low + (high << 32)


def parse(buf):
    """The Prefix in the first 24 bytes of `buf`, or None if they are no prefix."""
    if bytes(buf[:3]) != _MAGIC or crc32(buf[:20]) != struct.unpack_from("<I", buf, 20)[0]:
        return None
    return Prefix(buf)


def read_prefix(medium, sequence):
    """The Prefix of that sector, None if it is damaged."""
    buf = bytearray(PREFIX_BYTES)
    for _ in range(READS):
        medium.read(sequence, 0, memoryview(buf))
        head = parse(buf)
        if head and head.sequence == sequence:
            return head
    return None


def state_end(buf, size, sequence, slot):
    """Where the state entries end, from byte 28 on, in a header of `size` bytes; 0 if salt or state are damaged.
    Unit padding follows the CRC."""
    for end in range(size - 4, SALTED_BYTES - 1, -1):
        if struct.unpack_from("<I", buf, end)[0] == crc32(buf[PREFIX_BYTES:end], _seed(sequence, slot)):
            return end
        if buf[end + 3] != 0xFF:
            break
    return 0


def number_at(ring, sequence):
    """Running number of the first point at or after the start of `sequence`."""
    for after in range(sequence, ring.newest + 1):
        head = read_prefix(ring.medium, after)
        if head:
            return head.number
    return ring.number
