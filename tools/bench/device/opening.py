"""opening.py ON KIB SAMPLES: bytes and operations read to open a full raw ring, wherever its newest sector ends."""

import sys

from cells import cell
from devices import Place, fill
from series import walk

PER_SECTOR = 488


def main(on, kib, samples):
    readings = walk()
    place = Place(on, "ours", kib * 1024)
    fill(place, readings)
    device = place.device
    sizes, operations = [], []
    step = PER_SECTOR // samples
    for sample in range(samples):
        for _ in range(step if sample else step // 2):
            place.store.log(*next(readings))
        place.store.client.close()
        device.reset_counters()
        place.store.reopen()
        sizes.append(device.bytes_read)
        operations.append(device.reads)
    name = "%d KiB" % kib if kib < 1024 else "%d MiB" % (kib // 1024)
    cell("open a full ring of %s: bytes read, mean" % name, on, "ours", sum(sizes) / samples)
    cell("open a full ring of %s: bytes read, worst" % name, on, "ours", max(sizes))
    cell("open a full ring of %s: operations, mean" % name, on, "ours", sum(operations) / samples)
    cell("open a full ring of %s: operations, worst" % name, on, "ours", max(operations))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
