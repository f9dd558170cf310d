"""What a mark says of the page before it holds whatever a cut leaves: readings of one program stand or fall with it."""

from blynk_batch import BlockRing
from blynk_batch.errors import Error
from flash import NorFlash, SdCard
from ring_checks import found, raises

HEAP = "8m"
START_MS = 1648054765458


def log(ring, numbers):
    for number in numbers:
        ring.log(0, START_MS + number * 10000, b"\x01", [number])


class FailsOnce(SdCard):
    left = -1

    def writeblocks(self, block, buf):
        self.left -= 1
        if self.left == -1:
            raise OSError(5)
        super().writeblocks(block, buf)


def text(ring, number, size):
    ring.log(0, START_MS + number * 10000, b"\x02", ["." * size])


def test_blocks_of_a_write_that_a_cut_broke_off_count_no_more_once_the_sector_is_full():
    """A text over several blocks of a card, then one that fits no more and turns the sector."""
    base = SdCard(34)
    ring = BlockRing(base)
    log(ring, range(180))
    before = base.image()
    for operation in range(5):
        for is_cut in (True, False):
            device = SdCard(34, before)
            ring = BlockRing(device)
            if is_cut:
                device.cut_at(operation)
                raises(OSError, text, ring, 180, 2000)
                device = device.revive()
                ring = BlockRing(device)
            else:
                device = FailsOnce(34, before)
                ring = BlockRing(device)
                device.left = operation
                raises(OSError, text, ring, 180, 2000)
            text(ring, 181, 3000)
            log(ring, range(182, 220))
            for opened in (ring, BlockRing(device.revive())):
                reader = opened.reader()
                times = []
                while reader.next():
                    if reader.kind == 1:
                        times.append((reader.chain.time - START_MS) // 10000)
                assert times == list(range(180)) + list(range(181, 220)), (operation, is_cut, times[170:])
                assert opened.pending == 219 and not reader.bad and not reader.lost, (operation, is_cut)


def test_a_mark_counts_no_readings_that_were_torn_in_the_program_that_wrote_it():
    """`commit_every` has readings at a page's end and the next page's mark wait together."""
    for page_size in (1, 256):
        options = {"commit_every": 4, "page_size": page_size}
        base = NorFlash(4, page_size=page_size)
        ring = BlockRing(base, **options)
        number = pages = 0
        earlier = before = base.image()
        while pages < 4:
            earlier, before, page = before, base.image(), ring.page
            log(ring, range(number, number + 4))
            number += 4
            if page == ring.page or number < 8:
                continue
            pages += 1
            for byte in range(1, 64, 4):
                device = NorFlash(4, page_size=page_size, image=earlier)
                torn = BlockRing(device, **options)
                log(torn, range(number - 8, number - 4))
                device.cut_at(0, byte, "suffix", byte)
                raises(OSError, log, torn, range(number - 4, number))
                again = BlockRing(device.revive(), **options)
                there = found(again)
                assert there == list(range(len(there))) and again.pending == len(there), (byte, again.pending, there)


def test_a_header_over_two_blocks_of_which_a_cut_left_one_takes_no_readings():
    base = SdCard(34)
    ring = BlockRing(base)
    log(ring, range(20))
    for key in range(0xA8, 0xB0):  # much state, as of many refused points
        ring.set(key, bytes(100))
    before = base.image()
    state = dict(ring.state)
    for operation in range(8):
        device = SdCard(34, before)
        ring = BlockRing(device)
        ring.state.update(state)
        device.cut_at(operation)
        try:
            ring.turn(data=False)
        except OSError:
            pass
        device = device.revive()
        log(BlockRing(device), range(20, 30))
        again = BlockRing(device.revive())
        assert found(again) == list(range(30)) and again.pending == 30, (operation, again.newest)


def test_a_change_of_size_cut_in_a_header_over_several_blocks_leaves_the_old_size_or_the_new():
    for before, after in ((26, 58), (58, 26), (34, 42)):
        base = SdCard(58)
        ring = BlockRing(base, blocks=before)
        log(ring, range(500))
        for key in range(0xA8, 0xB0):  # much state
            ring.set(key, bytes(100))
        ring.clear()
        image = base.image()
        for operation in range(12):
            for byte, mode in ((0, "prefix"), (200, "prefix"), (300, "random")):
                device = SdCard(58, image)
                device.cut_at(operation, byte, mode, operation)
                try:
                    BlockRing(device, blocks=after)
                except OSError:
                    pass
                device = device.revive()
                ring = BlockRing(device, blocks=after)
                assert ring.number == 500 and not ring.pending and ring.state[0xAF] == bytes(100), (operation, byte)
                log(ring, range(500, 530))
                assert found(BlockRing(device.revive(), blocks=after)) == list(range(500, 530)), (operation, byte)


def test_a_first_block_that_a_cut_tore_comes_to_its_place_with_the_next_reading():
    """Else a ring that is opened as a smaller one, whose tails lie elsewhere, is taken for none."""
    for mode in ("random", "prefix", "suffix"):
        card = SdCard(58)
        card.cut_at(1, 0, mode)
        raises(OSError, BlockRing, card)
        card = card.revive()
        log(BlockRing(card), range(5))
        assert "5 readings are pending" in raises(Error, BlockRing, card, blocks=34), mode
        assert found(BlockRing(card)) == list(range(5))


def test_a_cut_in_the_first_tail_of_another_size_leaves_the_acks_of_the_old():
    """Of pages as large as a sector, one of the new tails can lie where one of the old does."""
    for before, after in ((48, 40), (40, 48)):
        for count in (99, 100, 600, 601):
            base = SdCard(48)
            ring = BlockRing(base, blocks=before, page_size=4096)
            log(ring, range(count))
            ring.clear()
            for operation in range(20):
                device = SdCard(48, base.image())
                device.cut_at(operation, 0, "random")
                try:
                    BlockRing(device, blocks=after, page_size=4096)
                except OSError:
                    pass
                ring = BlockRing(device.revive(), blocks=after, page_size=4096)
                assert ring.number == count and not ring.pending, (before, after, count, operation, ring)


def test_a_change_of_size_that_was_cut_is_found_by_its_second_tail_also_where_the_old_size_is_given_again():
    """Else the old ring goes on, and the next open with the new size takes the empty one for the newest."""
    for count in (99, 100):
        base = SdCard(72)
        ring = BlockRing(base, blocks=56, page_size=4096)
        log(ring, range(count))
        ring.clear()
        for operation in range(6):
            device = SdCard(72, base.image())
            device.cut_at(operation, 0, "random")
            try:
                BlockRing(device, blocks=64, page_size=4096)
            except OSError:
                pass
            device = device.revive()
            for blocks, number in ((64, None), (56, count), (64, count + 1)):
                ring = BlockRing(device, blocks=blocks, page_size=4096)
                if number:
                    log(ring, (number,))
                assert found(ring) == list(range(count, number + 1 if number else 0)), (count, operation, blocks)
                ring.close()


def test_what_was_saved_is_in_the_marks_that_follow_also_where_memory_or_ctrl_c_ended_the_save():
    for error in (MemoryError, KeyboardInterrupt):
        for device in (NorFlash(4), SdCard(34)):
            ring = BlockRing(device)
            log(ring, range(10))
            ring.save_value(60, (1,))
            ring.set(60, (2,))
            ring.set(61, (2,))

            def note_saved(_):
                raise error  # noqa: B023

            ring.note_saved = note_saved
            raises(error, ring.save)
            ring.note_saved = super(BlockRing, ring).note_saved
            log(ring, range(10, 120))
            again = BlockRing(device)
            assert found(again) == list(range(120)) and (again.get(60), again.get(61)) == (2, 2), (error, again.state)
