"""Stands for your sensors: four numbers from a board's analogue inputs. None means that one of them failed."""

import sys

import machine

if sys.platform == "esp32":  # GPIO 32 to 39 are the ones that go together with Wi-Fi
    _INPUTS = [machine.ADC(machine.Pin(gpio), atten=machine.ADC.ATTN_11DB) for gpio in (32, 33, 34, 35)]
else:  # a Pico W has three, since GPIO 29 belongs to its radio, and the chip's own temperature
    _INPUTS = [machine.ADC(machine.Pin(gpio)) for gpio in (26, 27, 28)] + [machine.ADC(machine.ADC.CORE_TEMP)]


def read():
    return [channel.read_u16() for channel in _INPUTS]
