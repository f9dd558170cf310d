"""Where functions lie in a firmware's .elf, which a build leaves beside the .uf2. Pure: bytes in, addresses out."""

import struct

_SYMBOL_TABLE = 2
_FUNCTION = 2


class NoElf(Exception):
    """The file is no 32-bit .elf with symbols."""


def functions(data, names):
    """{address: name} of those of `names` that are there."""
    if data[:6] != b"\x7fELF\x01\x01":
        raise NoElf("not a 32-bit little-endian .elf")
    start, size, count = struct.unpack_from("<I10xHH", data, 32)
    sections = [struct.unpack_from("<10I", data, start + size * number) for number in range(count)]
    found = {}
    for _, kind, _, _, offset, length, link, _, _, entry in sections:
        if kind != _SYMBOL_TABLE:
            continue
        texts = sections[link][4]
        for at in range(offset, offset + length, entry):
            name_at, value, _, info = struct.unpack_from("<3IB", data, at)
            name = data[texts + name_at : data.index(b"\0", texts + name_at)].decode("ascii", "replace")
            if info & 15 == _FUNCTION and name in names:
                found[value & ~1] = name
    return found
