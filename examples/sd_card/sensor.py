"""Stands for your sensor: the voltage at an analogue input, 0 to 3.1 V. GPIO 32 to 39 go together with Wi-Fi."""

import machine

_INPUT = machine.ADC(machine.Pin(34), atten=machine.ADC.ATTN_11DB)


def volts():
    return round(_INPUT.read_uv() / 1000000, 3)
