"""compact.py CSV COUNT: bytes of flash per data point, headers and all, for kinds of readings.

Stored in a folder of the host, since the medium does not change what a point takes. Beside it what the same points
take as lines of CSV (Unix ms, pin, value) and as records of 16 bytes, which hold no text.
"""

import os
import sys

import series
from cells import cell
from contenders import Ours

CAPACITY = 4 * 1024 * 1024
NAMES = ("temperature", "humidity", "light", "CO2")


def kinds(path):
    """(name, series) of everything that is measured."""
    yield "steady, 2 decimals, every 10 s", series.walk()
    yield "the same, time off by up to 20 ms", series.walk(jitter_ms=20)
    for column, name in enumerate(NAMES):
        yield "room climate, %s, 1/min" % name, series.climate(path, (column,))
    yield "room climate, groups of 4", series.climate(path)
    yield "ints of 3 digits", series.integers()
    yield "doubles with all digits", series.noisy()
    yield "strings of 9 bytes", series.strings()
    for pins in (3, 8):
        yield "steady, groups of %d" % pins, series.walk(pins=range(1, pins + 1))


def remove(folder):
    for name in os.listdir(folder):
        try:
            os.remove(folder + "/" + name)
        except OSError:
            remove(folder + "/" + name)
    os.rmdir(folder)


def measure(name, readings, count):
    from blynk_batch import FileRing

    store = Ours(lambda: FileRing("ring", capacity_bytes=CAPACITY))
    points = csv = 0
    for time, values in readings:
        store.log(time, values)
        points += len(values)
        csv += sum([len("%d,%d,%r\n" % (time, pin, values[pin])) for pin in values])
        if points >= count:
            break
    what = "bytes of flash per point: " + name
    cell(what, "", "ours", store.client.stats()["used_bytes"] / points)
    cell(what, "", "csv", csv / points)
    if not isinstance(list(values.values())[0], str):
        cell(what, "", "binary", 16)
    store.client.close()
    remove("ring")


def main(path, count):
    for name, readings in kinds(path):
        measure(name, readings, count)


main(sys.argv[1], int(sys.argv[2]))
