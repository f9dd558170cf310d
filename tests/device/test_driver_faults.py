"""Drivers that cannot read a block, and those that fail in words of their own."""

from blynk_batch import BlockRing, Client
from flash import NorFlash, SdCard
from ring_checks import found, keeps_readings, log, raises
from stand_ins import NOW_MS, FakeClock, FakeServer
from test_drivers import FailsOnce

HEAP = "4m"
WASM = False


def unreadable(kind, *args, **options):
    """A device of which some blocks cannot be read, until they are written or erased; cards replace them then."""

    class Unreadable(kind):
        lost = ()

        def readblocks(self, block, buf, *offset):
            if block in self.lost:
                raise OSError(5)
            super().readblocks(block, buf, *offset)

        def writeblocks(self, block, buf, *offset):
            self.lost = [other for other in self.lost if other != block]
            super().writeblocks(block, buf, *offset)

        def ioctl(self, operation, argument):
            if operation == 6:
                self.lost = [other for other in self.lost if other != argument]
            return super().ioctl(operation, argument)

    return Unreadable(*args, **options)


def test_a_block_that_cannot_be_read_costs_what_is_in_it_and_nothing_else():
    for device, lost in ((unreadable(SdCard, 66), (11,)), (unreadable(NorFlash, 8), (1,))):
        log(BlockRing(device), 0, 1500)
        device.lost = lost
        client = Client("token", ring=BlockRing(device), clock=FakeClock(NOW_MS), transport=FakeServer())
        log(client.ring, 1500, 200)
        result = client.upload()
        numbers = [value for _, _, value in client.transport.points]
        missing = sorted(set(range(1700)) - set(numbers))
        assert result.error is None and client.pending == 0 and len(numbers) == len(set(numbers))
        assert 30 < len(missing) < 700 and missing == list(range(missing[0], missing[0] + len(missing)))
        assert client.stats()["corrupt"] == len(missing), (client.stats()["corrupt"], len(missing))
        log(client.ring, 1700, 4000)
        left = found(client.ring)
        assert left == list(range(5700 - len(left), 5700)) and len(left) > 1000


def test_so_it_is_where_the_first_block_is_one_of_those_that_cannot_be_read():
    for kind, lost in ((NorFlash, (0,)), (NorFlash, (0, 2)), (SdCard, (0, 11))):
        device = unreadable(kind, 66 if kind is SdCard else 8)
        log(BlockRing(device), 0, 2000)
        device.lost = lost
        ring = BlockRing(device)
        assert ring.newest == 3 and ring.number == 2000, lost
        log(ring, 2000, 10)
        numbers = found(ring)
        assert numbers[-10:] == list(range(2000, 2010)) and 800 < len(numbers) < 1600, (lost, len(numbers))


class ReadsLate(SdCard):
    """Reads so often in a row of a tail fail, and the next does not."""

    late = 0

    def readblocks(self, block, buf):
        if self.late and block >= self.blocks - 2:
            self.late -= 1
            raise OSError(5)
        super().readblocks(block, buf)


def test_a_card_whose_tail_cannot_be_read_for_a_moment_loses_nothing():
    device = ReadsLate(66)
    for count in range(1, 7):
        log(BlockRing(device), count, 1)
        device.late = count
        assert found(BlockRing(device)) == list(range(1, count + 1)), count
        assert not device.late


def test_a_new_device_with_a_block_that_cannot_be_read_is_not_taken_for_empty():
    device = unreadable(NorFlash, 8)
    device.lost = (3,)
    raises(OSError, BlockRing, device)
    assert device.erases == 0 and device.programs == 0


class NoSuchOperation(NorFlash):
    """Says of each operation but its sizes that it has no such, in one way or another."""

    says = None

    def ioctl(self, operation, argument):
        if operation in (4, 5):
            return super().ioctl(operation, argument)
        raise self.says


def test_a_driver_that_has_no_such_operation_may_say_so_in_any_way():
    for says in (NotImplementedError(), ValueError("what?"), TypeError(), AssertionError(), OSError(95)):
        device = NoSuchOperation(5)
        device.says = says
        keeps_readings(device)


class FailsWithoutNumber(FailsOnce):
    def writeblocks(self, block, buf):
        self.left -= 1
        if self.left == 0:
            raise OSError
        SdCard.writeblocks(self, block, buf)


def test_a_driver_that_fails_without_a_number_fails_log_as_any_other():
    device = FailsWithoutNumber(34)
    ring = BlockRing(device)
    log(ring, 0, 10)
    device.left = 1
    raises(OSError, log, ring, 10, 1)
    log(ring, 10, 10)
    assert found(ring) == found(BlockRing(device)) == list(range(20))
