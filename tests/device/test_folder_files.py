"""What lies in a FileRing's folder: files of others, rings of other formats, sectors without a header."""

import os
import struct
from binascii import crc32

from blynk_batch import FileRing
from blynk_batch.errors import CorruptRing, RingFull, WrongDevice
from blynk_batch.ring.state import DROPPED
from ring_checks import found, log, raises
from test_folder import contents, mounted
from test_full_disk import fill_disk

HEAP = "8m"
WASM = False
FOREIGN = {
    "notes.txt": b"mine",
    "20260131": b"a name that reads as a number",
    "deadbeef": b"and another",
    "00000001": b"a name as the ring's, beside them",
    "ring0": b"not a ring's",
    "ring7": b"my own notes " * 945 + b"end",
    "spare": b"mine as well",
    "tail": b"of a snake",
    "3": b"in the place of a tail",
    "log/3ffffffc": b"a name that the ring comes to",
    "log/0000beef": b"and one that it does not",
    "log/spare": b"\xff" * 64 + b"in the place of two blocks of nothing",
    "0000002A": b"capitals",
    "tail.bak": b"",
}


def put_foreign(folder):
    for name in FOREIGN:
        with open(folder + "/" + name, "wb") as f:
            f.write(FOREIGN[name])


def test_files_of_others_in_the_folder_are_left_alone():
    for board in ("esp32", "rp2"):
        for first in (0, 30):
            mounted(board)
            ring = FileRing("/sim/ring", capacity_bytes=16384)
            log(ring, 0, first)
            put_foreign("/sim/ring")
            os.mkdir("/sim/ring/log/3ffffffb")
            if not first:
                os.remove("/sim/ring/0")
            at = first
            for _ in range(3):
                ring = FileRing("/sim/ring", capacity_bytes=16384)
                log(ring, at, 600)
                at += 600
                again = FileRing("/sim/ring")
                left = found(again)
                assert left == list(range(at - len(left), at)) and len(left) > 400
                assert again.pending == len(left) and again.get(DROPPED) == at - len(left)
            kept = contents("/sim/ring")
            for name in FOREIGN:
                assert kept["/sim/ring/" + name] == FOREIGN[name], name
            assert os.listdir("/sim/ring/log/3ffffffb") == []


def test_a_ring_begins_behind_names_that_are_taken_however_many():
    mounted()
    FileRing("/sim/ring")
    os.remove("/sim/ring/0")
    for sequence in range(9):
        with open("/sim/ring/log/%08x" % (0x3FFFFFFF - sequence), "wb") as f:
            f.write(b"mine")
    for at in (0, 600):
        log(FileRing("/sim/ring", capacity_bytes=12288), at, 600)
    left = found(FileRing("/sim/ring"))
    assert left == list(range(1200 - len(left), 1200)) and len(left) > 600
    assert contents("/sim/ring")["/sim/ring/log/3ffffff7"] == b"mine"


def test_a_file_in_the_place_of_the_first_tail_costs_wear_and_no_reading():
    mounted()
    os.mkdir("/sim/ring")
    with open("/sim/ring/0", "wb") as f:
        f.write(b"mine")
    for at in range(0, 60, 20):
        log(FileRing("/sim/ring"), at, 20)
    assert found(FileRing("/sim/ring")) == list(range(60)) and contents("/sim/ring")["/sim/ring/0"] == b"mine"


def test_what_larger_tails_hold_is_there_whatever_tails_the_next_open_is_given():
    mounted()
    log(FileRing("/sim/ring", tails=2, tail_bytes=4000), 0, 850)
    for tails, tail_bytes in ((2, 60), (None, None), (1, 1400)):
        ring = FileRing("/sim/ring", tails=tails, tail_bytes=tail_bytes)
        assert found(ring) == list(range(850)) and ring.number == 850, (tails, tail_bytes, ring.number)
    log(FileRing("/sim/ring", tails=2, tail_bytes=60), 850, 20)
    assert found(FileRing("/sim/ring")) == list(range(870))


def test_tails_longer_than_a_sector_take_no_more_memory_to_open():
    mounted()
    for number in range(3):
        log(FileRing("/sim/ring", tails=1, tail_bytes=999999999), 300 * number, 300)
    assert found(FileRing("/sim/ring")) == list(range(900))


def test_a_folder_in_the_place_of_a_tail_or_a_spare_costs_wear_and_no_reading():
    for name in ("0", "2", "log", "log/spare"):
        mounted()
        os.mkdir("/sim/ring")
        if "/" in name:
            os.mkdir("/sim/ring/log")
        os.mkdir("/sim/ring/" + name)
        for at in range(0, 60, 20):
            log(FileRing("/sim/ring"), at, 20)
        log(FileRing("/sim/ring"), 60, 1000)
        left = found(FileRing("/sim/ring"))
        assert left == list(range(1060)), name
        assert name == "log" or os.listdir("/sim/ring/" + name) == []


def test_a_file_in_the_place_of_the_sectors_folder_is_refused_with_words():
    mounted()
    os.mkdir("/sim/ring")
    with open("/sim/ring/log", "wb") as f:
        f.write(b"mine")
    assert "file `log`" in raises(OSError, FileRing, "/sim/ring")
    assert contents("/sim/ring") == {"/sim/ring/log": b"mine"}


def test_a_foreign_file_is_not_given_up_on_a_full_disk():
    device = mounted(blocks=24)
    os.mkdir("/sim/ring")
    os.mkdir("/sim/ring/log")
    for name in ("spare", "log/spare"):
        with open("/sim/ring/" + name, "wb") as f:
            f.write(b"m" * 9000)
    ring = FileRing("/sim/ring", capacity_bytes=32768)
    log(ring, 0, 1500)  # sectors that can go in its place
    fill_disk()
    log(ring, 1500, 900)
    kept = contents("/sim/ring")
    assert kept["/sim/ring/spare"] == kept["/sim/ring/log/spare"] == b"m" * 9000
    left = found(FileRing("/sim/ring"))
    assert left == list(range(2400 - len(left), 2400)) and device.erases


def with_version(version):
    """The ring's headers as another version wrote them, in files and tails."""
    for name, data in contents("/sim/ring").items():
        at = 0 if "/log/" in name else 12
        if data[at : at + 3] == b"BBr":
            head = data[at : at + 3] + bytes([version]) + data[at + 4 : at + 20]
            data = data[:at] + head + struct.pack("<I", crc32(head)) + data[at + 24 :]
            if at:
                data = data[:8] + struct.pack("<I", crc32(data[12:], crc32(data[:8]))) + data[12:]
            with open(name, "wb") as f:
                f.write(data)


def refusal(version, count):
    """The words for a ring of so many readings that is of another format, and is left untouched."""
    mounted()
    log(FileRing("/sim/ring"), 0, count)
    with_version(version)
    before = contents("/sim/ring")
    text = raises(WrongDevice, FileRing, "/sim/ring")
    assert contents("/sim/ring") == before
    return text


def test_an_older_format_is_refused_with_words_and_left_untouched():
    for count in (3, 1000):
        text = refusal(1, count)
        assert "format 1" in text and "another folder" in text


def test_an_older_format_where_it_had_its_files_is_refused_and_left_untouched():
    for count, name in ((1000, "00000000"), (3, "tail/0")):
        mounted()
        log(FileRing("/sim/ring"), 0, count)
        with_version(1)
        os.mkdir("/sim/old")
        os.mkdir("/sim/old/tail")
        with open("/sim/ring/" + ("log/3fffffff" if count > 3 else "0"), "rb") as f:
            data = f.read()
        with open("/sim/old/" + name, "wb") as f:
            f.write(data)
        before = contents("/sim/old")
        assert "format 1" in raises(WrongDevice, FileRing, "/sim/old")
        assert contents("/sim/old") == before


def test_a_newer_format_is_refused_and_left_untouched():
    for count in (3, 1000):
        text = refusal(7, count)
        assert "format 7" in text and "update" in text


def test_a_ring_without_any_readable_header_is_refused_with_words():
    for capacity_bytes in (3 * 4096, 64 * 1024):  # one that has wrapped, a young one
        mounted()
        log(FileRing("/sim/ring", capacity_bytes=capacity_bytes), 0, 2500)
        for name in contents("/sim/ring"):
            with open(name, "r+b") as f:
                data = f.read()
                f.seek(12)
                f.write(bytes([data[12] ^ 1]) if len(data) > 12 else b"")
        before = contents("/sim/ring")
        assert "remove" in raises(CorruptRing, FileRing, "/sim/ring")
        assert contents("/sim/ring") == before


def test_a_newest_sector_without_a_header_takes_no_more_readings():
    for size in (0, 10, 1000):  # bytes of its file that are left, the header's spoilt
        mounted()
        ring = FileRing("/sim/ring", capacity_bytes=8 * 4096)
        at = 0
        while ring.newest < 2:
            log(ring, at, 1)
            at += 1
        log(ring, at, 150)
        name = min([name for name in contents("/sim/ring") if "/log/3" in name])
        ring.close()
        with open(name, "rb") as f:
            data = f.read()
        with open(name, "wb") as f:
            f.write(bytes(24) + data[24:size] if size > 24 else bytes(size))
        ring = FileRing("/sim/ring", capacity_bytes=8 * 4096)
        assert found(ring) == list(range(at - 1)), size
        log(ring, 2000, 3)
        left = found(FileRing("/sim/ring", capacity_bytes=8 * 4096))
        assert left == list(range(at - 1)) + [2000, 2001, 2002], size


def test_one_whose_headers_state_is_damaged_is_not_gone_on_in_when_the_others_go():
    """It alone could not be opened: the sectors before have what its header said."""
    mounted()
    ring = FileRing("/sim/ring", capacity_bytes=3 * 4096, overwrite=False)
    raises(RingFull, log, ring, 0, 2000)
    ring.turn(data=False)  # to the sector that is kept for acks
    ring.medium.seal(ring.newest, ring.offset)  # from its tail to its file
    ring.close()
    with open(min([name for name in contents("/sim/ring") if "/log/3" in name]), "r+b") as f:
        f.seek(32)
        f.write(b"\x77")
    ring = FileRing("/sim/ring", overwrite=False)
    count = ring.number
    ring.clear()
    log(ring, 3000, 30)
    again = FileRing("/sim/ring", overwrite=False)
    assert found(again) == list(range(3000, 3030)) and again.get(DROPPED) == count


def test_newest_sectors_whose_headers_are_damaged_cost_what_is_in_them_and_nothing_else():
    for count in (1, 2):
        mounted()
        ring = FileRing("/sim/ring", capacity_bytes=8 * 4096)
        at, firsts = 0, []
        while ring.newest < 3:
            log(ring, at, 1)
            while len(firsts) <= ring.newest:
                firsts.append(at)
            at += 1
        log(ring, at, 150)
        ring.close()
        for sequence in range(4 - count, 4):
            with open("/sim/ring/log/%08x" % (0x3FFFFFFF - sequence), "r+b") as f:
                f.seek(12)
                f.write(b"\x77")
        with open("/sim/ring/log/3ffff000", "wb") as f:
            f.write(b"BBr of somebody else")
        good = list(range(firsts[4 - count]))
        ring = FileRing("/sim/ring")
        assert found(ring) == good, count
        log(ring, 5000, 600)
        ring = FileRing("/sim/ring")
        assert found(ring) == good + list(range(5000, 5600)) and ring.pending == len(good) + 600, count
        log(ring, 5600, 4000)
        again = FileRing("/sim/ring")
        left = found(again)
        assert left == list(range(9600 - len(left), 9600)) and again.pending == len(left) > 3000, count
