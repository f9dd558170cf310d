"""The readings that are stored: made from a seed, or read from the file of real ones. Knows nothing of storing.

A series is a generator of (Unix ms, {pin: value}), for ever or as long as the file goes.
"""

import random

START_MS = 1648054765458
CLIMATE = ("temperature_c", "humidity_percent", "light_lux", "co2_ppm")


def walk(decimals=2, every_ms=10000, jitter_ms=0, pins=(1,)):
    """Slowly changing readings, as of a thermometer."""
    random.seed(7)
    time = START_MS
    values = [21.5 + pin for pin in pins]
    while True:
        time += every_ms + (random.getrandbits(16) % (2 * jitter_ms + 1) - jitter_ms if jitter_ms else 0)
        values = [value + (random.getrandbits(8) - 127.5) / 1000 for value in values]
        yield time, {pin: round(value, decimals) for pin, value in zip(pins, values)}


def integers():
    random.seed(7)
    for time, _ in walk():
        yield time, {1: 400 + random.getrandbits(8)}


def noisy():
    """Doubles with all their digits."""
    for time, values in walk(decimals=17):
        yield time, values


def strings():
    for time, values in walk(decimals=0):
        yield time, {1: "door open" if int(values[1]) & 1 else "door shut"}


def _fields(line):
    time, *texts = line.strip().split(",")
    return time, [float(text) if "." in text else int(text) for text in texts]


def climate(path, columns=(0, 1, 2, 3)):
    """The real readings, one a minute: of all four columns, or of some, as groups."""
    with open(path) as f:
        f.readline()
        for line in f:
            time, values = _fields(line)
            hours, minutes, seconds = int(time[11:13]), int(time[14:16]), int(time[17:19])
            days = int(time[8:10]) - 4
            ms = 1423008000000 + (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
            yield ms, {column + 1: values[column] for column in columns}
