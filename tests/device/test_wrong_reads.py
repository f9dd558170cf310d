"""Reads that come out wrong once or twice, and cells that read either way: nothing is lost and nothing changes."""

import random

import invariants
from blynk_batch import BlockRing
from flash import NorFlash
from test_hostile import begin, found

WASM = False
HEAP = "16m"
START_MS = 1648054765458


class Glitch(NorFlash):
    """One bit is wrong in one read."""

    at = -1

    def readblocks(self, block, buf, offset=0):
        super().readblocks(block, buf, offset)
        self.at -= 1
        if self.at == -1 and len(buf) > self.byte:
            buf[self.byte] ^= 1 << self.byte % 8


def test_a_wrong_bit_in_one_read_loses_nothing_and_changes_nothing():
    base = NorFlash(4)
    ring = BlockRing(base)
    for number in range(300):
        ring.log(0, START_MS + number * 10000, b"\x01", [number])
    places = 0
    for byte in (0, 1, 5, 24, 40, 63):
        for at in range(60):
            device = Glitch(4, image=base.image())
            device.at, device.byte = at, byte
            ring = BlockRing(device)
            assert [value for _, value in found(ring)] == list(range(300)), (at, byte)
            assert device.data == base.data
            places += device.at < 0
            device.at = -9
            invariants.check(ring, 300)
    assert places > 100


def test_a_wrong_bit_in_one_read_of_what_was_erased_takes_no_second_erase_and_leaves_no_block_out():
    for unit in (1, 16):
        base = NorFlash(3, unit=unit)
        ring = BlockRing(base, unit=unit)
        for number in range(3):
            ring.log(0, START_MS + number * 10000, b"\x01", ["x" * 3000])
        for at in range(0, 32, 5):
            device = Glitch(3, image=base.image(), unit=unit)
            ring = BlockRing(device, unit=unit)
            ring.check_books()
            device.at, device.byte = at, 100  # of what is looked through 128 bytes at a time
            ring.medium.begin(ring.newest + 1)
            assert device.at < 0 and device.erases == 1, (unit, at)
            ring.start_sector(ring.newest + 1)  # RuleBroken, had it been written full of 0xFF


class Floats(Glitch):
    """One read finds the line floating: all bits are 1."""

    def readblocks(self, block, buf, offset=0):
        super().readblocks(block, buf, offset)
        if self.at == -1:
            buf[:] = b"\xff" * len(buf)


def test_one_read_of_opening_that_finds_nothing_but_blank_bytes_ends_the_ring_no_earlier():
    for count in (40, 700):
        base = NorFlash(4)
        ring = BlockRing(base)
        for number in range(count):
            ring.log(0, START_MS + number * 10000, b"\x01", [number])
        for at in range(40):
            device = Floats(4, image=base.image())
            device.at, device.byte = at, 0
            ring = BlockRing(device)
            device.at = -9
            assert [value for _, value in found(ring)] == list(range(count)), (count, at)
            assert device.data == base.data


def test_a_wrong_bit_in_the_read_that_proves_a_program_leaves_no_block_out():
    device = Glitch(4)
    ring = BlockRing(device)
    for number in range(3):
        device.at, device.byte = 0, number
        ring.log(0, START_MS + number * 10000, b"\x01", [number])
        assert device.at < 0 and ring.newest == 0 and not ring.state.get(12), number
    assert [value for _, value in found(ring)] == [0, 1, 2]


class Wavers(NorFlash):
    """The byte at `wrong` is read wrongly `left` times."""

    left = 0

    def readblocks(self, block, buf, offset=0):
        super().readblocks(block, buf, offset)
        at = self.wrong - block * self.block_size - offset if self.left else -1
        if 0 <= at < len(buf):
            buf[at] ^= 1
            self.left -= 1


def test_what_reads_wrong_twice_on_end_is_read_once_more_and_lost_no_reading():
    base = NorFlash(4)
    ring = BlockRing(base)
    for number in range(300):
        ring.log(0, START_MS + number * 10000, b"\x01", [number])
    for wrong in range(ring.first + 20, ring.offset, 97):
        device = Wavers(4, image=base.image())
        ring = BlockRing(device)
        device.wrong, device.left = wrong, 2
        assert [value for _, value in found(ring)] == list(range(300)) and not device.left, wrong


def test_what_opening_saw_last_is_programmed_again_with_the_next_reading():
    device = NorFlash(4)
    ring = begin(device)
    last = ring.offset
    ring.log(0, START_MS + 20, b"\x01", [7])
    device = device.revive()
    ring = BlockRing(device)
    device.journal = []
    assert not device.journal
    ring.log(0, START_MS + 30, b"\x01", [8])
    _, address, data = device.journal[0]
    assert address == last and address + len(data) == ring.offset
    ring.log(0, START_MS + 40, b"\x01", [9])
    assert device.journal[1][1] == address + len(data)
    assert [value for _, value in found(BlockRing(device))] == [5, 6, 7, 8, 9]


def test_a_last_reading_that_reads_either_way_stays_as_opening_saw_it():
    counts = set()
    for seed in range(40):
        random.seed(seed)
        device = NorFlash(4)
        ring = begin(device)
        start = ring.offset
        ring.log(0, START_MS + 20, b"\x01", [7])
        places = [at for at in range(start, ring.offset) if device.data[at] != 0xFF]
        at = places[seed % len(places)]
        device.weak = {at: ~device.data[at] & (0x11 if seed % 2 else 0xFF)}
        device = device.revive()
        first = [value for _, value in found(BlockRing(device))]
        assert first in ([5, 6], [5, 6, 7]), first
        counts.add(len(first))
        for _ in range(5):
            assert [value for _, value in found(BlockRing(device))] == first, (seed, at)
    assert counts == {2, 3}


def test_a_last_text_of_several_programs_whose_end_reads_either_way_stays_as_opening_saw_it():
    text, counts = "x" * 600, set()
    for seed in range(24):
        random.seed(seed)
        device = NorFlash(4)
        ring = begin(device)
        ring.log(0, START_MS + 20, b"\x01", [text])
        device.weak = {ring.offset - 1: ~device.data[ring.offset - 1] & (0x11 if seed % 2 else 0xFF)}
        device = device.revive()
        first = [value for _, value in found(BlockRing(device))]
        assert first in ([5, 6], [5, 6, text]), seed
        counts.add(len(first))
        for _ in range(5):
            ring = BlockRing(device)
            assert [value for _, value in found(ring)] == first, seed
        ring.log(0, START_MS + 40, b"\x01", [9])
        for _ in range(5):
            device = device.revive()
            assert [value for _, value in found(BlockRing(device))] == first + [9], seed
    assert counts == {2, 3}
