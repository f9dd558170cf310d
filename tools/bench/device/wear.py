"""wear.py ON WHO COUNT [PINS [COMMIT_EVERY]]: what COUNT readings cost the flash, ring wrapped.

A reading is a group of PINS pins, durable at once or with COMMIT_EVERY - 1 others.
"""

import sys

from cells import cell
from devices import CARDS, Place, fill, turn
from series import walk

CAPACITY = 262144
SPREAD_BLOCKS = 2 * 1024 * 1024 // 4096
CYCLES = 100000
YEAR_S = 31557600


def years(erases, seconds):
    """That 2 MiB of flash last at a reading every `seconds`, its erases spread evenly."""
    return SPREAD_BLOCKS * CYCLES / erases * seconds / YEAR_S


def main(on, who, count, pins=1, commit_every=1):
    readings = walk(pins=range(1, pins + 1))
    place = Place(on, who, CAPACITY, commit_every)
    if who == "ours":
        fill(place, readings)
    device, store = place.device, place.store
    device.reset_counters()
    times = []
    last = store.newest
    logged = 0
    # Whole sectors, so that each carries its share of the turn.
    while logged < count or store.newest == last and who == "ours":
        if logged < count:
            last = store.newest
        before = device.time_us
        store.log(*next(readings))
        times.append(device.time_us - before)
        logged += 1
    if commit_every > 1:
        costs("reading, commit_every=%d" % commit_every, on, who, device, times)
    elif pins > 1:
        costs("durable reading, groups of %d" % pins, on, who, device, times)
        cell("groups of %d per 4 KiB sector" % pins, on, who, turn(store, readings, 4) / 4)
    else:
        report(on, who, device, times)
        if who == "ours":
            cell("readings per 4 KiB sector", on, who, turn(store, readings, 4) / 4)


def costs(of, on, who, device, times):
    count = len(times)
    cell("bytes programmed per " + of, on, who, device.bytes_programmed / count)
    if on not in CARDS:
        cell("erases per " + of, on, who, device.erases / count)
        cell("flash time per %s, mean, ms" % of, on, who, sum(times) / count / 1000)


def report(on, who, device, times):
    count = len(times)
    erases = device.erases / count
    if on not in CARDS:
        cell("erases per durable reading", on, who, erases)
    cell("bytes programmed per durable reading", on, who, device.bytes_programmed / count)
    cell("read operations per durable reading", on, who, device.reads / count)
    cell("bytes read per durable reading", on, who, device.bytes_read / count)
    if on in CARDS:
        return
    times.sort()
    cell("log(): flash time, mean, ms", on, who, sum(times) / count / 1000)
    cell("log(): flash time, p99, ms", on, who, times[count * 99 // 100] / 1000)
    cell("log(): flash time, max, ms", on, who, times[-1] / 1000)
    if erases:
        cell("years a 2 MiB flash lasts, a reading per second", on, who, years(erases, 1))
        cell("years a 2 MiB flash lasts, a reading per minute", on, who, years(erases, 60))


main(sys.argv[1], sys.argv[2], *[int(argument) for argument in sys.argv[3:]])
