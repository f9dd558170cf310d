"""Rings on FAT for tests: mounted, opened, closed."""

import os

from blynk_batch import FileRing
from flash import SdCard, mount, umount
from ring_checks import found

CAPACITY = 4 * 4096


def mounted(device=None):
    umount("/sim")
    device = device or SdCard(256)
    mount(device, "/sim", "fat")
    return device


def opened(**options):
    return FileRing("/sim/ring", **options)


def closed(ring):
    """What the ring holds; its file closed, as a filesystem that goes away needs it."""
    numbers = found(ring)
    assert ring.pending == len(numbers)
    ring.close()
    return numbers


def file_slots():
    """Sectors that fit the ring's file, which is all that the folder holds."""
    assert os.listdir("/sim/ring") == ["ring0"]
    return (os.stat("/sim/ring/ring0")[6] - 2 * 512) // 4096
