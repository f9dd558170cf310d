"""Stands for your sensor: the voltage at an analogue input."""

import machine

_INPUT = machine.ADC(machine.Pin(34))


def volts():
    return round(_INPUT.read_u16() * 3.3 / 65535, 3)
