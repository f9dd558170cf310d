"""BlockRing on every kind of driver: what it refuses and skips, and other sizes and formats."""

import struct
from binascii import crc32

from blynk_batch import BlockRing, Client
from blynk_batch.errors import Error, WrongDevice
from blynk_batch.ring.room import prepare
from blynk_batch.ring.state import DROPPED
from flash import Cached, NorFlash, SdCard
from stand_ins import FakeClock, FakeServer
from ring_checks import keeps_readings, found, log, raises, refused

HEAP = "8m"


class Fram512(NorFlash):
    """An EEPROM or FRAM driver: 512-byte blocks, bytes at any offset, no erase."""

    def __init__(self):
        super().__init__(64, block_size=512, overwritable=True, image=bytes(64 * 512))


class ErasesWhenWritten(NorFlash):
    """A driver that erases only where a whole block is written; its ioctl(6) says that it cannot."""

    def __init__(self):
        super().__init__(8, ioctl_erases=False)

    def ioctl(self, operation, argument):
        return -22 if operation == 6 else super().ioctl(operation, argument)


def test_every_kind_of_driver_keeps_the_readings():
    keeps_readings(NorFlash(8))
    keeps_readings(NorFlash(8, page_size=256), page_size=256)
    keeps_readings(NorFlash(8, page_size=256))  # found out when the first program is refused
    keeps_readings(NorFlash(8, unit=16), unit=16)
    keeps_readings(Fram512())
    keeps_readings(ErasesWhenWritten())
    keeps_readings(NorFlash(4, block_size=65536))
    keeps_readings(SdCard(66))
    keeps_readings(Cached(NorFlash(8)), whole_blocks=True, page_size=4096)


class SmallBlocks(SdCard):
    """An EEPROM whose driver writes its pages of 16 bytes whole."""

    def __init__(self):
        super().__init__(100)
        self.block_size = 16
        self.blocks *= 32


def test_blocks_and_units_of_odd_sizes_keep_the_readings():
    for size in (264, 528, 1056, 4224):  # DataFlash, NAND
        keeps_readings(NorFlash(160000 // size, block_size=size))
    keeps_readings(SmallBlocks())
    keeps_readings(NorFlash(160, unit=128), unit=128)


def test_a_full_ring_drops_its_oldest_sector_counted_on_every_kind():
    for device, options in (
        (NorFlash(4), {}),
        (Fram512(), {"blocks": 32}),
        (ErasesWhenWritten(), {"blocks": 4}),
        (SdCard(34), {}),
        (NorFlash(4, page_size=256), {"page_size": 256}),
    ):
        ring = BlockRing(device, **options)
        log(ring, 0, 3000)
        left = found(ring)
        assert left == list(range(3000 - len(left), 3000)) and len(left) > 1000
        assert ring.get(DROPPED) == 3000 - len(left) and ring.pending == len(left)
        again = BlockRing(device, **options)
        assert found(again) == left and again.pending == len(left)


def test_a_part_of_a_device_is_used_and_the_rest_left_alone():
    device = NorFlash(12)
    device.writeblocks(1, b"mine", 4000)
    device.writeblocks(8, b"mine", 0)
    before = device.image()
    ring = BlockRing(device, start=2, blocks=6)
    log(ring, 0, 4000)
    after = device.image()
    assert before[: 2 * 4096] == after[: 2 * 4096] and before[8 * 4096 :] == after[8 * 4096 :]
    assert ring.key != BlockRing(NorFlash(12), start=2, blocks=6).key
    for start, blocks in ((-1, None), (12, None), (0, 13), (4, 9), (0, 2)):
        raises(ValueError, BlockRing, device, start=start, blocks=blocks)
    assert "unit=8192" in raises(ValueError, BlockRing, device, unit=8192)
    assert "blocks=2" in raises(ValueError, BlockRing, device, blocks=2)


def test_a_device_that_holds_something_else_is_refused_and_left_untouched():
    device = NorFlash(8)
    device.writeblocks(0, b"\x01\x00\x00\x00\xf0\x0f\xff\xf7littlefs", 0)
    refused(device, "littlefs", "format=True")
    device = NorFlash(8)
    device.writeblocks(5, b"something", 0)
    refused(device, "something else")
    card = SdCard(66)
    card.writeblocks(0, b"\xeb\x58\x90MSDOS" + bytes(504))
    refused(card, "something else")


def with_version(device, version):
    for slot in range(device.blocks):
        head = bytearray(20)
        device.readblocks(slot, head, 0)
        if head[:3] == b"BBr":
            head[3] = version
            device.data[slot * 4096 : slot * 4096 + 24] = bytes(head) + struct.pack("<I", crc32(head))
    return device


def test_a_newer_format_is_refused_and_left_untouched():
    device = NorFlash(8)
    log(BlockRing(device), 0, 1000)
    refused(with_version(device, 7), "newer", "format 7", "update")


def test_an_older_format_is_refused_with_words_and_left_untouched():
    for version in (0, 1):
        device = NorFlash(8)
        log(BlockRing(device), 0, 1000)
        with_version(device, version)
        before = device.image()
        text = raises(WrongDevice, BlockRing, device)
        assert "format %d" % version in text and "read it with the version that wrote it" in text
        assert device.image() == before
        ring = BlockRing(device, format=True)
        log(ring, 0, 3)
        assert found(BlockRing(device)) == [0, 1, 2]


def test_the_first_header_torn_at_any_byte_is_no_other_owner():
    base = NorFlash(4)
    whole = base.revive()
    whole.journal = []
    BlockRing(whole)
    assert [change[0] for change in whole.journal] == ["program"] * 4, "a blank device needs no erase"
    for operation, change in enumerate(whole.journal):
        for mode in ("prefix", "random", "late"):
            for byte in range(len(change[2])):
                device = base.revive()
                device.cut_at(operation, byte, mode, byte)
                raises(OSError, BlockRing, device)
                device = device.revive()
                log(BlockRing(device), 0, 3)
                assert found(BlockRing(device)) == [0, 1, 2]


def test_a_second_cut_while_a_torn_first_header_is_dealt_with_changes_nothing():
    for options in ({}, {"page_size": 256}, {"unit": 16}):
        base = NorFlash(4, **options)
        for mode in ("prefix", "random", "late"):
            for byte in range(0, 31, 7):
                device = base.revive()
                for cut in range(3):
                    device.cut_at(0, (byte + 11 * cut) % 31, mode, byte + cut)
                    try:
                        BlockRing(device, **options)
                    except OSError:  # unless the header was whole already
                        assert device.dead
                    device = device.revive()
                ring = BlockRing(device, **options)
                log(ring, 0, 3)
                assert found(BlockRing(device, **options)) == [0, 1, 2], (options, mode, byte)
                if byte != 14:
                    continue
                log(ring, 3, 2000)  # where the torn headers stand serves again
                again = BlockRing(device, **options)
                left = found(again)
                assert left == list(range(2003 - len(left), 2003)) and again.pending == len(left) > 400
                assert again.get(DROPPED) == 2003 - len(left)


def test_where_no_block_can_be_written_for_a_while_the_newest_sector_stays_and_the_next_one_that_can_goes_on():
    for unit in (1, 16):
        for blocks in (3, 5):
            device = NorFlash(blocks, unit=unit)
            ring = BlockRing(device, unit=unit)
            log(ring, 0, 10)
            device.bad = {block: "program" for block in range(blocks)}
            for _ in range(8):
                raises(OSError, log, ring, 10, 1)
                assert found(ring) == list(range(10)) and ring.pending == 10, (unit, blocks, ring)
            device.bad = {}
            log(ring, 10, 20)
            for opened in (ring, BlockRing(device.revive(), unit=unit)):
                assert found(opened) == list(range(30)) and opened.pending == 30, (unit, blocks, opened)


def test_erasing_ahead_takes_the_erase_out_of_log():
    device = NorFlash(8)
    ring = BlockRing(device)
    log(ring, 0, 100)
    erases = device.erases
    prepare(ring)
    assert device.erases == erases + 1
    prepare(ring)
    assert device.erases == erases + 1
    at = 100
    while ring.newest == 0:
        log(ring, at, 1)
        at += 1
    assert device.erases == erases + 1
    assert found(BlockRing(device)) == list(range(at))
    short = BlockRing(device)
    log(short, at, 1)
    prepare(short)  # a run of a few readings would erase in vain, again and again
    assert device.erases == erases + 1


def test_a_larger_part_is_used_once_the_ring_is_empty():
    device = NorFlash(16)
    ring = BlockRing(device, blocks=4)
    log(ring, 0, 1000)
    ring = BlockRing(device, blocks=12)
    assert ring.medium.slots == 4 and found(ring) == list(range(1000))
    ring.clear()
    ring = BlockRing(device, blocks=12)
    assert ring.medium.slots == 12 and ring.pending == 0 and ring.get(DROPPED) == 1000
    log(ring, 0, 4000)
    assert found(BlockRing(device, blocks=12)) == list(range(4000))


def test_a_smaller_part_is_refused_until_the_ring_is_empty():
    for device, blocks in ((NorFlash(16), (12, 4)), (SdCard(130), (130, 34))):
        ring = BlockRing(device, blocks=blocks[0])
        log(ring, 0, 3000)
        text = raises(Error, BlockRing, device, blocks=blocks[1], format=True)
        assert "3000" in text
        ring = BlockRing(device, blocks=blocks[0])
        assert found(ring) == list(range(3000))
        ring.clear()
        ring = BlockRing(device, blocks=blocks[1])
        log(ring, 0, 500)
        assert found(BlockRing(device, blocks=blocks[1])) == list(range(500))


def test_an_upload_erases_ahead_at_its_end():
    device = NorFlash(8)
    client = Client("token", ring=BlockRing(device), clock=FakeClock(), transport=FakeServer())
    for number in range(200):
        client.log(1, number)
    before = device.erases
    result = client.upload()
    assert result.error is None and client.pending == 0 and device.erases == before + 1
    at = client.ring.newest
    while client.ring.newest == at:
        client.log(1, 5)
    assert device.erases == before + 1, "the turn had nothing to erase"
    client.prepare()
    assert device.erases == before + 2
