"""Stands for your sensor: the voltage at an analogue input."""

import config
import machine


def volts():
    return round(machine.ADC(machine.Pin(config.SENSOR_GPIO)).read_u16() * 3.3 / 65535, 3)
