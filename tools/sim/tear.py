"""What a power cut leaves of the program, erase or block write that was under way. Pure: bytes in, bytes out."""

import random

_WORD = 4


def noise(count, seed):
    """`count` bytes that depend on `seed` alone."""
    random.seed(seed)
    return b"".join(random.getrandbits(32).to_bytes(_WORD, "little") for _ in range(count // _WORD + 1))[:count]


def torn(operation, old, new, byte, mode, seed):
    """The bytes after `operation` ("erase", "program", "write") on `old` was cut after `byte` of its bytes.

    prefix  the first `byte` bytes are new, the rest old (of an erase too)
    random  the bytes before `byte` are new; from there on a program cleared a random subset of the bits it would
            clear, an erase or an SD block left garbage
    late    as random, but a program left the bytes before `byte` as they were: harsher than littlefs withstands
    """
    byte = min(byte, len(old))
    if mode == "prefix":
        return bytes(new[:byte]) + bytes(old[byte:])
    count = len(old) - byte
    dust = noise(count, seed)
    if operation == "program":
        kept = int.from_bytes(new[byte:], "little") | int.from_bytes(dust, "little")
        rest = (int.from_bytes(old[byte:], "little") & kept).to_bytes(count, "little")
        return bytes((old if mode == "late" else new)[:byte]) + rest
    if operation == "write":  # the block under way is garbage, later ones are untouched
        count = min(count, -byte % 512 or 512)
        return bytes(new[:byte]) + dust[:count] + bytes(old[byte + count :])
    return bytes(new[:byte]) + dust
