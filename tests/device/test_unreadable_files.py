"""littlefs where a block can no longer be read, or one read fails: no more is lost than what is there."""

from blynk_batch import Client, FileRing
from flash import NorFlash, mount, umount
from ring_checks import found, log, raises
from stand_ins import NOW_MS, FakeClock, FakeServer

HEAP = "8m"
WASM = False
CAPACITY = 6 * 4096


class Worn(NorFlash):
    """The block `lost` cannot be read, as `says` tells littlefs; or the read, so many from now, fails once."""

    lost, says, left, is_dead = -1, -84, -1, False

    def readblocks(self, block, buf, offset=0):
        self.left -= 1
        if block == self.lost or self.left == -1 or self.is_dead:
            return self.says
        super().readblocks(block, buf, offset)


def worn(image=None, says=-84):
    umount("/sim")
    device = Worn(64, image=image)
    device.says = says
    mount(device, "/sim", "esp32")
    return device


def block_of(device, ring, sequence):
    """Where the file of that sector lies, as it is now."""
    with open(ring.medium.name(sequence), "rb") as f:
        data = f.read()
    return [at for at in range(device.blocks) if bytes(device.data[at * 4096 : at * 4096 + len(data)]) == data].pop()


def test_a_sectors_file_that_cannot_be_read_costs_what_is_in_it_and_nothing_else():
    for says in (-84, -5):
        for is_open in (True, False):
            device = worn(says=says)
            ring = FileRing("/sim/ring", capacity_bytes=CAPACITY)
            log(ring, 0, 1700)
            device.lost = block_of(device, ring, 1)
            ring = ring if is_open else FileRing("/sim/ring")
            client = Client("token", ring=ring, clock=FakeClock(NOW_MS), transport=FakeServer())
            result = client.upload()
            numbers = [value for _, _, value in client.transport.points]
            missing = sorted(set(range(1700)) - set(numbers))
            assert result.error is None and client.pending == 0 and len(numbers) == len(set(numbers))
            assert 500 < len(missing) < 600 and missing == list(range(missing[0], missing[0] + len(missing)))
            assert client.stats()["corrupt"] == len(missing), client.stats()
            log(ring, 1700, 4000)  # the ring passes it
            left = found(ring)
            assert left == list(range(5700 - len(left), 5700)) and len(left) > 1500
            client.close()


def test_a_sector_under_way_whose_file_fails_costs_what_is_in_it_and_one_reading_that_says_so():
    for is_open in (True, False):
        device = worn()
        ring = FileRing("/sim/ring", capacity_bytes=CAPACITY)
        log(ring, 0, 1600)
        device.lost, first, refused = block_of(device, ring, ring.newest), ring.first_number, []
        ring = ring if is_open else FileRing("/sim/ring")
        for number in range(1600, 2500):
            try:
                log(ring, number, 1)
            except OSError:
                refused.append(number)
        assert len(refused) == is_open
        left = list(range(first)) + list(range(refused[0] + 1 if refused else 1600, 2500))
        assert found(ring) == found(FileRing("/sim/ring")) == left


def test_a_read_that_fails_once_while_a_folder_is_opened_loses_nothing():
    device = worn()
    ring = FileRing("/sim/ring", capacity_bytes=CAPACITY)
    log(ring, 0, 700)
    assert ring.medium.tail
    ring.close()
    image, failed, read = device.image(), 0, 0
    while read >= 0:
        device = worn(image, -5)
        device.left = read
        try:
            ring = FileRing("/sim/ring")
        except OSError:
            failed += 1
            ring = FileRing("/sim/ring")
        read = -1 if device.left >= 0 else read + 1
        device.left = -1
        assert found(ring) == list(range(700)), read
    assert failed > 10


def test_a_medium_that_cannot_be_read_at_all_is_no_damage():
    device = worn(says=-5)
    ring = FileRing("/sim/ring", capacity_bytes=CAPACITY)
    log(ring, 0, 1700)
    device.is_dead = True
    raises(OSError, found, ring)
    device.is_dead = False
    log(ring, 1700, 1)
    assert found(ring) == list(range(1701)) and not ring.seen_lost


def test_a_folder_in_which_no_next_sector_can_be_looked_for_fails_log_with_words():
    device = worn(says=-5)
    ring = FileRing("/sim/ring", capacity_bytes=CAPACITY)
    log(ring, 0, 100)
    ring.sealed = True
    device.is_dead = True
    text = raises(OSError, log, ring, 100, 1)
    assert "/sim/ring cannot be read" in text, text
    device.is_dead = False
    log(ring, 100, 1)
    assert found(ring) == list(range(101))


def test_a_sectors_file_that_is_not_there_reads_as_blank():
    worn()
    ring, view = FileRing("/sim/ring", capacity_bytes=CAPACITY), bytearray(8)
    log(ring, 0, 5)
    ring.medium.read(ring.newest + 3, 0, memoryview(view))
    assert view == b"\xff" * 8
    umount("/sim")
