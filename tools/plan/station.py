"""What a planned station is: its pins, its times, its medium; read from the command line's texts, and checked.

Knows no arithmetic of the plan, that is answer.py's.
"""

import re
from dataclasses import dataclass

from tools.bench import micropython

KINDS = ("double", "integer", "boolean", "location", "string")
# What --medium names: bench's name, bytes of flash by default, and what that is.
MEDIA = {
    "littlefs-esp32": ("esp32", 2 * 1024 * 1024, "littlefs as an ESP32 mounts it"),
    "littlefs-rp2": ("rp2", 848 * 1024, "littlefs as a Pico W mounts it"),
    "raw": ("nor", 2 * 1024 * 1024, "a raw partition or SPI flash, programmed byte by byte"),
    "raw-pages": ("pages", 2 * 1024 * 1024, "raw flash in pages of 256 bytes"),
}
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TEXT_BYTES = {"double": 5, "integer": 4, "boolean": 4, "location": 19}
_LONGEST_S = 36525 * 86400
_LARGEST_BYTES = 1 << 40
_DAY_MS = 86400 * 1000  # what is logged more seldom costs no more
_POINT_BYTES = 17  # [1648054765458,] and the comma behind


def seconds(text):
    """90, "90s", "15m", "36h" or "14d" as seconds, at most a century. ValueError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", str(text).strip())
    if not match or not float(match.group(1)):
        raise ValueError("%r is no time; write 90s, 15m, 36h or 14d" % text)
    found = float(match.group(1)) * _UNITS_S[match.group(2) or "s"]
    if found > _LONGEST_S:
        raise ValueError("%r is too long; at most %dd" % (text, _LONGEST_S // 86400))
    return found


def size(text):
    """65536, "64K", "2M" as bytes, at most a terabyte. ValueError for anything else."""
    match = re.fullmatch(r"(\d+)([kKmM]?)", str(text).strip())
    if not match or not int(match.group(1)):
        raise ValueError("%r is no size; write 262144, 256K or 2M" % text)
    found = int(match.group(1)) * {"": 1, "k": 1024, "m": 1024 * 1024}[match.group(2).lower()]
    if found > _LARGEST_BYTES:
        raise ValueError("%r is too large; at most %dM" % (text, _LARGEST_BYTES >> 20))
    return found


def pin(text):
    """ "V1:double", "2:string:20" as (number, kind). ValueError for anything else."""
    match = re.fullmatch(r"[vV]?(\d+):([a-z]+)(?::(\d+))?", text)
    if not match or int(match.group(1)) > 255 or match.group(2) not in KINDS:
        raise ValueError("%r is no pin; write V1:double, V2:string:20; kinds: %s" % (text, ", ".join(KINDS)))
    number, kind, length = int(match.group(1)), match.group(2), match.group(3)
    if (kind == "string") != (length is not None):
        raise ValueError("%r: a string's length in bytes goes behind it, as in V3:string:20, and only there" % text)
    if length is not None and not 1 <= int(length) <= 1024:
        raise ValueError("%r: a string has 1 to 1024 bytes" % text)
    return number, "string:" + length if length else kind


@dataclass
class Station:
    """`pins` {number: kind}; times in seconds, sizes in bytes; `together`: a row is one group in one frame."""

    pins: dict
    every_s: float
    outage_s: float
    upload_s: float
    medium: str
    flash_bytes: int
    together: bool = True
    deep_sleep: bool = False
    commit_every: int = 1

    @property
    def kinds(self):
        return list(self.pins.values())

    def json_bytes(self):
        """Of one row's points in their batches, about, by pin."""
        return [_POINT_BYTES + (_TEXT_BYTES.get(kind) or int(kind.split(":")[1]) + 2) for kind in self.kinds]

    def measure(self):
        """{name: value} of what a row costs on the simulated flash, measured now by the benchmark's own code."""
        on = MEDIA[self.medium][0]
        flags = [int(self.together), int(self.deep_sleep), self.commit_every]
        every_ms = min(_DAY_MS, max(1, int(self.every_s * 1000)))
        found = micropython.cells("station", on, every_ms, *flags, *self.kinds)
        return {cell["what"]: cell["value"] for cell in found}
