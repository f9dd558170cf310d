"""Damaged files of a ring: opening ends, raises nothing but the library's own error, and no damage becomes a reading.

The damage is done to the ring's own files on littlefs; what littlefs itself does with a damaged chip is not judged.
"""

import os
import random

from blynk_batch.errors import Error
from blynk_batch.files import FileRing
from blynk_batch.values import to_value
from flash import NorFlash, mount, umount

WASM = False
HEAP = "16m"
TIMEOUT_S = 200
START_MS = 1648054765458
READINGS = 900
IMAGES = 300


def build():
    mount(NorFlash(24), "/sim")
    ring = FileRing("/sim/ring", capacity_bytes=4 * 4096)
    for number in range(READINGS):
        ring.log(0, START_MS + number * 10000, b"\x01", [number])
    ring.close()
    files = {}
    for folder in ("/sim/ring/", "/sim/ring/tail/"):
        for entry in os.ilistdir(folder):
            if entry[1] == 0x8000:
                with open(folder + entry[0], "rb") as f:
                    files[folder + entry[0]] = f.read()
    umount("/sim")
    return files


def open_damaged(files):
    """The readings' numbers found in a ring of these files, or None if it was refused."""
    mount(NorFlash(24), "/sim")
    try:
        os.mkdir("/sim/ring")
        os.mkdir("/sim/ring/tail")
        for name in files:
            with open(name, "wb") as f:
                f.write(files[name])
        try:
            ring = FileRing("/sim/ring", capacity_bytes=4 * 4096)
        except Error:
            return None
        found = []
        reader = ring.reader()
        while reader.next():
            if reader.kind == 1:
                (value,) = [to_value(text) for text in reader.values()]
                assert reader.chain.time == START_MS + value * 10000, (reader.chain.time, value)
                found.append(value)
        return found
    finally:
        umount("/sim")


def flip_bits(data):
    data = bytearray(data)
    for _ in range(1 + random.getrandbits(3)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def fill_range(data):
    start = random.randrange(len(data))
    count = min(len(data) - start, 1 + random.randrange(500))
    return data[:start] + random.choice((b"\x00", b"\xff")) * count + data[start + count :]


def damage_and_check(change):
    files = build()
    names = sorted(name for name in files if len(name) > len("/sim/ring/tail/0"))
    assert len(names) >= 2
    opened = 0
    random.seed(7)
    for _ in range(IMAGES):
        damaged = dict(files)
        change(damaged, names)
        found = open_damaged(damaged)
        if found is not None:
            opened += 1
            assert found == sorted(set(found)) and all(0 <= n < READINGS for n in found), "invented or out of order"
    assert opened > IMAGES // 2, opened


def test_flipped_bits_never_become_a_reading():
    def change(files, names):
        name = random.choice(names)
        files[name] = flip_bits(files[name])

    damage_and_check(change)


def test_zeroed_and_blank_ranges_never_become_a_reading():
    def change(files, names):
        name = random.choice(names)
        files[name] = fill_range(files[name])

    damage_and_check(change)


def test_a_swapped_or_duplicated_sector_never_parses():
    def change(files, names):
        one, other = random.choice(names), names[0]
        files[one], files[other] = files[other], random.choice((files[one], files[other]))

    damage_and_check(change)
