"""FileRing on FAT: one preallocated file whose blocks are written in place, and which changes its size when empty."""

import os

from blynk_batch import Client, FileRing
from blynk_batch.errors import Error, WrongDevice
from blynk_batch.media import fat
from blynk_batch.ring.state import DROPPED
from flash import NorFlash, SdCard, umount
from stand_ins import FakeClock
from ring_checks import found, log, raises
from fat_rings import CAPACITY, closed, file_slots, mounted, opened

HEAP = "16m"
WASM = False


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


def test_a_name_in_capitals_is_the_same_ring_which_no_second_client_gets():
    mounted()
    client = Client("token", ring=opened(capacity_bytes=CAPACITY), clock=FakeClock())
    assert "open" in raises(Error, Client, "token", ring=FileRing("/sim/RING"), clock=FakeClock())
    client.close()
    Client("token", ring=FileRing("/sim/Ring"), clock=FakeClock()).close()


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


def test_a_full_disk_is_named_where_not_even_the_folder_can_be_made():
    mounted(SdCard(128))
    with open("/sim/junk", "wb") as f:
        for _ in range(os.statvfs("/sim")[3]):
            f.write(bytes(os.statvfs("/sim")[0]))
    assert "full" in raises(OSError, FileRing, "/sim/ring")  # FatFs says EACCES


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
