"""FileRing on FAT: one preallocated file whose blocks are written in place; what FAT itself can still lose."""

import os

from blynk_batch import Client, FileRing
from blynk_batch.errors import WrongDevice
from blynk_batch.media import fat, paths
from blynk_batch.ring.state import DROPPED
from flash import NorFlash, SdCard, mount, umount
from stand_ins import FakeClock
from test_block import found, log, raises

MOUNTS = paths.mounts
HEAP = "16m"
WASM = False
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


def test_a_folder_in_the_place_of_the_rings_file_is_refused_with_words():
    mounted()
    os.mkdir("/sim/ring")
    os.mkdir("/sim/ring/ring0")
    assert "folder" in raises(OSError, FileRing, "/sim/ring", capacity_bytes=16384)
    assert os.listdir("/sim/ring/ring0") == []


def test_a_folder_that_is_named_from_where_the_program_is_lies_where_that_was():
    mounted()
    os.mkdir("/sim/elsewhere")
    os.mkdir("/sim/elsewhere/ring")
    os.chdir("/sim")
    ring = FileRing("ring", capacity_bytes=16384)
    assert type(ring.medium).__name__ == "FatTails"  # what has to be on FAT, whatever the board's own flash has
    log(ring, 0, 10)
    ring.close()
    os.chdir("/sim/elsewhere")
    log(ring, 10, 10)
    assert os.listdir("/sim/elsewhere/ring") == []
    os.chdir("/")
    assert found(FileRing("/sim/ring")) == list(range(20))


def test_the_ring_is_one_file_of_the_capacity_and_two_blocks():
    mounted()
    ring = opened(capacity_bytes=CAPACITY)
    log(ring, 0, 3000)
    assert os.listdir("/sim/ring") == ["ring0"]
    assert os.stat("/sim/ring/ring0")[6] == CAPACITY + 2 * 512
    left = closed(ring)
    assert left == list(range(3000 - len(left), 3000)) and len(left) > 1000
    again = opened()
    assert again.get(DROPPED) == 3000 - len(left) and closed(again) == left


def test_a_reading_writes_blocks_of_the_file_and_nothing_of_the_filesystem():
    device = mounted()
    ring = opened(capacity_bytes=CAPACITY)
    with open("/sim/ring/ring0", "rb") as f:
        first = device.data.find(f.read(512))
    blocks = range(first // 512, first // 512 + os.stat("/sim/ring/ring0")[6] // 512)
    device.journal = []
    log(ring, 0, 2000)
    places = set([address // 512 for _, address, data in device.journal])
    assert len(places) > 25 and places <= set(blocks), places
    assert 1 <= len(device.journal) / 2000 < 1.1
    ring.close(sleeping=True)
    assert set([address // 512 for _, address, data in device.journal]) <= set(blocks)
    ring.close()
    after = set([address // 512 for _, address, data in device.journal]) - set(blocks)
    assert len(after) == 1, "the folder's block, with the time of the change"


def test_deep_sleep_after_each_reading_writes_nothing_of_the_filesystem():
    device = mounted()
    opened(capacity_bytes=CAPACITY).close()
    device.journal = []
    clients = []
    for number in range(30):
        client = Client("token", ring=opened(), clock=FakeClock())
        client.log(1, number)
        client.close(sleep_ms=60000)
        clients.append(client)  # no finaliser closes its file: sleep ends all
    with open("/sim/ring/ring0", "rb") as f:
        first = device.data.find(f.read(512)) // 512
    for _, address, _data in device.journal:
        assert first <= address // 512 < first + (CAPACITY + 1024) // 512
    assert client.ring.pending == 30
    for client in clients:
        client.ring.close()


def file_slots():
    """Sectors that fit the ring's file, which is all that the folder holds."""
    assert os.listdir("/sim/ring") == ["ring0"]
    return (os.stat("/sim/ring/ring0")[6] - 2 * 512) // 4096


def test_another_capacity_counts_once_nothing_is_pending_and_keeps_the_counters():
    mounted()
    ring = opened(capacity_bytes=3 * 4096)
    log(ring, 0, 700)
    ring.close()
    for slots in (6, 4):
        ring = opened(capacity_bytes=slots * 4096)
        assert ring.medium.slots == 3 and closed(ring) == list(range(700)), "these have no other place"
    ring.clear()
    ring.close()
    for slots, most in ((6, 6), (3, 6), (8, 8), (7, 8)):
        ring = opened(capacity_bytes=slots * 4096)
        assert (ring.medium.slots, file_slots(), closed(ring)) == (slots, most, [])
        ring = opened()
        assert ring.medium.slots == slots and ring.get(DROPPED) == 700 and closed(ring) == []
    log(ring, 0, 2000)
    assert closed(ring) == closed(opened(capacity_bytes=3 * 4096)) == list(range(2000))


def test_a_smaller_capacity_keeps_the_newest_sector_wherever_it_lies():
    for turns in range(7):
        base = mounted()
        ring = opened(capacity_bytes=6 * 4096)
        for _ in range(turns):
            ring.turn(data=False)
        log(ring, 0, 100)  # more than a block
        ring.clear()
        ring.close()
        umount("/sim")
        changed = mounted(base.revive())
        changed.journal = []
        opened(capacity_bytes=4 * 4096).close(sleeping=True)
        umount("/sim")
        for operation in range(len(changed.journal)):
            device = mounted(base.revive())
            device.cut_at(operation, 300, "random", operation)
            raises(OSError, opened, capacity_bytes=4 * 4096)
            umount("/sim")
            mounted(device.revive())
            ring = opened()
            assert (ring.get(DROPPED), closed(ring)) == (100, []) and ring.medium.slots in (4, 6), (turns, operation)
            umount("/sim")


def test_a_cut_at_any_write_of_a_change_of_capacity_keeps_the_counters_and_the_ring():
    base = mounted()
    ring = opened(capacity_bytes=5 * 4096)
    log(ring, 0, 1500)
    ring.clear()
    ring.close()
    umount("/sim")
    changed = mounted(base.revive())
    changed.journal = []
    opened(capacity_bytes=8 * 4096).close()
    umount("/sim")
    cuts = len(changed.journal)
    assert cuts > 20
    kept = []
    for operation in range(cuts):
        device = mounted(base.revive())
        device.cut_at(operation, 300, "prefix")
        try:
            kept.append(opened(capacity_bytes=8 * 4096))
        except OSError:
            pass
        umount("/sim")
        mounted(device.revive())
        ring = opened()
        assert ring.medium.slots in (5, 8) and ring.get(DROPPED) == 1500 and closed(ring) == [], operation
        ring = opened(capacity_bytes=8 * 4096)
        log(ring, 0, 1)
        assert (ring.medium.slots, file_slots(), closed(ring)) == (8, 8, [0]), operation
        umount("/sim")
    kept.clear()


def after_a_torn_first_block(readings, first, second):
    """What a ring of `second` sectors, made as one of `first`, holds of its readings 0 .. after the power cut that
    leaves garbage in its first block when that is full and comes to its place. Before: `readings` or none."""
    device = mounted(SdCard(4096))
    ring = opened(capacity_bytes=first * 4096)
    log(ring, 0, readings or 10)
    if not readings:
        ring.clear()
    ring.close()
    ring = opened(capacity_bytes=second * 4096)
    count = readings
    while not ring.medium._index:
        image = device.image()
        log(ring, count, 1)
        count += 1
    mounted(SdCard(4096, image))
    ring = opened(capacity_bytes=second * 4096)
    ring.medium.file.writeblocks(0, b"garbage!" * 64)  # what the cut leaves: all is in the tails
    ring.close()
    ring = opened(capacity_bytes=second * 4096)
    assert closed(ring) == list(range(count - 1)), (first, second)


def test_a_first_block_that_is_torn_is_in_a_tail_whatever_size_the_ring_has_in_its_file():
    after_a_torn_first_block(0, 256, 75)  # as large as the file was before
    after_a_torn_first_block(10, 75, 256)  # as large as the file is once nothing is pending


def test_a_first_open_cut_at_any_write_is_made_anew():
    base = mounted()
    umount("/sim")
    whole = mounted(base.revive())
    whole.journal = []
    opened(capacity_bytes=3 * 4096).close()
    umount("/sim")
    for operation in range(len(whole.journal)):
        device = mounted(base.revive())
        device.cut_at(operation, 77, "prefix")
        raises(OSError, open_and_close, device)
        umount("/sim")
        mounted(device.revive())
        ring = opened(capacity_bytes=3 * 4096)
        log(ring, 0, 50)
        assert closed(ring) == list(range(50)), operation
        umount("/sim")


def open_and_close(device):
    opened(capacity_bytes=3 * 4096).close()
    if device.dead:  # close() does not mind
        raise OSError(5)


class BrokenOff:
    """A file whose write number `count` Ctrl-C breaks off."""

    def __init__(self, file, count):
        self.file = file
        self.count = count

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, data):
        self.count -= 1
        if self.count < 0:
            raise KeyboardInterrupt
        return self.file.write(data)


def opened_and_broken_off(count, **options):
    fat.open = lambda name, mode="r": BrokenOff(open(name, mode), count) if mode == "ab" else open(name, mode)  # pyright: ignore
    try:
        raises(KeyboardInterrupt, opened, **options)
    finally:
        del fat.open  # pyright: ignore


def test_a_file_that_ctrl_c_left_half_made_or_half_grown_is_made_whole():
    for device, before, later in ((SdCard, 5 * 4096, 9 * 4096), (NorFlash, 3 * 4096, 5 * 4096)):
        for count in range(0, 20, 2) if device is SdCard else range(5):  # writes; of whole blocks there are fewer
            mounted(device(256 if device is SdCard else 64))
            opened_and_broken_off(count, capacity_bytes=before)
            ring = opened(capacity_bytes=before)
            assert ring.medium.slots == before // 4096, count
            log(ring, 0, 100)
            ring.close()
            opened_and_broken_off(count // 3, capacity_bytes=later)
            assert closed(opened()) == list(range(100)), count
            ring = opened(capacity_bytes=later)
            assert closed(ring) == list(range(100)), count
            ring.clear()
            ring.close()
            assert opened(capacity_bytes=later).medium.slots == later // 4096, count


def test_a_card_is_not_asked_for_its_free_space_at_each_opening():
    mounted(SdCard(256))
    ring = opened()
    log(ring, 0, 100)
    ring.close()
    asked = []

    class Os:
        def __getattr__(self, name):
            asked.append(name)
            return getattr(os, name)

    fat.os = Os()  # pyright: ignore
    try:
        assert closed(opened()) == list(range(100))
    finally:
        fat.os = os
    assert "statvfs" not in asked, asked  # on FAT that can read all of the table


def test_a_disk_without_room_for_the_file_says_how_much_there_is():
    mounted(SdCard(128))
    text = raises(OSError, opened, capacity_bytes=100000)
    assert "99328" in text and "bytes are free" in text
    ring = opened()  # half of what is free
    log(ring, 0, 2000)
    slots = ring.medium.slots
    left = closed(ring)
    assert 3 <= slots <= 8 and left[-1] == 1999, (slots, left[-1:])
    with open("/sim/junk", "wb") as f:
        try:
            while True:
                f.write(bytes(512))
        except OSError:
            pass
    ring = opened()
    log(ring, 2000, 3000)  # the space is the ring's, whatever others do
    assert closed(ring)[-1] == 4999
    ring.clear()
    ring.close()
    ring = opened(capacity_bytes=slots * 4096 + 4096)
    assert ring.medium.slots == slots == file_slots(), "no room for a larger file: the capacity stays"
    log(ring, 5000, 1)
    assert closed(ring) == closed(opened()) == [5000]


def test_a_card_that_fails_for_a_while_goes_on_where_it_was():
    class Loose(SdCard):
        out = False

        def readblocks(self, block, buf):
            if self.out:
                raise OSError(19)
            super().readblocks(block, buf)

        def writeblocks(self, block, buf):
            if self.out:
                raise OSError(19)
            super().writeblocks(block, buf)

    device = mounted(Loose(256))
    ring = opened(capacity_bytes=CAPACITY)
    log(ring, 0, 100)
    device.out = True
    assert "/sim/ring" in raises(OSError, log, ring, 100, 1)
    raises(OSError, log, ring, 100, 1)
    device.out = False
    log(ring, 100, 100)
    assert closed(ring) == list(range(200)) == closed(opened())


def test_a_read_that_fails_once_while_the_ring_is_opened_never_makes_a_new_one():
    class Loose(SdCard):
        left = -1

        def readblocks(self, block, buf):
            self.left -= 1
            if self.left == -1:
                raise OSError(5)
            super().readblocks(block, buf)

    image = mounted()
    ring = opened(capacity_bytes=CAPACITY)
    log(ring, 0, 700)
    closed(ring)
    failed, read = 0, 0
    for is_old in (False, True):  # firmware before 1.25 does not tell what is mounted
        while read >= 0:
            device = mounted(Loose(256, image.data))
            paths.mounts = (lambda path: []) if is_old else MOUNTS
            device.left = read
            try:
                closed(opened())
            except OSError:
                failed += 1
            paths.mounts = MOUNTS
            read = -1 if device.left >= 0 else read + 1
            umount("/sim")
            mounted(SdCard(256, device.data))
            assert closed(opened()) == list(range(700)), (read, is_old)
        read = 0
    assert failed > 4


def test_fat_on_flash_with_large_blocks_is_written_in_those():
    flash = mounted(NorFlash(64))
    ring = opened(capacity_bytes=CAPACITY)
    assert ring.medium.flash.page == 4096
    log(ring, 0, 500)
    image = flash.image()
    assert closed(ring) == list(range(500))
    umount("/sim")
    mounted(NorFlash(64, image=image))  # the power went without a close
    assert closed(opened()) == list(range(500))


def test_a_file_of_that_name_that_is_no_ring_is_refused_with_words():
    mounted()
    os.mkdir("/sim/ring")
    for data in (b"mine!" * 3000 + bytes(4096 * 4 + 1024 - 15000), b"mine!", b"mine!" * 4001):
        with open("/sim/ring/ring0", "wb") as f:
            f.write(data)
        assert "/sim/ring/ring0" in raises(WrongDevice, opened) and "remove" in raises(WrongDevice, opened)
        raises(WrongDevice, opened, capacity_bytes=100000)
        with open("/sim/ring/ring0", "rb") as f:
            assert f.read() == data


def test_what_fat_itself_can_lose_is_the_folder_while_it_is_written():
    """Cards leave garbage where a write was torn. In the blocks of the ring's file it costs nothing; in the folder's
    block, which close() writes, it costs the file."""
    base = mounted()
    opened(capacity_bytes=3 * 4096).close()
    umount("/sim")
    for close in (False, True):
        lost = cuts = 0
        operation = 0
        while True:
            device = mounted(base.revive())
            device.cut_at(operation, 0, "random", operation)
            logged = 0
            ring = opened()
            try:
                for logged in range(12):
                    log(ring, logged, 1)
                ring.close(sleeping=not close)
            except OSError:
                pass
            if not device.dead:
                break
            cuts += 1
            umount("/sim")
            mounted(device.revive())
            try:
                again = closed(opened())
                assert again in (list(range(logged)), list(range(logged + 1))), (operation, again)
            except (OSError, UnicodeError, AssertionError):
                lost += 1
            umount("/sim")
            operation += 1
        assert cuts >= 12 and lost == (1 if close else 0), (cuts, lost)
