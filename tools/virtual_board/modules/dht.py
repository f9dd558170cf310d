"""Stands for the firmware's `dht`: a room whose temperature and humidity go up and down within ten minutes."""

import time


class DHT22:
    def __init__(self, pin):
        self._seconds = 0

    def measure(self):
        self._seconds = int(time.time()) % 600

    def temperature(self):
        return round(18 + abs(self._seconds - 300) / 100, 1)

    def humidity(self):
        return round(40 + abs(self._seconds - 300) / 20, 1)


DHT11 = DHT22
