"""The check of a frame, by the library's own code under CPython: no two wrong bits pass it, whatever they are.

Bits of the first byte and the length are left alone: if they change, other bytes are checked, by chance.
"""

import importlib
import itertools
import random
import sys
import types
from binascii import crc32
from pathlib import Path

import pytest

RING = Path(__file__).resolve().parents[2] / "lib" / "blynk_batch" / "ring"
SEED = 0x2C0FFEE5
STATE = 0xC1


@pytest.fixture(scope="module")
def record():
    micropython = types.ModuleType("micropython")  # no other kind: hypothesis looks through all modules
    micropython.const = lambda value: value
    sys.modules.setdefault("micropython", micropython)
    package = sys.modules["ring_under_test"] = types.ModuleType("ring_under_test")
    package.__path__ = [str(RING)]
    reads = importlib.import_module("ring_under_test.parsing")
    writes = importlib.import_module("ring_under_test.record")
    return types.SimpleNamespace(frame=writes.frame, frame_size=reads.frame_size, check=reads.check)


def frame_of(record, kind, size):
    rng = random.Random(size)
    return bytearray(record.frame(kind, bytes(rng.randrange(1, 256) for _ in range(size)), SEED))


def is_good(record, frame):
    assert record.frame_size(frame, 0) == len(frame)
    return record.check(memoryview(frame), 0, len(frame), SEED)


@pytest.mark.parametrize("kind", [0, STATE])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 8, 21, 63, 64, 65, 80])
def test_every_pair_of_wrong_bits_is_seen(record, kind, size):
    frame = frame_of(record, kind, size)
    assert is_good(record, frame)
    assert len(frame) == size + (3 if kind else 1) + (3 if size <= 64 else 4)
    start = 3 if kind else 1
    bits = range(8 * start, 8 * len(frame))
    for one, other in itertools.combinations(bits, 2):
        frame[one >> 3] ^= 1 << (one & 7)
        frame[other >> 3] ^= 1 << (other & 7)
        assert not is_good(record, frame), (one, other)
        frame[one >> 3] ^= 1 << (one & 7)
        frame[other >> 3] ^= 1 << (other & 7)


@pytest.mark.parametrize("size", range(1, 65))
def test_what_single_bits_do_to_the_check_of_a_short_frame_differs_in_each_place(record, size):
    """A CRC is linear: two wrong bits pass only if each changes the check alike, whatever else the frame holds. So
    this is all sizes, all contents and all seeds."""
    seen = changes_by_bit(size + 1, 1, 0xFFFFFF) + [1 << bit for bit in range(24)]
    assert len(set(seen)) == len(seen) == 8 * size + 24 and 0 not in seen


def test_what_single_bits_do_to_the_check_of_the_longest_frame_differs_in_each_place():
    seen = changes_by_bit(4096, 3, 0xFFFFFFFF) + [1 << bit for bit in range(32)]
    assert len(set(seen)) == len(seen) and 0 not in seen


def changes_by_bit(size, start, mask):
    """How each bit behind byte `start` of `size` bytes changes the check."""
    zeros = bytearray(size)
    whole = crc32(zeros)
    found = []
    for bit in range(8 * start, 8 * size):
        zeros[bit >> 3] ^= 1 << (bit & 7)
        found.append((crc32(zeros) ^ whole) & mask)
        zeros[bit >> 3] = 0
    return found


def test_twenty_four_bits_would_not_do_in_long_frames():
    seen = changes_by_bit(1100, 3, 0xFFFFFF) + [1 << bit for bit in range(24)]
    assert len(set(seen)) < len(seen)


@pytest.mark.parametrize("size", [8, 64, 65, 900])
def test_more_wrong_bits_or_another_seed_are_seen_as_far_as_tried(record, size):
    rng = random.Random(size)
    for _ in range(4000):
        frame = frame_of(record, 0, size)
        head = 1 if frame[0] <= 0xBF else 3
        for _ in range(rng.randrange(3, 9)):
            frame[rng.randrange(head, len(frame))] ^= 1 << rng.randrange(8)
        if frame != frame_of(record, 0, size):
            assert not is_good(record, frame)
    frame = frame_of(record, 0, size)
    assert not record.check(memoryview(frame), 0, len(frame), SEED ^ 1)
