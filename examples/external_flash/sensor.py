"""Stands for your sensor: the voltage at an analogue input, 0 to 3.3 V."""

import machine

_INPUT = machine.ADC(machine.Pin(26))


def volts():
    return round(_INPUT.read_u16() * 3.3 / 65535, 3)
