"""Stands in for a board's `machine`: inputs that follow a script, and what hangs on its buses.

    machine.wire(26, [100, 101])         readings of ADC, Pin or DHT22 26 in turn, then Ctrl-C
    machine.SPI.chips[17] = chip         the chip that Pin 17 selects, see spi_nor.py
    machine.SDCard.card = card           the card in the slot, a tools/sim device

Knows no example.
"""

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
    CORE_TEMP = 4

    def __init__(self, pin):
        self._pin = pin.number if isinstance(pin, Pin) else pin

    def read_u16(self):
        return follow(self._pin)


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
