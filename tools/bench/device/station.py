"""station.py ON EVERY_MS TOGETHER BOOTS COMMIT_EVERY KIND...: what one row of a station's readings costs its flash.

A pin for each KIND: double, integer, boolean, location, or string:20, a text of 20 bytes. TOGETHER 1: the row's pins
are logged as one group. BOOTS 1: the board sleeps deeply after each row. For `make plan`.
"""

import random
import sys

from cells import cell
from devices import Place, fill, turn
from series import START_MS

_CAPACITY = 65536
_ROWS = 1200
_BOOTS = 300


def value_of(kind, time):
    noise = random.getrandbits(8)
    if kind == "double":
        return round(20 + (time // 600000) % 10 + noise / 256, 2)
    if kind == "integer":
        return 400 + noise
    if kind == "boolean":
        return noise < 128
    if kind == "location":
        return (round(24.9384 + noise / 100000, 5), round(60.1699 + noise / 100000, 5))
    size = int(kind.split(":")[1])
    return ("%d %s" % (noise, "x" * size))[:size]


def rows(kinds, every_ms, together):
    random.seed(7)
    time = START_MS
    while True:
        time += every_ms
        values = {(pin + 1) % 256: value_of(kind, time) for pin, kind in enumerate(kinds)}
        if together:
            yield time, values
        else:
            for pin in values:
                yield time, {pin: values[pin]}


def main(on, every_ms, together, boots, commit_every, *kinds):
    readings = rows(kinds, int(every_ms), together == "1")
    frames = 1 if together == "1" else len(kinds)
    place = Place(on, "ours", _CAPACITY)
    fill(place, readings)
    device = place.device
    place.store.client.ring.commit_every = int(commit_every)
    device.reset_counters()
    count = _BOOTS if boots == "1" else _ROWS
    for _ in range(count):
        for _ in range(frames):
            place.store.log(*next(readings))
        if boots == "1":
            place.reset()
    cell("erases per row", on, "ours", device.erases / count)
    cell("flash ms per row", on, "ours", device.time_us / 1000 / count)
    cell("rows per sector", on, "ours", turn(place.store, readings, 3) / 3 / frames)


main(*sys.argv[1:])
