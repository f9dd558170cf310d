"""What opening a full BlockRing reads: the heads that bisection looks at and the newest sector, at any size."""

import sys

from blynk_batch import BlockRing
from blynk_batch.ring.state import DROPPED
from flash import NorFlash, SdCard

HEAP = "100m"  # the largest ring has 16 MiB
WASM = False
START_MS = 1648054765458


def full_ring(blocks):
    """A device whose ring has wrapped and has just begun a sector."""
    device = NorFlash(blocks)
    ring = BlockRing(device, verify=False)
    while ring.newest < blocks + blocks // 3:
        ring.log(0, START_MS, b"\x01", [20.5])
        ring.turn(data=True)
    assert ring.get(DROPPED) == ring.oldest > 0
    return device, ring


def bytes_read_at_open(device, ring):
    device.bytes_read = 0
    opened = BlockRing(device, verify=False)
    assert (opened.newest, opened.offset, opened.pending) == (ring.newest, ring.offset, ring.pending)
    return device.bytes_read


def test_opening_a_full_ring_of_any_size_reads_little():
    for blocks in (16, 256, 4096):
        device, ring = full_ring(blocks)
        ring.log(0, START_MS, b"\x01", [20.5])
        ring.turn(data=True)
        sector = ring.newest
        reads = []
        number = 0
        while ring.newest == sector:
            ring.log(0, START_MS + number * 10007, b"\x01", [20 + number % 100 / 10])
            number += 1
            if number % 10 == 0:
                reads.append(bytes_read_at_open(device, ring))
        assert len(reads) > 30
        assert max(reads) <= 4500 and sum(reads) / len(reads) <= 2500, (blocks, max(reads), sum(reads) / len(reads))


def test_a_first_block_that_has_failed_costs_no_wake_a_long_look():
    for blocks in (64, 512):
        device = NorFlash(blocks, bad={0: "program"})
        ring = BlockRing(device)
        for number in range(3000):
            ring.log(0, START_MS + number * 10007, b"\x01", [2000 + number % 100])
        found = bytes_read_at_open(device, ring)
        assert found <= 4800, (blocks, found)


def test_a_long_frame_is_read_in_one_piece_and_nothing_far_behind_it():
    device = NorFlash(8)
    ring = BlockRing(device, verify=False)
    ring.log(0, START_MS, b"\x01", ["x" * 1000])
    assert bytes_read_at_open(device, ring) <= 2 * ring.offset + 1500  # its end is read 6 times more, for weak bits


def test_opening_a_full_card_reads_a_few_blocks():
    card = SdCard(1024 * 8 + 2)
    ring = BlockRing(card, verify=False)
    while ring.newest < 1024 + 340:
        ring.log(0, START_MS, b"\x01", ["x" * 3700])
    for number in range(300):
        ring.log(0, START_MS + number * 10000, b"\x01", [20 + number % 100 / 10])
        if not number % 50:
            card.bytes_read = 0
            opened = BlockRing(card, verify=False)
            assert (opened.newest, opened.offset, opened.pending) == (ring.newest, ring.offset, ring.pending)
            assert card.bytes_read <= 31 * 512, card.bytes_read


def test_where_the_heap_is_large_the_code_that_opens_stays_loaded():
    BlockRing(NorFlash(4))
    opening = sys.modules["blynk_batch.opening"]
    BlockRing(NorFlash(4))
    assert sys.modules["blynk_batch.opening"] is opening
