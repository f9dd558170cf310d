"""Stands for your sensors: four numbers from a board's analogue inputs. None means that one of them failed."""

import machine

_INPUTS = [machine.ADC(pin) for pin in (26, 27, 28, 29)]


def read():
    return [channel.read_u16() for channel in _INPUTS]
