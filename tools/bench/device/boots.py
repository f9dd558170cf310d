"""boots.py ON WHO COUNT: a durable reading where the board sleeps deeply after each: mount, open, log, close."""

import sys

from cells import cell
from devices import CARDS, Place, fill
from series import walk

CAPACITY = 262144


def main(on, who, count):
    readings = walk()
    place = Place(on, who, CAPACITY)
    if who == "ours":
        fill(place, readings)
    device = place.device
    device.reset_counters()
    opened = worst = 0
    for _ in range(count):
        before = device.bytes_read
        place.reset()
        opened += device.bytes_read - before
        place.store.log(*next(readings))
        worst = max(worst, device.bytes_read - before)
    if on not in CARDS:
        cell("erases per reading, one a boot", on, who, device.erases / count)
    cell("bytes programmed per reading, one a boot", on, who, device.bytes_programmed / count)
    cell("bytes read per wake, mount and open", on, who, opened / count)
    cell("bytes read per wake, all", on, who, device.bytes_read / count)
    cell("bytes read per wake, all, worst", on, who, worst)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
