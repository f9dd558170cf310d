"""What a power cut leaves of the program, erase or block write that was under way. torn() and unstable() tell it;
apply() and tear() change a device's bytes."""

import random

_WORD = 4
MODES = ("prefix", "random", "late", "suffix", "zeros", "weak")


def noise(count, seed):
    """`count` bytes that depend on `seed` alone."""
    random.seed(seed)
    return b"".join(random.getrandbits(32).to_bytes(_WORD, "little") for _ in range(count // _WORD + 1))[:count]


def torn(operation, old, new, byte, mode, seed):
    """The bytes after `operation` ("erase", "program", "write") on `old` was cut after `byte` of its bytes.

    prefix  the first `byte` bytes are new, the rest old (of an erase too)
    random  the bytes before `byte` are new; from there on a program cleared a random subset of the bits it would
            clear, an erase or an SD block left garbage
    late    a program left the bytes before `byte` as they were and went on as in random: harsher than littlefs
            withstands; an erase raised a random subset of all bits
    suffix  the bytes from `byte` on are new, those before old: pages in reverse order, an end that is blank already
    zeros   as prefix, but an erase had programmed all the rest to 0, as many chips do first
    weak    as prefix, and see `unstable`; an erase left all of it blank, to be read so for now
    """
    byte = min(byte, len(old))
    if operation == "erase" and mode in ("late", "zeros", "weak"):
        if mode == "weak":
            return bytes(new)
        if mode == "zeros":
            return bytes(new[:byte]) + bytes(len(old) - byte)
        raised = int.from_bytes(old, "little") | int.from_bytes(noise(len(old), seed), "little")
        return raised.to_bytes(len(old), "little")
    if mode == "suffix":
        return bytes(old[:byte]) + bytes(new[byte:])
    if mode in ("prefix", "zeros", "weak"):
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


def unstable(operation, old, new, byte, mode, seed):
    """{index: bits} that read as 1 now and as 0 then, until they are programmed or erased: in mode weak the bits that
    the word at `byte` was to clear, or one in some hundred of those that an erase was to set."""
    if mode != "weak":
        return {}
    if operation == "program":
        return {at: old[at] & ~new[at] & 0xFF for at in range(byte, min(byte + _WORD, len(old))) if old[at] & ~new[at]}
    if operation == "erase":
        dust = noise(len(old), seed)
        return {at: ~old[at] & 0xFF for at in range(len(old)) if dust[at] < 8 and old[at] != 0xFF}
    return {}


def settle(weak, change):
    """Take out of `weak` what the change has programmed or erased. A bit that is programmed to 1 stays as it is."""
    operation, address, new = change
    for at in [at for at in weak if address <= at < address + len(new)]:
        bits = weak.pop(at)
        if operation == "program" and bits & new[at - address]:
            weak[at] = bits & new[at - address]


def apply(data, weak, change):
    """Make a journal's change to the bytes of a device."""
    _, address, new = change
    data[address : address + len(new)] = new
    settle(weak, change)


def tear(data, weak, change, byte, mode, seed):
    """Make as much of it as the power lasts for."""
    operation, address, new = change
    old = bytes(data[address : address + len(new)])
    left = torn(operation, old, new, byte, mode, seed)
    apply(data, weak, (operation, address, left))
    for at, bits in unstable(operation, old, new, byte, mode, seed).items():
        weak[address + at] = bits
