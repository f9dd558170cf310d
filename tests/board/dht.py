"""Stands in for the firmware's `dht`: a DHT22 whose measurements follow the script of its pin, see machine.py.

A script's entry is (degrees, percent), or "fails" for a sensor that does not answer.
"""

import machine


class DHT22:
    def __init__(self, pin):
        self._pin = pin.number

    def measure(self):
        measured = machine.follow(self._pin)
        if measured == "fails":
            raise OSError(116)
        self._temperature, self._humidity = measured

    def temperature(self):
        return self._temperature

    def humidity(self):
        return self._humidity
