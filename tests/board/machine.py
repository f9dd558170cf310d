"""Stands in for a board's `machine`: inputs that follow a script, and what hangs on its buses.

    machine.wire(26, [100, 101])         readings of ADC, Pin or DHT22 26 in turn, then Ctrl-C
    machine.SPI.chips[17] = chip         the chip that Pin 17 selects, see spi_nor.py
    machine.SDCard.card = card           the card in the slot, a tools/sim device

Knows no example.
"""

import sys
import time

_scripts = {}
_taken = {}
PWRON_RESET = 1


def wire(pin, script):
    _scripts[pin] = iter(script)
    _taken[pin] = 0


def taken(pin):
    """How many readings of a pin's script there were so far."""
    return _taken[pin]


def follow(pin):
    """The next reading of a pin's script; Ctrl-C at its end."""
    _taken[pin] += 1
    try:
        return next(_scripts[pin])
    except StopIteration:
        raise KeyboardInterrupt


def reset_cause():
    return PWRON_RESET


class RTC:
    def datetime(self, fields):
        time.set_right()


class Pin:
    IN, OUT, PULL_UP, PULL_DOWN = range(4)

    def __init__(self, number, mode=IN, pull=None, value=None):
        taken = {"esp32": range(6, 12), "rp2": (23, 24, 25, 29)}[sys.platform]  # by the flash, by the radio
        assert number not in taken, "GPIO %d belongs to the board itself" % number
        assert sys.platform != "esp32" or number < 34 or (mode == self.IN and pull is None), "an input, without pulls"
        self.number = number
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            return follow(self.number)
        if self.number in SPI.chips:
            SPI.chips[self.number].select(not level)

    __call__ = value


class ADC:
    """On an ESP32 ADC2 does not work beside Wi-Fi, and without an attenuation 1.1 V is already the most."""

    CORE_TEMP = 4
    ATTN_11DB = 3

    def __init__(self, pin, atten=0):
        if sys.platform == "esp32":
            assert 32 <= pin.number <= 39, "ADC1 is at GPIO 32 to 39"
        elif not isinstance(pin, int):
            assert 26 <= pin.number <= 28, "a Pico W has ADCs at GPIO 26 to 28"
        else:
            assert pin == self.CORE_TEMP
        self._pin = pin if isinstance(pin, int) else pin.number
        self._full_uv = 3300000 if sys.platform == "rp2" or atten == self.ATTN_11DB else 1100000

    def read_u16(self):
        return follow(self._pin)

    def read_uv(self):
        assert sys.platform == "esp32", "an RP2040 has no read_uv()"
        return follow(self._pin) * self._full_uv // 65535


class WDT:
    """Bites a program that lets more than `timeout` ms of its sleep pass, or that does not feed it at all."""

    def __init__(self, id=0, timeout=5000):
        assert sys.platform == "esp32" or timeout <= 8388
        self._timeout = timeout
        self.feed()

    def feed(self):
        passed = time.ticks_diff(time.ticks_ms(), self._fed) if hasattr(self, "_fed") else 0
        assert passed <= self._timeout, "the watchdog bit: %d ms passed" % passed
        self._fed = time.ticks_ms()


class SPI:
    chips = {}

    def __init__(self, number, baudrate=1000000, polarity=0, phase=0, sck=None, mosi=None, miso=None):
        assert polarity == phase, "SPI NOR flash takes modes 0 and 3"

    def write(self, data):
        for chip in self._selected():
            chip.write(data)

    def readinto(self, view, _=0):
        view[:] = b"\xff" * len(view)  # nobody drives the line
        for chip in self._selected():
            chip.readinto(view)

    def _selected(self):
        return [chip for chip in self.chips.values() if chip.selected]


class SDCard:
    card = None

    def __init__(self, slot=1, **pins):
        if self.card is None:
            raise OSError(16)

    def readblocks(self, block, buf):
        return self.card.readblocks(block, buf)

    def writeblocks(self, block, buf):
        return self.card.writeblocks(block, buf)

    def ioctl(self, operation, argument):
        return self.card.ioctl(operation, argument) if operation in (3, 4, 5) else -1
