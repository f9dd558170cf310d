"""A ring on FAT whose first block is torn, whose file is half made, whose card fails."""

from blynk_batch.media import fat, names
from blynk_batch.ring.state import DROPPED
from flash import NorFlash, SdCard, umount
from ring_checks import found, log, raises
from fat_rings import CAPACITY, closed, file_slots, mounted, opened

MOUNTS = names.mounts
HEAP = "16m"
WASM = False


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


def test_a_first_open_cut_at_any_write_is_made_anew_also_where_firmware_tells_no_mounts():
    for mounts in (MOUNTS, lambda path: []):  # firmware before 1.25
        names.mounts = mounts
        base = mounted()
        umount("/sim")
        whole = mounted(base.revive())
        whole.journal = []
        opened(capacity_bytes=3 * 4096).close()
        assert file_slots() == 3
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
    names.mounts = MOUNTS


def open_and_close(device):
    opened(capacity_bytes=3 * 4096).close()
    if device.dead:  # close() does not mind
        raise OSError(5)


def test_a_file_that_a_repair_of_the_card_cut_short_goes_on_with_what_is_left():
    for cut in (1, 1024, 5000, 9000):
        mounted()
        ring = opened(capacity_bytes=6 * 4096)
        log(ring, 0, 2000)
        ring.close()
        with open("/sim/ring/ring0", "rb") as f:
            data = f.read()
        with open("/sim/ring/ring0", "wb") as f:
            f.write(data[:-cut])
        ring = opened(capacity_bytes=6 * 4096)
        left = found(ring)
        assert 900 < len(left) and left == list(range(len(left))), (cut, len(left))
        log(ring, 2000, 10)
        assert found(opened()) == left + list(range(2000, 2010))
        ring.close()


def test_a_card_that_is_put_back_goes_on_and_one_of_another_ring_is_left_alone():
    def put_in(card):
        umount("/sim")
        device.out = True
        raises(OSError, log, ring, 0, 1)
        mounted(card)

    class Loose(SdCard):
        out = False

        def writeblocks(self, block, buf):
            if self.out and not self._is_gone():
                raise OSError(5)
            super().writeblocks(block, buf)

    other = mounted(SdCard(256))
    ring = opened(capacity_bytes=CAPACITY)
    log(ring, 5000, 700)
    ring.close()
    for count in (5, 100, 900):
        device = mounted(Loose(256))
        ring = opened(capacity_bytes=CAPACITY)
        log(ring, 0, count)
        put_in(SdCard(256, other.data))
        assert "another card" in raises(OSError, log, ring, count, 1)
        assert found(opened()) == list(range(5000, 5700))
        put_in(SdCard(256, device.data))
        log(ring, count, 10)
        assert closed(ring) == closed(opened()) == list(range(count + 10))


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
            names.mounts = (lambda path: []) if is_old else MOUNTS
            device.left = read
            try:
                closed(opened())
            except OSError:
                failed += 1
            names.mounts = MOUNTS
            read = -1 if device.left >= 0 else read + 1
            umount("/sim")
            mounted(SdCard(256, device.data))
            assert closed(opened()) == list(range(700)), (read, is_old)
        read = 0
    assert failed > 4


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
