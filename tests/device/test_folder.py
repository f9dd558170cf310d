"""FileRing's folder: missing, unmounted, read-only, of another size, open twice, broken into by Ctrl-C."""

import builtins
import gc
import micropython
import os
import sys

import invariants
from blynk_batch import BlockRing, Client, FileRing
from blynk_batch.errors import Error, RingFull
from blynk_batch.media import littlefs
from blynk_batch.ring import sector
from blynk_batch.ring.state import CURSOR, DROPPED, UPLOADED
from flash import NorFlash, mount, umount
from ring_checks import found, log, raises
from stand_ins import NOW_MS, FakeClock, FakeServer

HEAP = "8m"
WASM = False


def mounted(board="esp32", blocks=40):
    umount("/sim")
    device = NorFlash(blocks, page_size=256 if board == "rp2" else 1)
    mount(device, "/sim", board)
    return device


def contents(folder):
    """{name: bytes} of all files below."""
    files = {}
    for entry in os.ilistdir(folder):
        name = folder + "/" + entry[0]
        if entry[1] == 0x4000:
            files.update(contents(name))
        else:
            with open(name, "rb") as f:
                files[name] = f.read()
    return files


def test_a_missing_folder_is_made_and_those_above_it():
    mounted()
    log(FileRing("/sim/deep/er/ring"), 0, 3)
    assert found(FileRing("/sim/deep/er/ring/")) == [0, 1, 2]
    os.mkdir("/sim/here")
    os.chdir("/sim/here")
    log(FileRing("down/ring"), 0, 4)
    ring = FileRing("/sim/here/down/ring")
    assert found(ring) == [0, 1, 2, 3]
    ring = FileRing("down/ring")
    os.chdir("/")
    log(ring, 4, 300)
    assert found(FileRing("/sim/here/down/ring")) == list(range(304))


def test_a_card_that_is_not_mounted_does_not_become_a_folder_of_the_boards_flash():
    umount("/sim")
    text = raises(OSError, FileRing, "/sim/readings")
    assert "/sim/readings" in text and "mounted" in text
    raises(OSError, os.stat, "/sim")


def test_a_filesystem_that_goes_away_fails_log_and_nothing_that_was_stored():
    device = mounted()
    ring = FileRing("/sim/ring")
    log(ring, 0, 100)
    umount("/sim")
    text = raises(OSError, log, ring, 100, 1)
    assert "/sim/ring" in text and "mounted" in text, text
    mount(device, "/sim", "esp32")
    log(ring, 100, 1)  # it is there again
    assert found(FileRing("/sim/ring")) == list(range(101))


def test_an_upload_from_a_filesystem_that_went_away_fails_with_words_and_loses_nothing():
    device = mounted()
    ring = FileRing("/sim/ring")
    log(ring, 0, 1200)
    client = Client("token", ring=ring, clock=FakeClock(NOW_MS), transport=FakeServer())
    umount("/sim")
    for _ in range(2):
        text = raises(OSError, client.upload)
        assert "/sim/ring" in text and "mounted" in text, text
        raises(OSError, list, client.points())
    mount(device, "/sim", "esp32")
    result = client.upload()
    assert result.error is None and result.uploaded == 1200 and client.stats()["corrupt"] == 0, client.stats()
    client.close()


def test_points_of_a_filesystem_that_went_away_fail_with_words():
    mounted()
    ring = FileRing("/sim/ring")
    log(ring, 0, 1200)
    client = Client("token", ring=ring, clock=FakeClock(NOW_MS))
    umount("/sim")
    text = raises(OSError, list, client.points())
    assert "/sim/ring" in text and "mounted" in text, text


def test_a_clear_on_a_filesystem_that_went_away_fails_and_drops_nothing():
    for count in (100, 1200):
        device = mounted()
        ring = FileRing("/sim/ring")
        log(ring, 0, count)
        client = Client("token", ring=ring, clock=FakeClock(NOW_MS), transport=FakeServer())
        umount("/sim")
        text = raises(OSError, client.clear)
        assert "/sim/ring" in text and "mounted" in text, text
        assert client.pending == count and client.stats()["dropped"] == 0, client.stats()
        mount(device, "/sim", "esp32")
        assert client.upload().uploaded == count and client.pending == 0
        log(ring, count, 5)
        client.clear()
        assert client.pending == 0 and client.stats()["dropped"] == 5, client.stats()
        client.close()
        ring = FileRing("/sim/ring")
        assert found(ring) == [] and ring.pending == 0
        umount("/sim")


def test_a_folder_that_somebody_removes_fails_log_with_words():
    mounted()
    ring = FileRing("/sim/ring")
    log(ring, 0, 3)
    for name in contents("/sim/ring"):
        os.remove(name)
    os.rmdir("/sim/ring/log")
    os.rmdir("/sim/ring")
    assert "/sim/ring" in raises(OSError, log, ring, 3, 1)
    log(FileRing("/sim/ring"), 0, 2)
    assert found(FileRing("/sim/ring")) == [0, 1]


def test_a_file_in_the_folders_place_is_refused_with_words():
    mounted()
    with open("/sim/ring", "w") as f:
        f.write("mine")
    assert "not a folder" in raises(OSError, FileRing, "/sim/ring")
    with open("/sim/ring") as f:
        assert f.read() == "mine"


def test_a_read_only_filesystem_can_be_read_and_is_never_drained_twice():
    device = mounted()
    log(FileRing("/sim/ring"), 0, 300)
    umount("/sim")
    os.mount(os.VfsLfs2(device, readsize=32, progsize=32, lookahead=32), "/sim", readonly=True)
    assert "read-only" in raises(OSError, FileRing, "/sim/other")
    before = contents("/sim")
    server, clock = FakeServer(), FakeClock()
    client = Client("token", ring=FileRing("/sim/ring"), clock=clock, transport=server)
    assert client.pending == 300 and len(list(client.points())) == 300
    text = raises(OSError, client.log, 1, 5)
    assert "read-only" in text and client.pending == 300
    for _ in range(3):
        raises(OSError, client.upload)
        assert not server.points, "sent what cannot be noted as accepted"
        clock.wait(86400000)
    # Not the chip's bytes: MicroPython lets littlefs erase, where it would write next, also when it may not write.
    umount("/sim")
    mount(device, "/sim")
    assert contents("/sim") == before


def test_a_larger_capacity_counts_at_once():
    mounted()
    ring = FileRing("/sim/ring", capacity_bytes=3 * 4096)
    log(ring, 0, 1500)
    left = len(found(ring))
    ring = FileRing("/sim/ring", capacity_bytes=10 * 4096)
    log(ring, 1500, 2000)
    assert len(found(ring)) == left + 2000 == ring.pending
    assert FileRing("/sim/ring").medium.slots == 10, "a capacity that is not named stays"


def test_a_smaller_capacity_drops_the_oldest_counted():
    mounted()
    log(FileRing("/sim/ring", capacity_bytes=10 * 4096), 0, 3500)
    ring = FileRing("/sim/ring", capacity_bytes=3 * 4096)
    left = found(ring)
    assert left == list(range(3500 - len(left), 3500)) and 900 < len(left) < 1500
    assert ring.pending == len(left) and ring.get(DROPPED) == 3500 - len(left)
    assert len([name for name in os.listdir("/sim/ring") if len(name) == 8]) <= 3
    log(ring, 3500, 500)
    again = FileRing("/sim/ring")
    assert again.medium.slots == 3 and again.pending == len(found(again)) and again.get(DROPPED) + again.pending == 4000


def test_a_smaller_capacity_of_a_ring_that_may_not_overwrite_counts_once_what_is_pending_fits_it():
    mounted()
    log(FileRing("/sim/ring", capacity_bytes=6 * 4096, overwrite=False), 0, 2200)
    for at in (2200, 2210):  # what it was filled with counts, and no more
        log(FileRing("/sim/ring", capacity_bytes=3 * 4096, overwrite=False), at, 10)
        ring = FileRing("/sim/ring", capacity_bytes=3 * 4096, overwrite=False)
        assert found(ring) == list(range(at + 10)) and ring.pending == at + 10 and not ring.get(DROPPED)
        assert ring.medium.slots == 6
    assert "overwrite=False" in raises(RingFull, log, ring, 2220, 1000)
    position = ring.oldest + 4, 0, sector.number_at(ring, ring.oldest + 4)
    ring.add(UPLOADED, position[2])
    ring.save_value(CURSOR, position)
    ring = FileRing("/sim/ring", capacity_bytes=3 * 4096, overwrite=False)
    assert ring.pending == len(found(ring)) and not ring.get(DROPPED) and ring.medium.slots == 3


def test_the_default_capacity_is_half_of_what_is_free_and_remembered():
    mounted(blocks=30)
    first = FileRing("/sim/ring").medium.slots
    assert 10 <= first <= 13, first
    with open("/sim/junk", "wb") as f:
        f.write(bytes(40000))
    assert FileRing("/sim/ring").medium.slots == first
    umount("/sim")
    mount(NorFlash(300), "/sim", "esp32")
    assert FileRing("/sim/ring").medium.slots == 64


def test_an_argument_that_cannot_be_is_refused_before_anything_is_made():
    mounted()
    raises(ValueError, FileRing, "")
    for path in (None, 5):
        raises(TypeError, FileRing, path)
    for capacity in (0, -1, 12287):
        assert "at least 12288" in raises(ValueError, FileRing, "/sim/ring", capacity_bytes=capacity)
    for wrong in ({"commit_every": 0}, {"tails": 0}, {"tail_bytes": 12}):
        raises(ValueError, FileRing, "/sim/ring", **wrong)
    for wrong in ({"capacity_bytes": 20000.0}, {"commit_every": None}):
        raises(TypeError, FileRing, "/sim/ring", **wrong)
    raises(OSError, os.stat, "/sim/ring")
    FileRing("/sim")  # the root of a filesystem will do


def test_a_ring_says_where_it_is_and_what_it_holds():
    mounted()
    ring = FileRing("/sim/ring", capacity_bytes=65536)
    log(ring, 0, 3)
    assert repr(ring) == "<FileRing in /sim/ring: 3 pending, 64 KiB>"
    assert repr(BlockRing(NorFlash(8))) == "<BlockRing in 8 blocks of 4096 bytes: 0 pending, 32 KiB>"


def test_two_clients_cannot_have_parts_of_one_device_open_that_overlap():
    device = NorFlash(16)
    first = Client("token", ring=BlockRing(device, start=4, blocks=4), clock=FakeClock())
    beside = Client("token", ring=BlockRing(device, start=8, blocks=4), clock=FakeClock())
    for start, blocks in ((4, 4), (5, 3)):
        ring = BlockRing(NorFlash(16), start=start, blocks=blocks)
        ring.key = (first.ring.key[0],) + ring.key[1:]
        assert "close()" in raises(Error, Client, "token", ring=ring, clock=FakeClock())
    first.close()
    beside.close()
    Client("token", ring=BlockRing(device, start=4, blocks=4), clock=FakeClock()).close()


def test_two_clients_cannot_have_one_ring_open():
    mounted()
    os.mkdir("/sim/other")
    first = Client("token", ring=FileRing("/sim/ring"), clock=FakeClock())
    text = raises(Error, Client, "token", ring=FileRing("/sim/ring/"), clock=FakeClock())
    assert "/sim/ring" in text and "close()" in text
    for path in ("/sim/./ring", "/sim//ring", "/sim/other/../ring", "/sim/ring/."):
        raises(Error, Client, "token", ring=FileRing(path), clock=FakeClock())
    other = Client("token", ring=FileRing("/sim/other"), clock=FakeClock())
    first.close()
    Client("token", ring=FileRing("/sim/ring"), clock=FakeClock()).close()
    other.close()


def test_a_folder_that_cannot_be_looked_at_after_it_was_made_says_why():
    class NoStat:
        def mount(self, readonly, mkfs):
            pass

        def umount(self):
            pass

        def mkdir(self, path):
            pass

        def open(self, path, mode):
            raise OSError(2)

        def stat(self, path):
            raise OSError(5)

    umount("/sim")
    os.mount(NoStat(), "/sim")
    try:
        assert "failed" in raises(OSError, FileRing, "/sim/ring")
    finally:
        os.umount("/sim")


def test_ctrl_c_while_a_sector_is_begun_leaves_the_one_before_to_go_on_in():
    def break_off():
        raise KeyboardInterrupt

    umount("/sim")
    mount(NorFlash(24), "/sim", "esp32")
    ring = FileRing("/sim/ring", capacity_bytes=32768)
    log(ring, 0, 10)
    medium, ring.medium._has_spare = ring.medium, False
    medium._spare_bytes = break_off
    raises(KeyboardInterrupt, ring.turn, data=False)
    log(ring, 10, 20)
    assert found(FileRing("/sim/ring")) == list(range(30)) == found(ring)


def test_ctrl_c_behind_a_sectors_header_loses_no_reading_that_follows():
    mounted()
    ring = FileRing("/sim/ring")
    log(ring, 0, 10)
    write = ring.medium._write_tail

    def break_off(*args):
        write(*args)
        raise KeyboardInterrupt

    ring.medium._write_tail = break_off
    raises(KeyboardInterrupt, ring.turn, data=False)
    ring.medium._write_tail = write
    log(ring, 10, 3)
    assert found(FileRing("/sim/ring")) == list(range(13)) == found(ring)


class LooksForCtrlC(NorFlash):
    """As a Pico's flash does behind each program: Ctrl-C leaves littlefs in the midst of what it did, at the program
    that `left` counts down to."""

    left = 0

    def writeblocks(self, *where):
        super().writeblocks(*where)
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt

    @staticmethod
    def _check_bits(*_):
        """littlefs programs over what it had begun, and sees by the check that this will not do."""


def test_wherever_ctrl_c_breaks_into_littlefs_nothing_is_lost_or_there_twice():
    for board, page, before in (("rp2", 256, 29), ("esp32", 1, 120)):  # in tails, and where they go to the file
        for programs in range(1, 33):
            umount("/sim")
            device = LooksForCtrlC(24, page_size=page)
            mount(device, "/sim", board)
            ring = FileRing("/sim/ring", capacity_bytes=16384)
            log(ring, 0, before)
            device.left, count = programs, before
            try:
                while True:
                    log(ring, count, 1)
                    count += 1
            except KeyboardInterrupt:
                pass
            gc.collect()  # which closes what was left open
            log(ring, 400, 60)
            gc.collect()
            for one in (ring, FileRing("/sim/ring")):
                numbers = found(one)
                invariants.check(one, len(numbers))
                assert numbers in [list(range(end)) + list(range(400, 460)) for end in (count, count + 1)], numbers


def test_wherever_ctrl_c_breaks_into_littlefs_at_the_first_opening_the_next_is_as_good():
    if sys.implementation[1][:2] <= (1, 22):
        return  # its collector closes what open() never opened, and a device in Python cannot be read by it
    for board, page in (("rp2", 256), ("esp32", 1)):
        programs, is_open = 0, False
        while not is_open:
            programs += 1
            umount("/sim")
            device = LooksForCtrlC(24, page_size=page)
            mount(device, "/sim", board)
            device.left = programs
            try:
                FileRing("/sim/ring", capacity_bytes=16384)
                is_open = True
            except KeyboardInterrupt:
                pass
            device.left = 0
            gc.collect()
            log(FileRing("/sim/ring", capacity_bytes=16384), 0, 300)
            assert found(FileRing("/sim/ring")) == list(range(300)), (board, programs)
            assert os.stat("/sim/ring/log/spare")[6] == 8000, (board, programs)
        assert programs > 12, programs


def test_a_sectors_file_that_ctrl_c_kept_from_being_removed_goes_with_the_next_one():
    mounted()
    ring = FileRing("/sim/ring", capacity_bytes=16384)
    drop, count = ring.medium.drop, 0

    def break_off(_):
        raise KeyboardInterrupt

    ring.medium.drop = break_off
    try:
        while True:
            log(ring, count, 1)
            count += 1
    except KeyboardInterrupt:
        ring.medium.drop = drop
    first = ring.get(DROPPED)
    while ring.get(DROPPED) == first:
        log(ring, 2000 + count, 1)
        count += 1
    names = sorted(os.listdir("/sim/ring/log"))
    assert names[-2:] == ["%08x" % (0x3FFFFFFF - ring.oldest), "spare"], (names, ring.oldest)


def test_a_sectors_file_that_cannot_be_removed_stays_and_costs_no_reading():
    class Stuck:
        listdir, stat, mkdir, statvfs, ilistdir = os.listdir, os.stat, os.mkdir, os.statvfs, os.ilistdir

        def remove(self, name):
            raise OSError(5)

    mounted()
    ring, count = FileRing("/sim/ring", capacity_bytes=16384), 0
    littlefs.os = Stuck()
    try:
        for _ in range(3):
            while ring.newest < 6 or ring.number < count + 300:
                log(ring, ring.number, 1)
            ring, count = FileRing("/sim/ring"), ring.number
            there = found(ring)
            assert there == list(range(ring.get(DROPPED), count)) and ring.pending == len(there)
    finally:
        littlefs.os = os


def test_a_reading_that_finds_no_memory_once_its_file_is_open_costs_none_of_those_before():
    def last(name, mode="r"):
        file = plain(name, mode)
        if "r+" in mode or "w" in mode:
            micropython.heap_lock()
            locks[0] += 1
        return file

    plain, left, locks = builtins.open, 0, [0]
    for before in range(3, 90, 4):
        ring = FileRing("ring")
        log(ring, 0, before)
        builtins.open = last
        try:
            log(ring, before, 1)
        except MemoryError:
            pass
        while locks[0]:
            micropython.heap_unlock()
            locks[0] -= 1
        builtins.open = plain
        ring = FileRing("ring")  # as after a reset
        values = found(ring)
        assert values[:before] == list(range(before)) and values[before:] in ([], [before]), (before, values)
        left += len(values) - before
        ring.clear()
    assert left, "nothing was written"


def test_memory_that_is_short_once_a_sectors_file_is_written_costs_no_reading_that_follows():
    def short(*args):
        left[0] -= 1
        if not left[0]:
            raise MemoryError
        return bytearray(*args)

    left, at, reached = [0], 0, True
    while reached:
        at += 1
        ring = FileRing("short%d" % at)
        log(ring, 0, 440)  # nearly a sector
        littlefs.bytearray, left[0] = short, at
        try:
            ring.log(0, NOW_MS, b"\x02", ["x" * 900])  # which no longer takes this one
            ring.clear()
        except MemoryError:
            pass
        reached, left[0] = left[0] <= 0, 0
        del littlefs.bytearray
        log(ring, 440, 10)
        for one in (ring, FileRing("short%d" % at)):
            invariants.check(one, len(found(one)))
            assert found(one)[-10:] == list(range(440, 450)), (at, found(one))
    assert at > 4
