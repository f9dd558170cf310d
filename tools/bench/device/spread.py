"""spread.py ON WHO COUNT: how evenly COUNT readings wear the blocks of a small device, in which they all get a turn."""

import sys

from cells import cell
from contenders import Ours
from flash import NorFlash, mount
from series import walk

BLOCKS = 32


def make(on):
    """A device of 128 KiB and a ring that fills half of its files, or all of it raw."""
    from blynk_batch import FileRing

    device = NorFlash(BLOCKS, page_size=256 if on in ("rp2", "pages") else 1)
    if on in ("esp32", "rp2"):
        mount(device, "/sim", on)
        return device, Ours(lambda: FileRing("/sim/readings", capacity_bytes=65536))
    from blynk_batch import BlockRing

    return device, Ours(lambda: BlockRing(device))


def main(on, count):
    device, store = make(on)
    readings = walk(pins=range(1, 9))
    device.reset_counters()
    for _ in range(count):
        store.log(*next(readings))
    worn = device.block_erases
    cell("erases over the blocks, max / mean", on, "ours", max(worn) * len(worn) / sum(worn))


main(sys.argv[1], int(sys.argv[2]))
