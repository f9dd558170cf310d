"""Stands for a board's `machine`: resets and sleep as they are, and a few peripherals that do nothing."""

import _board
import time

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


def reset_cause():
    return _board.reset_cause


def reset():
    _leave("hard", 0)


def soft_reset():
    _leave("soft", 0)


def deepsleep(time_ms=0):
    _leave("deepsleep", time_ms)


def _leave(kind, ms):
    time.sleep_ms(1)  # in which a Ctrl-C that ended the last sleep is noticed
    _board.reset(kind, ms)
    raise SystemExit


def lightsleep(time_ms=0):
    time.sleep_ms(time_ms)


def idle():
    time.sleep_ms(1)


def freq(*_):
    return 133000000


def unique_id():
    return b"virtual!"


class Pin:
    IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 1, 2

    def __init__(self, id, mode=-1, pull=-1, *, value=0):
        self._value = value

    def value(self, *new):
        if not new:
            return self._value
        self._value = new[0]

    __call__ = value

    def on(self):
        self._value = 1

    def off(self):
        self._value = 0


class ADC:
    """Reads a slow triangle wave, so that a chart shows something; on CORE_TEMP some 18 to 27 degrees of an RP2040."""

    CORE_TEMP = 4
    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3

    def __init__(self, pin, **_):
        self._lowest, self._step = (14000, 1) if pin == self.CORE_TEMP else (20000, 40)

    def read_u16(self):
        seconds = int(time.time()) % 600
        return self._lowest + self._step * (seconds if seconds < 300 else 600 - seconds)

    def read_uv(self):
        return self.read_u16() * 50

    def atten(self, _):
        pass


class Timer:
    """Never fires: nothing here runs beside the program."""

    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, id=-1, **_):
        pass

    def init(self, **_):
        pass

    def deinit(self):
        pass


class SDCard:
    """A card of 256 MiB, empty after each reset."""

    def __init__(self, slot=1, **_):
        self._blocks = {}

    def readblocks(self, block, buf):
        for at in range(0, len(buf), 512):
            buf[at : at + 512] = self._blocks.get(block + at // 512, bytes(512))

    def writeblocks(self, block, buf):
        for at in range(0, len(buf), 512):
            self._blocks[block + at // 512] = bytes(buf[at : at + 512])

    def ioctl(self, op, arg):
        return {4: 524288, 5: 512}.get(op, 0)


class SPI:
    """A bus with one SPI NOR flash chip of 128 KiB on it, empty after each reset; whatever pin selects it."""

    _data = bytearray(b"\xff" * 131072)

    def __init__(self, id=0, *_, **__):
        self._command = b""

    def write(self, data):
        # A command's first byte comes alone, its address and data after it.
        if len(data) == 1 and not (len(self._command) == 4 and self._command[0] == 0x02):
            self._command = bytes(data)
            return
        self._command += bytes(data)
        name, at = self._command[0], int.from_bytes(self._command[1:4], "big") % 131072
        if name == 0x20 and len(self._command) == 4:
            self._data[at : at + 4096] = b"\xff" * 4096
        elif name == 0x02 and len(self._command) > 4:
            for byte in self._command[4:]:
                self._data[at] &= byte
                at += 1

    def readinto(self, buf, write=0):
        name, at = self._command[0], int.from_bytes(self._command[1:4], "big")
        found = {0x9F: b"\xef\x40\x11", 0x05: b"\x00"}.get(name)
        buf[:] = (found or self._data[at : at + len(buf)])[: len(buf)]


class WDT:
    """A watchdog that never bites."""

    def __init__(self, id=0, timeout=5000):
        pass

    def feed(self):
        pass


class RTC:
    """The host's clock, which is always right."""

    def datetime(self, *_):
        year, month, day, hour, minute, second, weekday, _ = time.gmtime()[:8]
        return year, month, day, weekday, hour, minute, second, 0
