"""What a firmware file is, judged by its content: for which chip, and whether it is MicroPython. Pure.

UF2: blocks of 512 bytes, see Microsoft's UF2 specification. ESP: the image header of Espressif's ROM loader.
"""

import struct
from typing import NamedTuple

from tools.board.errors import BoardProblem

_UF2_BLOCK = struct.Struct("<8I476sI")
_UF2_MAGICS = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
# Board-ID on the chip's volume, by UF2 family; the absolute family accompanies RP2350 images.
_UF2_FAMILIES = {0xE48BFF56: "RPI-RP2", 0xE48BFF59: "RP2350", 0xE48BFF5A: "RP2350"}
_UF2_ABSOLUTE = 0xE48BFF57
_ESP_MAGIC = 0xE9
# Chip and where its bootloader starts in flash, by the header's chip number.
_ESP_CHIPS = {
    0: ("esp32", 0x1000), 2: ("esp32s2", 0x1000), 5: ("esp32c3", 0), 9: ("esp32s3", 0), 12: ("esp32c2", 0),
    13: ("esp32c6", 0), 16: ("esp32h2", 0), 18: ("esp32p4", 0x2000), 23: ("esp32c5", 0x2000),
}  # fmt: skip
_APPLICATION_MAGIC = 0xABCD5432  # at byte 32 of an image without a bootloader


class Uf2(NamedTuple):
    """`board_id`: of the volume; `has_wifi` by the names that MicroPython gives its boards."""

    board_id: str
    has_wifi: bool


class Esp(NamedTuple):
    """`chip`, as esptool names it; `offset`: where it is written."""

    chip: str
    offset: int


def recognise(name, data):
    """Uf2 or Esp; BoardProblem for anything that must not be written to a board."""
    if data[:4] == struct.pack("<I", _UF2_MAGICS[0]):
        return _uf2(name, data)
    if data[:1] == bytes([_ESP_MAGIC]) and len(data) > 36:
        return _esp(name, data)
    raise BoardProblem(
        "%s is no firmware: download your board's .uf2 (Pico W) or .bin (ESP32) from micropython.org/download."
        % name
    )


def _uf2(name, data):
    blocks = [_UF2_BLOCK.unpack_from(data, at) for at in range(0, len(data) - 511, 512)]
    if len(data) % 512 or any((block[0], block[1], block[9]) != _UF2_MAGICS for block in blocks):
        raise BoardProblem("%s is a damaged UF2 file: download it again." % name)
    ours = [block for block in blocks if block[7] != _UF2_ABSOLUTE]
    known = {_UF2_FAMILIES.get(block[7]) for block in ours}
    if len(known) != 1 or None in known:
        raise BoardProblem("%s is a UF2 file for another chip than RP2040 and RP2350: choose your board's." % name)
    if [block[5] for block in ours] != list(range(len(ours))) or ours[0][6] != len(ours):
        raise BoardProblem("%s lacks a part: download it again." % name)
    content = b"".join(block[8][: block[4]] for block in ours)
    _check_micropython(name, content)
    return Uf2(known.pop(), b"Pico W" in content or b"Pico 2 W" in content)


def _esp(name, data):
    number = struct.unpack_from("<H", data, 12)[0]
    if number not in _ESP_CHIPS:
        raise BoardProblem("%s is for ESP chip number %d, not known here: use esptool itself." % (name, number))
    if struct.unpack_from("<I", data, 32)[0] == _APPLICATION_MAGIC:
        raise BoardProblem("%s is an update for a running board (.app-bin): download the .bin with bootloader." % name)
    _check_micropython(name, data)
    return Esp(*_ESP_CHIPS[number])


def _check_micropython(name, content):
    if b"MicroPython" not in content:
        raise BoardProblem("%s is a firmware, but not MicroPython's: see micropython.org/download." % name)
