"""What a raw ring's sectors hold: frames and pages, the room for drops, write-once units, the longest readings."""

from blynk_batch import BlockRing
from blynk_batch.ring.state import CORRUPT, DROPPED, WINDOW, WORDS
from flash import NorFlash
from stand_ins import NOW_MS
from ring_checks import START_MS, found, log, raises

HEAP = "8m"


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
            first, end = reader.offset, reader.next_at
            assert first // 512 == (end - 1) // 512 and first >= last, (size, first, end)
            last = end
        assert ring.pending == number + 4, size
    assert max(places) >= 500 and len(places) > 4, places


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


def test_readings_before_write_once_units_that_read_either_way_stay_where_cuts_tear_the_notes_of_these():
    for byte in (0, 24, 45):
        base = NorFlash(4, unit=16)
        log(BlockRing(base, unit=16, commit_every=4), 0, 8)
        base.cut_at(0, byte, "weak")
        raises(OSError, log, BlockRing(base, unit=16, commit_every=4), 8, 4)
        for first in range(3):
            for second in range(4):
                device = base.revive()
                for change in (first, second):
                    device.cut_at(change, 100)
                    try:
                        BlockRing(device, unit=16, commit_every=4)
                    except OSError:
                        pass
                    device = device.revive()
                ring = BlockRing(device, unit=16, commit_every=4)
                there = found(ring)
                assert there[:8] == list(range(8)) and ring.pending == len(there), (byte, first, second, there)


def test_a_full_ring_whose_last_write_once_units_read_either_way_is_opened_though_it_has_no_room_to_note_that():
    device, images = NorFlash(4, unit=16), []
    ring = BlockRing(device, unit=16)
    while ring.newest < 2:
        log(ring, ring.number, 1)
    ring.turn(data=False)  # notes have filled the sector that is theirs
    ring.save_value(WINDOW, ring.end() + (0, 0))
    while ring.newest < 4:
        images = images[-1:] + [device.image()]
        log(ring, ring.number, 1)
    for overwrite in (True, False):
        for byte in (0, 3, 6):
            device = NorFlash(4, unit=16, image=images[0])
            ring = BlockRing(device, unit=16)
            before, last = found(ring), ring.number
            device.cut_at(0, byte, "weak")
            raises(OSError, log, ring, last, 1)  # the sector has room for no more
            for _ in range(4):
                device = device.revive()
                ring = BlockRing(device, unit=16, overwrite=overwrite)
                assert found(ring) in (before, before + [last]) and ring.pending == len(found(ring))
            for change in range(4):  # a cut in the turn that follows
                torn = device.revive()
                torn.cut_at(change, 100)
                raises(OSError, log, BlockRing(torn, unit=16), last + 1, 1)
                ring = BlockRing(torn.revive(), unit=16)
                assert ring.pending == len(found(ring)) and not ring.get(CORRUPT), (byte, change)
            ring = BlockRing(device, unit=16)
            log(ring, last + 1, 1)
            for _ in range(4):
                again = BlockRing(device.revive(), unit=16)
                assert found(again) == found(ring) and again.pending == len(found(ring)) == ring.pending


def test_write_once_units_that_are_full_to_the_last_are_opened():
    device = NorFlash(4, unit=16)
    ring = BlockRing(device, unit=16)
    log(ring, 0, 20)
    size, kind_to_come = 4096 - ring.offset, 0xC5
    while not ring.place(kind_to_come, bytes(size), is_drop=True):
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


def test_so_is_a_short_one_however_much_state_the_headers_carry():
    for unit in (1, 16, 64, 128, 256, 512):
        refused = 0
        for entries in range(12):
            ring, there = BlockRing(NorFlash(8, unit=unit), unit=unit), []
            for key in range(entries):
                ring.set(0xB0 + key, bytes(100))
            ring.turn(data=False)
            for number in range(4):
                newest = ring.newest
                try:
                    log(ring, number, 1)
                    there.append(number)
                except ValueError:
                    refused += 1
                    assert ring.newest == newest, "nothing is dropped for what fits nowhere"
            assert found(ring) == there and ring.pending == len(there), (unit, entries)
        assert bool(refused) == (unit == 512), (unit, refused)


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
