"""BlockRing on every kind of driver: what it refuses and skips, and other sizes and formats."""

import struct
from binascii import crc32

from blynk_batch import BlockRing, Client
from blynk_batch.clock import anchors as clock_anchors
from blynk_batch.errors import Error, WrongDevice
from blynk_batch.ring import sector
from blynk_batch.ring.room import prepare
from blynk_batch.ring.parsing import to_value
from blynk_batch.ring.state import ANCHOR, BAD_BLOCKS, DROPPED, WORDS
from flash import Cached, NorFlash, SdCard
from stand_ins import NOW_MS, FakeClock, FakeServer

HEAP = "8m"
START_MS = 1648054765458


def log(ring, first, count):
    for number in range(first, first + count):
        ring.log(0, START_MS + number * 10000, b"\x01", [number])


def found(ring):
    numbers = []
    reader = ring.reader()
    while reader.next():
        if reader.kind == 1:
            (value,) = [to_value(text) for text in reader.values()]
            assert reader.chain.time == START_MS + value * 10000
            numbers.append(value)
    return numbers


def raises(kind, action, *args, **options):
    try:
        action(*args, **options)
    except kind as error:
        return str(error)
    raise AssertionError("no " + kind.__name__)


def keeps_readings(device, **options):
    """Three sectors' worth of readings, over several openings."""
    at = 0
    for count in (1, 700, 1, 500):
        ring = BlockRing(device, **options)
        log(ring, at, count)
        at += count
        ring.close()
    ring = BlockRing(device, **options)
    assert found(ring) == list(range(at)) and ring.pending == at
    return ring


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


def refused(device, *words):
    before = device.image()
    text = raises(WrongDevice, BlockRing, device)
    assert device.image() == before, "changed"
    for word in words:
        assert word in text, text
    ring = BlockRing(device, format=True)
    log(ring, 0, 10)
    assert found(BlockRing(device)) == list(range(10))
    log(BlockRing(device, format=True), 10, 1)  # a ring that is there stays
    assert found(BlockRing(device)) == list(range(11))


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


def test_blocks_that_fail_to_erase_or_program_or_read_back_wrong_lose_nothing():
    for flaw in ("erase", "program", "wrong"):
        for block in (0, 1, 4):
            device = NorFlash(8, bad={block: flaw})
            ring = BlockRing(device)
            log(ring, 0, 1500)
            assert found(ring) == list(range(1500)), (flaw, block)
            again = BlockRing(device.revive())
            assert found(again) == list(range(1500)) and again.pending == 1500, (flaw, block)
            log(again, 1500, 3000)
            assert again.get(BAD_BLOCKS) >= 1, (flaw, block)
            last = found(again)
            assert last == list(range(4500 - len(last), 4500)) and again.pending == len(last)


def test_a_block_that_fails_in_the_middle_moves_the_readings_under_way_to_the_next():
    for commit_every, pins in ((1, b"\x01"), (7, b"\x01"), (3, bytes(range(20)))):
        device = NorFlash(8)
        ring = BlockRing(device, commit_every=commit_every)
        number = 0
        for step in range(60):
            if step == 30:
                device.bad[ring.newest] = "wrong"
            ring.log(3, 1000 + number * 777, pins, [number] * len(pins))
            number += 1
        ring.commit()
        assert ring.get(BAD_BLOCKS) == 1
        for opened in (ring, BlockRing(device.revive())):
            reader = opened.reader()
            seen = []
            while reader.next():
                if reader.kind == 1:
                    values = [to_value(text) for text in reader.values()]
                    chain = reader.chain
                    assert (chain.boot, chain.pins, values) == (3, pins, values[:1] * len(pins))
                    assert chain.time == 1000 + values[0] * 777
                    seen.append(values[0])
            assert seen == list(range(60)), seen


def test_a_block_that_fails_moves_readings_state_and_anchors_that_are_written_together():
    sector.draw_salt = lambda: 7  # a byte that the bad block leaves as it was is no fault
    for flaw in ("program", "wrong"):
        for last in (
            lambda ring: ring.save_value(60, (7,)),
            lambda ring: clock_anchors.write(ring, 3, NOW_MS),
        ):
            device = NorFlash(8)
            ring = BlockRing(device, commit_every=9)
            log(ring, 0, 91)  # one of them waits
            device.bad[ring.newest] = flaw
            log(ring, 91, 1)
            last(ring)
            log(ring, 92, 1)
            ring.commit()
            again = BlockRing(device.revive())
            assert found(ring) == found(again) == list(range(93)), flaw
            assert again.get(60) == ring.get(60) and ring.get(BAD_BLOCKS) == 1
            assert again.state.get(ANCHOR) == (None if ring.get(60) else (3, NOW_MS))


def test_a_newest_sector_that_cannot_be_read_for_a_moment_is_found():
    class Loose(NorFlash):
        left = -1

        def readblocks(self, block, buf, offset=0):
            self.left -= 1
            if -4 < self.left < 0:  # as often as a read is tried
                raise OSError(5)
            super().readblocks(block, buf, offset)

    device = NorFlash(8)
    log(BlockRing(device), 0, 1700)
    read = 0
    while read >= 0:
        again = Loose(8, image=device.data)
        again.left = read
        try:
            assert BlockRing(again).newest == 3, read
        except OSError:
            pass
        read = -1 if again.left >= 0 else read + 1


class FailsOnce(NorFlash):
    """One program, so many from now, is refused."""

    left = -1

    def _change(self, operation, address, new):
        self.left -= operation == "program"
        if operation == "program" and self.left == -1:
            raise OSError(5)
        super()._change(operation, address, new)


def test_readings_that_wait_are_there_once_where_only_the_last_of_their_write_once_units_failed():
    for programs in (1, 2, 3):
        device = FailsOnce(8, unit=16)
        ring = BlockRing(device, unit=16, commit_every=20)
        log(ring, 0, 39)
        device.left = programs
        log(ring, 39, 11)
        ring.commit()
        assert device.left < 0 and ring.get(BAD_BLOCKS) == 1
        again = BlockRing(device.revive(), unit=16)
        assert found(ring) == found(again) == list(range(50)), programs
        assert again.pending == 50


def test_two_bad_blocks_in_a_row_fail_one_call_and_the_next_goes_on_behind_them():
    sector.draw_salt = lambda: 7  # a byte that the bad block leaves as it was is no fault
    device = NorFlash(8)
    ring = BlockRing(device)
    log(ring, 0, 100)
    device.bad = {0: "program", 1: "erase", 2: "wrong"}
    raises(OSError, log, ring, 100, 1)
    log(ring, 100, 50)
    assert found(BlockRing(device.revive())) == list(range(150))


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
            for ring in (ring, BlockRing(device.revive(), unit=unit)):
                assert found(ring) == list(range(30)) and ring.pending == 30, (unit, blocks, ring)


def test_a_group_that_is_longer_than_a_frame_is_refused_on_the_largest_blocks_too():
    ring = BlockRing(NorFlash(4, block_size=131072))
    text = "x" * 1000
    ring.log(0, NOW_MS, bytes(range(64)), [text] * 64)
    assert "65,535" in raises(ValueError, ring.log, 0, NOW_MS + 1, bytes(range(66)), [text] * 66)
    log(ring, 0, 5)
    reader = ring.reader()
    counts = []
    while reader.next():
        counts += [len(reader.chain.pins)] if reader.kind == 1 else []
    assert counts == [64] + 5 * [1] and ring.pending == 69


def test_verify_false_does_not_read_back():
    device = NorFlash(8)
    ring = BlockRing(device, verify=False)
    log(ring, 0, 10)
    reads = device.reads
    log(ring, 10, 10)
    assert device.reads == reads


def test_damage_to_the_state_in_a_rings_only_header_costs_no_reading():
    device = NorFlash(8)
    ring = BlockRing(device)
    end = ring.offset
    log(ring, 0, 100)
    for at in range(sector.SALTED_BYTES, end):
        damaged = NorFlash(8, image=device.image())
        damaged.data[at] ^= 0x10
        ring = BlockRing(damaged)
        assert found(ring) == list(range(100)) and ring.pending == 100, at
        log(ring, 100, 5)
        assert found(BlockRing(damaged)) == list(range(105)), at


def test_a_sector_that_a_drop_frame_names_is_gone_though_it_can_be_read():
    device = NorFlash(5)
    ring = BlockRing(device)
    log(ring, 0, 100)
    while ring.newest < 4:
        log(ring, 100, 1)
    oldest = device.image()[4096 : 2 * 4096]
    while ring.newest < 5:
        log(ring, 100, 1)
    device.data[4096 : 2 * 4096] = oldest  # the erase did nothing after all
    again = BlockRing(device)
    assert again.pending == len(found(again)) and (again.oldest, again.newest) == (2, 5)


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


def test_no_frame_crosses_a_page_where_a_torn_one_has_a_mark_in_its_middle():
    places = set()
    for size in range(16):
        device = NorFlash(4)
        ring = BlockRing(device)
        ring.log(0, START_MS, b"\x02", ["x" * size])
        number = 0
        while ring.offset < 426 + size:  # the torn frame takes 64 bytes more
            log(ring, number, 1)
            number += 1
        device.cut_at(0, 3, "random", 1)
        raises(OSError, log, ring, number, 1)
        ring = BlockRing(device.revive())
        places.add(ring.offset)
        log(ring, number, 3)
        reader, last = ring.reader(), 0
        while reader.next():
            (_, first), (_, end) = reader.position, reader.after
            assert first // 512 == (end - 1) // 512 and first >= last, (size, first, end)
            last = end
        assert ring.pending == number + 4, size
    assert max(places) >= 500 and len(places) > 4, places


def test_a_block_that_fails_while_recovery_cleans_it_is_left_and_counted():
    device = NorFlash(8)
    ring = BlockRing(device)
    log(ring, 0, 100)
    device.cut_at(0, 4, "random", 1)
    raises(OSError, log, ring, 100, 1)
    device = device.revive()
    device.bad = {ring.newest: "program"}
    ring = BlockRing(device)
    assert found(ring) == list(range(100)) and ring.get(BAD_BLOCKS) == 1
    log(ring, 100, 500)
    assert found(BlockRing(device.revive())) == list(range(600))


def test_a_long_text_that_a_block_refuses_is_in_the_next_one_and_counts():
    for flaw in ("program", "wrong"):
        device = NorFlash(8)
        client = Client("token", ring=BlockRing(device), clock=FakeClock(), transport=FakeServer())
        client.log(1, 5)
        device.bad = {0: flaw}
        client.log_group({1: "x" * 300, 2: 7})
        client.log(1, 6)
        assert client.ring.newest == 1 and client.pending == 4, (flaw, client)
        left = [(pin, value) for pin, _, value in client.points()]
        assert left == [(1, 5), (1, "x" * 300), (2, 7), (1, 6)], (flaw, left)
        client.close()


def test_a_block_that_fails_at_the_turn_to_it_loses_nothing_whatever_comes_next():
    for flaw in ("erase", "program", "wrong"):
        for next_block in (1, 2):
            device = NorFlash(8)
            ring = BlockRing(device)
            log(ring, 0, 50)
            device.bad = {ring.newest + next_block: flaw}
            at = 50
            while ring.newest < 3:
                log(ring, at, 1)
                at += 1
            assert ring.get(BAD_BLOCKS) == 1 and ring.get(DROPPED) == 0
            again = BlockRing(device.revive())
            assert found(again) == list(range(at)) and again.get(BAD_BLOCKS) == 1


def test_a_power_cut_right_after_a_block_failed_keeps_all_that_was_acknowledged():
    base = NorFlash(8)
    log(BlockRing(base), 0, 200)
    for flaw in ("program", "wrong"):
        operation = 0
        while True:
            device = base.revive()
            device.bad = {0: flaw}
            ring = BlockRing(device)
            device.cut_at(operation, 3, "prefix")
            at = 200
            try:
                for at in range(200, 215):
                    log(ring, at, 1)
            except OSError:
                pass
            again = BlockRing(device.revive())
            numbers = found(again)
            assert numbers in (list(range(at)), list(range(at + 1))), (flaw, operation, numbers[-3:], at)
            assert again.pending == len(numbers)
            if not device.dead:
                break
            operation += 1
        assert operation > 5


def test_what_is_written_over_is_not_written_again_since_a_cut_could_tear_it():
    for size in (0, 1000):
        device = NorFlash(4, overwritable=True)
        log(BlockRing(device), 0, 10 + size)
        for boot in range(10, 14):
            device = device.revive()
            ring = BlockRing(device)
            device.cut_at(0, 0, "random", boot)
            raises(OSError, log, ring, 10 + size, 1)
            device = device.revive()
            assert found(BlockRing(device)) == list(range(10 + size))


def test_write_once_units_that_read_either_way_are_there_for_good_or_never():
    for byte in [number // 2 for number in range(24)]:
        base = NorFlash(4, unit=16)
        log(BlockRing(base, unit=16), 0, 10)
        base.cut_at(0, byte, "weak")
        raises(OSError, log, BlockRing(base, unit=16), 10, 1)
        device = base.revive()
        first = found(BlockRing(device, unit=16))
        assert first in (list(range(10)), list(range(11)))
        device = device.revive()
        log(BlockRing(device, unit=16), 20, 1)
        for _ in range(10):
            ring = BlockRing(device.revive(), unit=16)
            assert found(ring) == first + [20] and ring.pending == len(first) + 1


def test_write_once_units_that_are_full_to_the_last_are_opened():
    device = NorFlash(4, unit=16)
    ring = BlockRing(device, unit=16)
    log(ring, 0, 20)
    size, kind_to_come = 4096 - ring.offset, 0xC5
    while not ring.place(kind_to_come, bytes(size), 4096):
        size -= 1
    ring.commit()
    assert ring.offset == 4096
    ring = BlockRing(device.revive(), unit=16)
    log(ring, 20, 1)
    assert found(ring) == list(range(21)) and ring.newest == 1


class TearsOneErase(NorFlash):
    """The power goes in the middle of the `left`-th erase."""

    left = 0

    def _erase(self, block):
        self.left -= 1
        if not self.left:
            self.cut_at(0, 2048)
        super()._erase(block)


def test_the_longest_reading_that_fits_is_taken():
    ring = BlockRing(NorFlash(8))
    words = raises(ValueError, ring.log, 0, START_MS, b"\x01", ["x" * 5000]).split()
    size, most = [int(word) for word in words if word.isdigit()]
    text = "x" * (5000 - size + most)
    log(ring, 0, 100)  # so that it needs a sector of its own
    ring.log(0, START_MS, b"\x01", [text])
    raises(ValueError, ring.log, 0, START_MS, b"\x01", [text + "x"])
    reader = ring.reader((1, 0))
    assert reader.next() and reader.values() == [(text,)] and not reader.next()


def test_a_long_reading_is_there_or_refused_whatever_the_unit():
    for unit in (1, 16, 64, 128, 256, 512):
        refused = 0
        for size in range(2500 if unit > 100 else 3500, 4096, 31):
            ring = BlockRing(NorFlash(3, unit=unit), unit=unit)
            try:
                ring.log(0, START_MS, b"\x01", ["x" * size])
            except ValueError:
                refused += 1
            reader = ring.reader()
            there = 0
            while reader.next():
                there += reader.kind == 1
            assert there == ring.pending == (0 if refused else 1), (unit, size)
        assert refused


def test_a_sector_is_filled_up_to_the_room_for_a_drop():
    for unit, kept in ((1, 52), (16, 48 + 4 * 16)):
        ring = BlockRing(NorFlash(8, unit=unit), unit=unit)
        number = before = 0
        while not ring.newest:
            before = ring.offset
            log(ring, number, 1)
            number += 1
        assert kept <= 4096 - before < kept + 16, (unit, before)
    ring, sizes = BlockRing(NorFlash(8)), []
    while ring.offset < 4096 - 52 - 200:
        before = ring.offset
        ring.save_value(WORDS, bytes(80))
        sizes.append(ring.offset - before - 80)
    ring.save_value(WORDS, bytes(4096 - 52 - ring.offset - min(sizes)))
    assert (ring.newest, ring.offset) == (0, 4096 - 52)  # to the last byte


def test_a_drop_is_noted_before_the_erase_also_where_units_are_large():
    device = TearsOneErase(4, unit=64)
    ring = BlockRing(device, unit=64)
    device.left = 4  # of the second sector that is dropped
    number = 0
    while not device.dead:
        try:
            log(ring, number, 1)
            number += 1
        except OSError:
            assert device.dead
    ring = BlockRing(device.revive(), unit=64)
    assert found(ring)[-1] == number - 1
    assert ring.pending == len(found(ring)) == number - ring.get(DROPPED)


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
