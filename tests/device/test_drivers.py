"""How BlockRing finds out what a driver can do, and what a keyword overrides."""

import sys

from blynk_batch import BlockRing, WrongDevice
from flash import Cached, NorFlash, SdCard
from ring_checks import found, keeps_readings, log, raises

HEAP = "4m"
WASM = False


class Partition(NorFlash):
    """An esp32.Partition: says of itself where it lies and whether it is encrypted."""

    def __init__(self, encrypted):
        super().__init__(8, unit=16 if encrypted else 1)
        self.encrypted = encrypted

    def info(self):
        return (1, 0x82, 0x310000, len(self.data), "readings", self.encrypted)


def test_a_partition_is_asked_whether_it_is_encrypted():
    for encrypted in (False, True):
        ring = keeps_readings(Partition(encrypted))
        assert ring.medium.unit == (16 if encrypted else 1)
    other = BlockRing(Partition(False))
    assert other.key == BlockRing(Partition(False)).key, "two objects for one partition are one place"


class Decrypting(Partition):
    """Flash encryption as the chip does it: what is erased reads as what 0xFF decrypts to."""

    def _through(self, buf, at):
        return bytes([buf[index] ^ ((at + index) * 37 & 255) for index in range(len(buf))])

    def readblocks(self, block, buf, offset=0):
        super().readblocks(block, buf, offset)
        buf[:] = self._through(buf, block * 4096 + offset)

    def writeblocks(self, block, buf, offset=None):
        super().writeblocks(block, self._through(buf, block * 4096 + (offset or 0)), offset)


def test_one_whose_erased_bytes_read_as_anything_is_refused_and_programmed_nowhere():
    device = Decrypting(True)
    assert "something else" in raises(WrongDevice, BlockRing, device)
    for verify in (True, False):
        assert "does not read as 0xFF" in raises(OSError, BlockRing, device, format=True, verify=verify)
    assert device.image().strip(b"\xff") == b""


def test_rp2_flash_is_programmed_in_pages():
    class Flash(NorFlash):
        def writeblocks(self, block, buf, offset=None):
            assert not len(buf) % 256 and not (offset or 0) % 256
            super().writeblocks(block, buf, offset)

    class rp2:
        pass

    rp2.Flash = Flash
    sys.modules["rp2"] = rp2
    ring = keeps_readings(Flash(8))
    assert ring.medium.burst == 256


class TellsByNumber(SdCard):
    """machine.SDCard of the ESP32: True or False instead of an exception."""

    broken = False

    def readblocks(self, block, buf):
        super().readblocks(block, buf)
        return not self.broken

    def writeblocks(self, block, buf):
        if not self.broken:
            super().writeblocks(block, buf)
        return not self.broken


def test_a_driver_that_tells_failure_by_its_result_is_believed():
    card = TellsByNumber(66)
    ring = keeps_readings(card)
    count = ring.pending
    card.broken = True
    raises(OSError, log, ring, count, 1)
    card.broken = False
    log(ring, count, 1)
    assert found(BlockRing(card)) == list(range(count + 1))


class Negative(NorFlash):
    broken = False

    def writeblocks(self, block, buf, offset=None):
        if self.broken:
            return -5
        super().writeblocks(block, buf, offset)

    def ioctl(self, operation, argument):
        return -5 if operation == 6 and self.broken else super().ioctl(operation, argument)


def test_a_reading_between_two_torn_writes_is_kept_where_bytes_are_programmed_once_only():
    device = NorFlash(8, unit=16)
    log(BlockRing(device, unit=16), 0, 1)
    for number in range(1, 12):
        device.cut_at(0, 4, "random", number)
        raises(OSError, log, BlockRing(device, unit=16), 99, 1)
        device = device.revive()
        log(BlockRing(device, unit=16), number, 1)
        there = [reading for reading in found(BlockRing(device, unit=16)) if reading != 99]  # that may be there whole
        assert there == list(range(number + 1))
        assert BlockRing(device, unit=16).newest == 0, "no cut costs a sector"


class FailsOnce(SdCard):
    """Its write number `left` from now fails."""

    left = 0

    def writeblocks(self, block, buf):
        self.left -= 1
        if not self.left:
            raise OSError(5)
        super().writeblocks(block, buf)


def test_a_card_that_fails_once_while_a_sector_turns_keeps_what_is_logged_next():
    for at in range(1, 5):
        device = FailsOnce(34)
        ring = BlockRing(device)
        log(ring, 0, 400)
        assert ring.newest == 0
        ring.sealed = True
        device.left = at
        raises(OSError, log, ring, 550, 1)
        kept = found(ring)
        log(ring, 600, 20)
        kept.extend(range(600, 620))
        assert found(ring) == kept and ring.pending == len(kept), at
        assert found(BlockRing(device)) == kept, at


def test_a_negative_result_is_a_failure():
    device = Negative(8)
    ring = BlockRing(device, verify=False)
    log(ring, 0, 10)
    device.broken = True
    raises(OSError, log, ring, 10, 1)
    device.broken = False
    log(ring, 10, 1)
    assert found(BlockRing(device)) == list(range(11))


def test_a_cache_that_says_that_it_could_not_be_written_back_fails_log():
    class Syncs(NorFlash):
        result = 0

        def ioctl(self, operation, argument):
            return self.result if operation == 3 else super().ioctl(operation, argument)

    device = Syncs(8)
    ring = BlockRing(device)
    log(ring, 0, 10)
    device.result = -5
    raises(OSError, log, ring, 10, 1)
    device.result = -22  # it knows of no cache
    log(ring, 10, 1)
    assert found(BlockRing(device)) == list(range(11))


class Odd(NorFlash):
    """Its info() is its own; perhaps it needs an argument, or asks a bus that does not answer."""

    def __init__(self, answer):
        super().__init__(8)
        self.answer = answer

    def info(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_an_info_that_is_no_partitions_says_nothing_of_the_ring():
    for answer in ({"size": 32768}, [1, 2], (32768, 512), None, OSError(5), TypeError()):
        keeps_readings(Odd(answer))
        assert BlockRing(Odd(answer)).key != BlockRing(Odd(answer)).key, "two chips of a kind are two"


class Picky(SdCard):
    """Takes an offset as an argument, but no other than whole blocks."""

    def __init__(self, blocks, error):
        super().__init__(blocks)
        self.error = error

    def readblocks(self, block, buf, offset=0):
        if len(buf) % 512 or offset:
            raise self.error
        super().readblocks(block, buf)

    def writeblocks(self, block, buf, offset=0):
        if len(buf) % 512 or offset:
            raise self.error
        super().writeblocks(block, buf)


class Places(SdCard):
    """One block cannot be written: a sector's first one, in its place."""

    lost = -1

    def writeblocks(self, block, buf):
        if block == self.lost:
            raise OSError(5)
        super().writeblocks(block, buf)


def test_a_reading_that_a_card_refused_is_not_there_though_a_tail_took_it():
    card = Places(34)
    ring = BlockRing(card)
    log(ring, 0, 400)
    ring.sealed = True
    card.lost = 8
    raises(OSError, log, ring, 400, 1)  # it goes as far as the header of the second sector
    ring = BlockRing(card)
    raises(OSError, log, ring, 400, 1)
    assert found(BlockRing(card)) == list(range(400))
    card.lost = -1
    log(BlockRing(card), 400, 20)
    assert found(BlockRing(card)) == list(range(420))


class FailsLate(SdCard):
    """Tells a failure of the first write for sector 1, though it is written."""

    armed = True

    def writeblocks(self, block, buf):
        super().writeblocks(block, buf)
        if self.armed and buf[0] == 1:
            self.armed = False
            raise OSError(5)


def test_a_cut_after_a_header_that_only_seemed_to_fail_leaves_the_sector_before():
    card = FailsLate(3 * 8 + 2)
    ring = BlockRing(card)
    count = 0
    while card.armed:
        try:
            log(ring, count, 1)
            count += 1
        except OSError:
            pass
    card.cut_at(0, 0, "random")
    raises(OSError, log, ring, count, 1)
    assert found(BlockRing(card.revive()))[:count] == list(range(count))


def test_a_driver_that_refuses_parts_of_blocks_gets_whole_ones():
    for error in (ValueError(), AssertionError(), OSError(22)):
        keeps_readings(Picky(66, error))


class NoErase(NorFlash):
    """EEPROM whose driver raises for what it does not have."""

    def __init__(self):
        super().__init__(64, block_size=512, overwritable=True)

    def ioctl(self, operation, argument):
        if operation in (4, 5):
            return super().ioctl(operation, argument)
        if operation == 3:
            return None
        raise OSError(22)


class SaysByNumber(SdCard):
    def readblocks(self, block, buf, offset=None):
        return -22 if offset is not None else super().readblocks(block, buf)

    def writeblocks(self, block, buf, offset=None):
        return -22 if offset is not None else super().writeblocks(block, buf)


def test_a_driver_that_refuses_an_offset_by_its_result_gets_whole_blocks():
    keeps_readings(SaysByNumber(66))


def test_blocks_that_are_larger_than_their_heads_can_say_are_refused_where_they_are_written_whole():
    card = SdCard(5 * 128)
    card.block_size, card.blocks = 65536, 5
    keeps_readings(card)
    card = SdCard(5 * 256)
    card.block_size, card.blocks = 131072, 5
    assert "65536" in raises(ValueError, BlockRing, card)


def test_a_size_that_is_an_error_is_no_size():
    class Fails(NorFlash):
        def ioctl(self, operation, argument):
            return -5 if operation == self.wrong else super().ioctl(operation, argument)

    for wrong in (4, 5):
        device = Fails(8)
        device.wrong = wrong
        raises(OSError, BlockRing, device)


def test_a_driver_without_erase_has_its_blocks_written_over():
    keeps_readings(NoErase())


def test_a_cached_sector_is_written_back_before_log_returns():
    flash = NorFlash(12)
    device = Cached(flash)
    ring = BlockRing(device, whole_blocks=True, page_size=4096)
    for count in range(0, 300, 25):
        log(ring, count, 25)
        again = BlockRing(Cached(flash.revive()), whole_blocks=True, page_size=4096)
        assert found(again) == list(range(count + 25))


def test_whole_blocks_false_overrides_what_is_found_out():
    class Shy(NorFlash):
        def readblocks(self, block, buf, offset=0):
            if len(buf) == 16 and not self.reads:  # what is read to find out
                raise ValueError()
            super().readblocks(block, buf, offset)

    assert BlockRing(Shy(8)).medium.flash.whole
    ring = keeps_readings(Shy(8), whole_blocks=False)
    assert not ring.medium.flash.whole


def test_a_keyword_that_cannot_be_is_refused_before_anything_is_written():
    device = NorFlash(8)
    before = device.image()
    for wrong in (
        {"page_size": 0},
        {"page_size": 100},
        {"page_size": 8192},
        {"unit": 3},
        {"unit": 1024},
        {"start": 1.5},
        {"blocks": "4"},
        {"start": 8},
        {"start": 7},
        {"blocks": 2},
        {"whole_blocks": True, "page_size": 512},
    ):
        text = raises((ValueError, TypeError), BlockRing, device, **wrong)
        assert text and device.image() == before, wrong
