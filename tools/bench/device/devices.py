"""The flash that is measured on: as much of it, and mounted, as boards have it. Knows no contender.

esp32, rp2  littlefs over 2 MiB, and over the 848 KiB that a Pico W leaves to files
fat         FAT on a 4 MiB SD card
nor, pages  raw flash of 256 KiB, programmed byte by byte, or in whole pages of 256 bytes
sd          an SD card without a filesystem
"""

from contenders import NAIVE, Ours
from flash import NorFlash, SdCard, mount, umount

MOUNTS = {
    "esp32": lambda: NorFlash(512),
    "rp2": lambda: NorFlash(212, page_size=256),
    "fat": lambda: SdCard(8192),
}
RAW = {
    "nor": lambda blocks: NorFlash(blocks),
    "pages": lambda blocks: NorFlash(blocks, page_size=256),
    "sd": lambda blocks: SdCard(blocks * 8),
}
TAILS = {"rp2": {"tails": 3, "tail_bytes": 220}}  # what FileRing takes there by itself
CARDS = ("fat", "sd")  # they erase and spread by themselves, so that only what is written can be counted


class Place:
    """A device `on` which the contender `who` stores; for a ring, its capacity in bytes and its `commit_every`."""

    def __init__(self, on, who, capacity, commit_every=1):
        self.on = on
        self._capacity = capacity
        self._commit_every = commit_every
        if on in MOUNTS:
            self.device = MOUNTS[on]()
            mount(self.device, "/sim", on)
            self.store = Ours(self._files) if who == "ours" else NAIVE[who]("/sim")
        else:
            self.device = RAW[on](capacity // 4096)
            self.store = Ours(self._blocks)

    def _files(self):
        from blynk_batch import FileRing

        options = TAILS.get(self.on, {})
        return FileRing("/sim/readings", self._capacity, commit_every=self._commit_every, **options)

    def _blocks(self):
        from blynk_batch import BlockRing

        return BlockRing(self.device, commit_every=self._commit_every)

    def reset(self):
        """As a reset does: mount again, open again."""
        if self.on in MOUNTS:
            umount("/sim")
            mount(self.device, "/sim", self.on, format=False)
        self.store.reopen()


def fill(place, readings):
    """Go round the ring once with long strings, which is quick, and then a sector with `readings`."""
    store = place.store
    slots = store.client.ring.medium.slots
    time, text = 1600000000000, "x" * 1000
    while store.newest <= slots:
        store.log(time, {1: text})
        time += 1000
    turn(store, readings, 1)


def turn(store, readings, sectors):
    """Log until so many sectors have begun; how many readings that took."""
    goal = store.newest + sectors
    count = 0
    while store.newest < goal:
        store.log(*next(readings))
        count += 1
    return count
