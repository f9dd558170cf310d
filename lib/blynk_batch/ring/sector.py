"""The start of a sector: a fixed prefix that names it, and all state as it was when the sector began.

Knows bytes only. Layout (docs/format.md):
     0  magic "BBr"           3 bytes       16  running number, bits 32-39   1 byte
     3  format version        1 byte        17  log2 of the sector's bytes   1 byte
     4  sequence              4 bytes       18  header bytes (first frame)   2 bytes
     8  slots of the ring     4 bytes       20  CRC-32 of bytes 0-19         4 bytes
    12  running number of the first point   4 bytes
    24  state entries, then their CRC-32, seeded with sequence and slot
"""

import struct
from binascii import crc32

from micropython import const

from .state import decode_state, encode_state

PREFIX_BYTES = const(24)
VERSION = const(1)  # 0 had the same layout, before the first release
STATE_BYTES = const(1024)  # more than all keys at their largest
_FORMAT = const("<3sBIIIBBH")
_MAGIC = const(b"BBr")


def pack(sequence, slots, number, sector_bytes, state, seed, unit):
    """The bytes of a whole header, padded with 0xFF to a multiple of `unit`."""
    block = bytes(encode_state(state))
    block += struct.pack("<I", crc32(block, seed))
    block += b"\xff" * (-(PREFIX_BYTES + len(block)) % unit)
    size = PREFIX_BYTES + len(block)
    log2 = 0
    while 1 << log2 < sector_bytes:
        log2 += 1
    head = struct.pack(_FORMAT, _MAGIC, VERSION, sequence, slots, number & 0xFFFFFFFF, number >> 32 & 0xFF, log2, size)
    return head + struct.pack("<I", crc32(head)) + block


class Prefix:
    """A parsed prefix: version, sequence, slots, number, sector_bytes, size."""

    def __init__(self, buf):
        _, self.version, self.sequence, self.slots, low, high, log2, self.size = struct.unpack_from(_FORMAT, buf)
        self.number = low + (high << 32)
        self.sector_bytes = 1 << log2


def parse(buf):
    """The Prefix in the first 24 bytes of `buf`, or None if they are no prefix."""
    if bytes(buf[:3]) != _MAGIC or crc32(buf[:20]) != struct.unpack_from("<I", buf, 20)[0]:
        return None
    return Prefix(buf)


def check_version(head, remedy):
    """WrongDevice if a newer library wrote it."""
    if head.version > VERSION:
        from ..errors import WrongDevice

        text = "a newer blynk_batch wrote format %d here, this one knows %d: %s"
        raise WrongDevice(text % (head.version, VERSION, remedy))


def parse_state(buf, size, seed):
    """The state in a header of `size` bytes, or None if it is damaged. Unit padding follows the CRC."""
    end = size - 4
    while end >= PREFIX_BYTES:
        if struct.unpack_from("<I", buf, end)[0] == crc32(buf[PREFIX_BYTES:end], seed):
            state = {}
            decode_state(buf, PREFIX_BYTES, end, state)
            return state
        if buf[end + 3] != 0xFF:
            return None
        end -= 1
    return None
