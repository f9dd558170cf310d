"""Programs of a few Thumb instructions for the emulated Pico's tests, as flash images. Knows the encodings it needs."""

import struct

FLASH = 0x10000000
FLASH_BYTES = 2 * 1024 * 1024
SCRATCH0, SCRATCH1 = 0x4005800C, 0x40058010
WATCHDOG = 0x40058000
UART0 = 0x40034000
HALT = [0xBF30, 0xE7FD]  # WFI, and again


def movs(register, value):
    return [0x2000 | register << 8 | value]


def mov(target, source):
    return [0x4600 | (target & 8) << 4 | source << 3 | target & 7]


def ldr(target, base, offset=0):
    return [0x6800 | offset // 4 << 6 | base << 3 | target]


def ldrh(target, base, offset=0):
    return [0x8800 | offset // 2 << 6 | base << 3 | target]


def store(source, base, offset=0):
    return [0x6000 | offset // 4 << 6 | base << 3 | source]


def blx(register):
    return [0x4780 | register << 3]


def adds(register, value):
    return [0x3000 | register << 8 | value]


def constant(register, value):
    """Any 32-bit value, a byte at a time."""
    code = movs(register, value >> 24)
    for shift in (16, 8, 0):
        code += [0x0200 | register << 3 | register] + adds(register, value >> shift & 255)  # LSLS by 8, ADDS
    return code


def put(address, value):
    return constant(0, address) + constant(1, value) + store(1, 0)


def call_rom(name, *arguments):
    """Looks the function up by its two letters in the ROM's table, as firmware does, and calls it."""
    letters = ord(name[0]) | ord(name[1]) << 8
    code = movs(2, 0x14) + ldrh(0, 2) + ldrh(3, 2, 4) + constant(1, letters) + blx(3) + mov(7, 0)
    for register, argument in enumerate(arguments):
        code += constant(register, argument)
    return code + blx(7)


def image(code, data=None):
    """A flash with `code`, {offset: bytes} and else nothing. Its first 256 bytes, which the chip copies into RAM and
    starts, jump to the code behind them; there are none if there is no code."""
    flash = bytearray(b"\xff" * FLASH_BYTES)
    first = constant(0, FLASH + 256 | 1) + [0x4700]  # BX R0
    for at, part in ((0, first), (256, code)) if code else ():
        flash[at : at + 2 * len(part)] = struct.pack("<%dH" % len(part), *part)
    for at, content in (data or {}).items():
        flash[at : at + len(content)] = content
    return bytes(flash)
