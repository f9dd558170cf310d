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
    for what, found in (("bytes read", sizes), ("operations", operations)):
        cell("open a full ring of %s: %s, mean" % (name, what), on, "ours", sum(found) / samples)
        cell("open a full ring of %s: %s, worst" % (name, what), on, "ours", max(found))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
