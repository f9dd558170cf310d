"""The firmware that is emulated: found, checked, and put into the flash beside the files that are there.

Knows the UF2 format and where MicroPython's downloads are; no emulator.
"""

import os
import shutil
import struct
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "firmware"
FLASH_BYTES = 2 * 1024 * 1024
_START = 0x10000000
_BLOCK = struct.Struct("<8I476sI")
_MAGICS = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
_RP2040 = 0xE48BFF56
WHICH = (
    "download the newest .uf2 for the Raspberry Pi Pico (RPI_PICO-...uf2) from micropython.org/download/RPI_PICO and "
    "put it into the folder firmware/ here, or name it with FIRMWARE=file"
)

# Of each command that runs one.
option = click.option("--firmware", "name", help="A .uf2 of MicroPython for the Pico; else the only one in firmware/.")


class FirmwareProblem(click.ClickException):
    """Why there is nothing to emulate, in one sentence."""


def missing():
    """What has to be installed first, or None."""
    if shutil.which("node") is None:
        return "the emulator needs Node.js: install it, then run `make setup`"
    if not (ROOT / "tools" / "node" / "node_modules" / "rp2040js").is_dir():
        return "the emulator needs the npm package rp2040js: run `make setup`"
    return None


def find(name=None):
    """The path of the .uf2: the one that is named, here or by FIRMWARE, or the only one in firmware/."""
    name = name or os.environ.get("FIRMWARE")
    if name:
        for path in (Path(name), FOLDER / name):
            if path.is_file():
                return path
        raise FirmwareProblem("There is no file %s: %s." % (name, WHICH))
    found = sorted(FOLDER.glob("*.uf2"))
    if not found:
        raise FirmwareProblem("There is no firmware to emulate: %s." % WHICH)
    if len(found) > 1:
        raise FirmwareProblem("firmware/ has %s: name one with FIRMWARE=file." % " and ".join(p.name for p in found))
    return found[0]


def pages(path):
    """{offset in flash: 256 bytes} of a .uf2 of MicroPython for the Pico. Raises FirmwareProblem for any other file."""
    data = Path(path).read_bytes()
    blocks = [_BLOCK.unpack_from(data, at) for at in range(0, len(data) - _BLOCK.size + 1, _BLOCK.size)]
    if not blocks or len(data) % _BLOCK.size or any((one[0], one[1], one[9]) != _MAGICS for one in blocks):
        raise FirmwareProblem("%s is no UF2 file, or a damaged one: %s." % (path, WHICH))
    # Blocks of another family accompany some images, for a fault of another chip.
    found = {one[3] - _START: one[8][: one[4]] for one in blocks if one[7] == _RP2040}
    content = b"".join(found.values())
    if not found or not all(0 <= at < FLASH_BYTES for at in found) or b"MicroPython" not in content:
        raise FirmwareProblem("%s is not MicroPython for the RP2040: %s." % (path, WHICH))
    if b"Pico W" in content:
        raise FirmwareProblem("%s is for the Pico W, whose radio the emulator does not have: %s." % (path, WHICH))
    return found


def install(path, image):
    """Writes the firmware of the .uf2 `path` into the file `image`, a flash; its filesystem stays. A new or empty image
    is erased. FirmwareProblem for a file that is no flash."""
    found = pages(path)
    image = Path(image)
    flash = bytearray(image.read_bytes() if image.is_file() else b"")
    if flash and len(flash) != FLASH_BYTES:
        raise FirmwareProblem(
            "%s has %d bytes, and a Pico's flash has %d: name another file, or a new one."
            % (image, len(flash), FLASH_BYTES)
        )
    if not flash:
        flash = bytearray(b"\xff" * FLASH_BYTES)
    for at, page in found.items():
        flash[at : at + len(page)] = page
    image.parent.mkdir(parents=True, exist_ok=True)
    whole = image.resolve()
    beside = whole.with_name(whole.name + ".new")
    try:
        beside.write_bytes(flash)
        beside.replace(whole)  # all or nothing: there are files in it
    finally:
        beside.unlink(missing_ok=True)
    return image
