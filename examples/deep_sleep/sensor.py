"""Stands for your sensor: the voltage at an analogue input, 0 to 3.3 V."""

import sys

import config
import machine

_PIN = machine.Pin(config.SENSOR_GPIO)
_ESP32 = sys.platform == "esp32"
_INPUT = machine.ADC(_PIN, atten=machine.ADC.ATTN_11DB) if _ESP32 else machine.ADC(_PIN)


def volts():
    if _ESP32:
        return round(_INPUT.read_uv() / 1000000, 3)  # pyright: ignore - an RP2040 has none
    return round(_INPUT.read_u16() * 3.3 / 65535, 3)
