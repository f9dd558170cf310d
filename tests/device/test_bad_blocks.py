"""Raw blocks that fail to erase, to program or to read: readings move on, and nothing acknowledged is lost."""

from blynk_batch import BlockRing, Client
from blynk_batch.clock.boots import Boots
from blynk_batch.ring import sector
from blynk_batch.report import to_value
from blynk_batch.ring.state import ANCHOR, BAD_BLOCKS, DROPPED
from flash import NorFlash
from stand_ins import NOW_MS, FakeClock, FakeServer
from ring_checks import found, log, raises

HEAP = "8m"


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


def anchor(ring):
    boots = Boots(ring, FakeClock(None))
    boots.clock = FakeClock()
    boots.anchor()


def test_a_block_that_fails_moves_readings_state_and_anchors_that_are_written_together():
    sector.draw_salt = lambda: 7  # a byte that the bad block leaves as it was is no fault
    for flaw in ("program", "wrong"):
        for last in (
            lambda ring: ring.save_value(60, (7,)),
            anchor,
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
            assert again.state.get(ANCHOR) == (None if ring.get(60) else (1, NOW_MS))


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


def log_all(ring, first, count):
    """Each reading, again where a few blocks in a row fail."""
    for number in range(first, first + count):
        for tries in range(9):
            try:
                log(ring, number, 1)
                break
            except OSError:
                assert tries < 8


def test_several_blocks_in_a_row_that_are_not_erased_in_a_full_ring_hide_nothing_that_is_logged_behind_them():
    full = NorFlash(10)
    ring = BlockRing(full)
    log(ring, 0, 5600)
    for count in (2, 3, 5):
        for slot in (0, 3, 6, 9):
            device = full.revive()
            ring = BlockRing(device)
            device.bad = {(slot + index) % 10: "erase" for index in range(count)}
            log_all(ring, 5600, 1700)  # past some of them, or all
            for logged in (7300, 7320):
                ring = BlockRing(device.revive())
                left = found(ring)
                assert left == list(range(logged - len(left), logged)), (count, slot, left[-1:])
                assert len(left) == ring.pending == logged - ring.get(DROPPED)
                log_all(BlockRing(device), logged, 20)


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
    sector.draw_salt = lambda: 7  # a byte that the bad block leaves as it was is no fault
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


def test_a_block_that_fails_and_has_spoilt_what_it_had_is_the_flash_s_error():
    flash = NorFlash(4)
    client = Client("token", ring=BlockRing(flash), transport=FakeServer(), clock=FakeClock())
    for number in range(3):
        client.log(1, number)
    block = client.ring.newest % 4
    for at in range(24, client.ring.offset):
        flash.data[block * 4096 + at] = 0x5A
    flash.bad[block] = "program"
    raises(OSError, client.log, 1, 3)  # it refers to what is not there any more
    client.log(1, 4)
    assert [value for _, _, value in client.points()] == [4]


def test_a_reading_that_is_damaged_before_its_block_fails_counts_as_lost():
    device = NorFlash(8)
    log(BlockRing(device), 0, 1)
    ring = BlockRing(device)
    count = 1
    while ring.offset % 512 < 504 or ring.offset < 1024:  # the next one begins a page, and refers to none before
        log(ring, count, 1)
        count += 1
    device.data[ring.offset - 4] ^= 0xFF
    device.bad[0] = "program"
    log(ring, count, 1)
    reader = ring.reader()
    while reader.next():
        pass
    assert ring.newest == 1 and (reader.lost, ring.number) == (1, count + 1)
