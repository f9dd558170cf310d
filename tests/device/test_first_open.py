"""The very first open, cut at any byte, on devices that hold zeros, ones or somebody else's bytes, and a ring that goes
over to another size, cut at any byte: the next open goes on."""

import os
import random

from blynk_batch import BlockRing, FileRing
from blynk_batch.errors import WrongDevice
from blynk_batch.media import names
from blynk_batch.ring.state import DROPPED
from flash import NorFlash, SdCard, mount, umount
from tear import MODES
from ring_checks import found, log, raises

HEAP = "16m"
WASM = False
KINDS = {}, {"page_size": 256}, {"unit": 16}


def cut_until_open(base, operation, byte, mode, seed, cuts, **options):
    """The device after so many cuts in a row in opening it, the second and third at the same place."""
    device = base
    for number in range(cuts):
        device = device.revive()
        device.cut_at(operation, byte, mode, seed + number)
        try:
            BlockRing(device, **options)
        except OSError:
            assert device.dead
    return device.revive()


def must_work(device, **options):
    log(BlockRing(device, **options), 0, 3)
    ring = BlockRing(device.revive(), **options)
    assert found(ring) == [0, 1, 2] == list(range(ring.pending))


def changes_of(base, **options):
    """(operation, its bytes) of each change that opening `base` makes."""
    whole = base.revive()
    whole.journal = []
    BlockRing(whole, **options)
    return [(number, len(change[2])) for number, change in enumerate(whole.journal)]


def places(size, count):
    """The first of so many bytes, the last, and one drawn from each share between."""
    return [0] + [(index * size + random.randrange(size)) // count for index in range(1, count - 1)] + [size - 1]


def test_a_first_open_of_zeros_or_ones_cut_anywhere_opens_at_the_next_try():
    cuts = 0
    for options in KINDS:
        for fill in (b"\x00", b"\xff"):
            base = NorFlash(5, image=fill * 5 * 4096, **options)
            for operation, size in changes_of(base, **options):
                for byte in places(size, 10):
                    for in_a_row in (1, 3):
                        device = cut_until_open(base, operation, byte, MODES[cuts % 6], cuts, in_a_row, **options)
                        must_work(device, **options)
                        cuts += 1
    assert cuts > 250, cuts


def test_a_first_open_cut_anywhere_opens_at_the_next_try_with_another_size_too():
    for options in KINDS:
        base = NorFlash(8, image=b"\xff" * 8 * 4096, **options)
        for operation, size in changes_of(base, **options):
            for byte in range(0, size, 3):
                device = cut_until_open(base, operation, byte, MODES[byte % 6], byte, 1, **options)
                must_work(device, blocks=(3, 4, 6)[byte % 3], **options)


def test_a_header_written_in_one_unit_and_cut_in_any_byte_is_gone_on_from():
    """What tells of a ring can be whole then and the rest of the header not, in slot 0 or in slot 2."""
    for fill in (b"\x00", b"\xff"):
        base = NorFlash(5, image=fill * 5 * 4096, unit=64)
        for operation, size in changes_of(base, unit=64):
            for byte in range(64 if size < 4096 else 0):
                for in_a_row in (1, 2):
                    mode = ("prefix", "random", "weak")[byte % 3]
                    must_work(cut_until_open(base, operation, byte, mode, byte, in_a_row, unit=64), unit=64)


def test_what_was_begun_on_zeros_goes_round_and_is_found_again():
    device = NorFlash(5, image=bytes(5 * 4096))
    device = cut_until_open(device, 0, 100, "random", 1, 1)
    ring = BlockRing(device)
    assert ring.newest == 2
    log(ring, 0, 4000)
    left = found(BlockRing(device.revive()))
    assert left == list(range(4000 - len(left), 4000)) and len(left) > 1400


def test_a_first_header_that_is_damaged_behind_its_salt_costs_no_reading_wherever_the_ring_begins():
    for fill, slot in ((b"\xff", 0), (b"\x00", 2)):
        device = NorFlash(5, image=fill * 5 * 4096)
        ring = BlockRing(device)
        log(ring, 0, 30)
        assert ring.newest == slot
        device.data[slot * 4096 + 29] ^= 1  # behind the salt
        ring = BlockRing(device)
        assert found(ring) == list(range(30)) == list(range(ring.pending)), slot


def test_a_file_system_or_data_beside_the_slot_that_is_erased_first_is_still_somebody_elses():
    for address, data in ((0, b"mine"), (4096, b"mine"), (3 * 4096, b"mine"), (2 * 4096 + 8, b"littlefs")):
        device = NorFlash(5, image=bytes(5 * 4096))
        device.data[address : address + len(data)] = data
        before = device.image()
        raises(WrongDevice, BlockRing, device)
        assert device.image() == before, address


def test_a_device_of_garbage_that_may_be_taken_opens_after_a_cut_anywhere():
    random.seed(7)
    garbage = b"".join([random.getrandbits(32).to_bytes(4, "little") for _ in range(4 * 1024)])
    for options in KINDS:
        base = NorFlash(4, image=garbage, **options)
        for operation, size in changes_of(base, format=True, **options):
            for number, mode in enumerate(MODES):
                byte = number * size // len(MODES)
                device = cut_until_open(base, operation, byte, mode, 0, 1 + number % 3, format=True, **options)
                must_work(device, format=True, **options)


def test_a_change_of_size_cut_anywhere_leaves_the_old_size_or_the_new_and_the_counters():
    cuts = 0
    for options in KINDS:
        for before, after in ((4, 8), (8, 4), (3, 7)):
            base = NorFlash(8, **options)
            ring = BlockRing(base, blocks=before, **options)
            log(ring, 0, 900)
            ring.clear()
            for operation, size in changes_of(base, blocks=after, **options):
                for byte in places(size, 5):
                    mode, cuts = MODES[cuts % len(MODES)], cuts + 1
                    device = cut_until_open(base, operation, byte, mode, cuts, 1 + cuts % 3, blocks=after, **options)
                    for blocks in (after, before) if cuts % 2 else (before, after):
                        ring = BlockRing(device, blocks=blocks, **options)
                        assert (ring.medium.slots, ring.get(DROPPED)) == (blocks, 900), (operation, mode, byte)
                        log(ring, cuts, 1)
                        assert found(ring) == [cuts]
                        ring.clear()
                        ring.add(DROPPED, -1)
                        ring.save()
    assert cuts > 90, cuts


def test_a_first_open_in_front_of_another_ring_of_the_card_cut_anywhere_opens_at_the_next_try():
    first, other = {"start": 0, "blocks": 40}, {"start": 40, "blocks": 40}
    base = SdCard(80)
    log(BlockRing(base, **other), 0, 1500)
    for operation, size in changes_of(base, **first):
        for byte in places(size, 5):
            device = cut_until_open(base, operation, byte, "random", byte, 1, **first)
            must_work(device, **first)
            assert found(BlockRing(device, **other)) == list(range(1500)), (operation, byte)


def test_littlefs_is_told_from_fat_where_firmware_tells_no_mounts():
    real, names.mounts = names.mounts, lambda path: []
    try:
        umount("/sim")
        mount(NorFlash(24), "/sim", "esp32")
        log(FileRing("/sim/ring"), 0, 3)
        assert sorted(os.listdir("/sim/ring")) == ["0", "log"]
        assert found(FileRing("/sim/ring")) == [0, 1, 2]
    finally:
        names.mounts = real


def test_a_new_device_none_of_whose_blocks_can_be_programmed_says_so_in_words():
    text = raises(OSError, BlockRing, NorFlash(8, bad={block: "program" for block in range(8)}))
    assert "8 blocks of 4096 bytes" in text and "failed" in text, text
