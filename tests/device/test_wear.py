"""What a durable reading costs a littlefs of either board in erases, by the simulated chip's counters."""

import random

from blynk_batch import FileRing
from flash import NorFlash, mount, umount

HEAP = "32m"
WASM = False
TIMEOUT_S = 600
START_MS = 1648054765458
# Name, page, blocks, what FileRing takes there by itself; per reading the most erases and bytes read, those of a wake.
MOUNTS = (
    ("esp32", 1, 512, {"tails": 4, "tail_bytes": 120}, 0.055, 7500, 66000),
    ("rp2", 256, 212, {"tails": 3, "tail_bytes": 220}, 0.092, 9600, 62000),
)


def readings():
    """Pin 1, two decimals, ten seconds apart."""
    random.seed(1)
    value, time = 2150, START_MS
    while True:
        value += random.getrandbits(4) - 7
        time += 10000
        yield time, value / 100


def wrapped(board, page, blocks, options):
    """A device with a ring of 256 KiB that has gone round, and then has two sectors of such readings."""
    device = NorFlash(blocks, page_size=page)
    mount(device, "/sim", board)
    ring = FileRing("/sim/readings", capacity_bytes=262144, **options)
    while ring.newest < 66:
        ring.log(0, START_MS, b"\x01", ["x" * 1000])
    source = readings()
    turn_over(ring, source, 1)
    assert ring.oldest > 0
    return device, ring, source


def turn_over(ring, source, sectors):
    """Whole sectors of readings, so that each carries its share of the turn; how many."""
    count = 0
    last = ring.newest + sectors
    while ring.newest < last:
        time, value = next(source)
        ring.log(0, time, b"\x01", [value])
        count += 1
    return count


def test_a_durable_reading_costs_few_erases_and_little_reading_with_the_ring_wrapped():
    for board, page, blocks, options, erases, read, _ in MOUNTS:
        device, ring, source = wrapped(board, page, blocks, options)
        device.reset_counters()
        count = turn_over(ring, source, 3)
        found = (device.erases / count, device.bytes_read / count)
        assert count > 1000 and found[0] <= erases and found[1] <= read, (board, count, found)
        umount("/sim")


def test_one_reading_per_boot_costs_no_more_erases_and_opening_looks_for_few_names():
    for board, page, blocks, options, erases, _, read in MOUNTS:
        device, ring, source = wrapped(board, page, blocks, options)
        device.reset_counters()
        count = 300
        for _ in range(count):
            ring.close()
            umount("/sim")
            mount(device, "/sim", board, format=False)
            ring = FileRing("/sim/readings", capacity_bytes=262144, **options)
            time, value = next(source)
            ring.log(0, time, b"\x01", [value])
        found = (device.erases / count, device.bytes_read / count)
        assert found[0] <= erases and found[1] <= read, (board, found)
        umount("/sim")


def test_what_opening_and_a_reading_read_does_not_grow_with_the_ring_but_for_the_mount():
    for board, page, _, options, _, _, _ in MOUNTS:
        read = []
        for kib in (64, 1024):
            device = NorFlash(640, page_size=page)
            mount(device, "/sim", board)
            ring = FileRing("/sim/readings", capacity_bytes=kib * 1024, **options)
            while ring.newest < kib // 4 + 2:
                ring.log(0, START_MS, b"\x01", ["x" * 1000])
            read.append(0)
            for number in range(40):
                ring.close()
                umount("/sim")
                mount(device, "/sim", board, format=False)
                before = device.bytes_read
                ring = FileRing("/sim/readings", capacity_bytes=kib * 1024, **options)
                ring.log(0, START_MS + number * 10000, b"\x01", [number])
                read[-1] += device.bytes_read - before
            umount("/sim")
        assert read[1] <= read[0] * 1.1, (board, read)


def test_commit_every_trades_the_last_readings_for_erases():
    cost = {}
    for every in (1, 8):
        device = NorFlash(512)
        mount(device, "/sim", "esp32")
        ring = FileRing("/sim/readings", capacity_bytes=65536, commit_every=every)
        source = readings()
        turn_over(ring, source, 1)
        device.reset_counters()
        count = turn_over(ring, source, 2)
        cost[every] = (device.erases / count, device.bytes_programmed / count)
        umount("/sim")
    assert cost[8][0] < cost[1][0] * 0.75 and cost[8][1] < cost[1][1] * 0.6, cost
