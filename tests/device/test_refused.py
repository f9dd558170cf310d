"""A log() that fails or is broken off leaves the readings before and after it as they were."""

import micropython

import blynk_batch
import invariants
from blynk_batch import BlockRing, Client, FileRing
from blynk_batch.ring import state as keys
from blynk_batch.ring.record import FILLER, MARK
from blynk_batch.errors import Busy
from flash import NorFlash, SdCard
from stand_ins import NOW_MS, FakeClock, FakeServer
from ring_checks import START_MS, found, log, raises

HEAP = "4m"
REFUSAL = (400, {}, b'{"error":{"message":"No datastream"}}')


def test_a_reading_too_large_for_a_sector_changes_no_time_of_those_around_it():
    device = NorFlash(8)
    ring = BlockRing(device, commit_every=4)
    log(ring, 0, 2)
    raises(ValueError, ring.log, 0, START_MS + 15000, bytes(range(5)), ["x" * 1000] * 5)
    log(ring, 2, 2)
    assert found(BlockRing(device)) == [0, 1, 2, 3]


def broken_off(owner, name, action, *args, error=KeyboardInterrupt):
    """Ctrl-C behind the method ends the action, as MicroPython has it; or another `error`."""
    real = getattr(owner, name)

    def method(*where):
        real(*where)
        raise error

    setattr(owner, name, method)
    raises(error, action, *args)
    setattr(owner, name, real)


def on_each_medium():
    """(ring, what opens it again) on littlefs, raw flash and a card."""
    device, card = NorFlash(8), SdCard(66)
    return (
        (FileRing("ring"), lambda: FileRing("ring")),
        (BlockRing(device), lambda: BlockRing(device)),
        (BlockRing(card), lambda: BlockRing(card)),
    )


def test_after_a_write_that_was_broken_off_nothing_is_there_twice_or_at_another_time():
    for ring, again in on_each_medium():
        log(ring, 0, 5)
        broken_off(ring.medium, "append", log, ring, 5, 1)
        log(ring, 6, 3)
        broken_off(ring.medium, "append", ring.save_value, 60, (1,))
        log(ring, 9, 1)
        for one in (ring, again()):
            numbers = found(one)
            invariants.check(one, len(numbers))
            assert numbers in ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 1, 2, 3, 4, 6, 7, 8, 9]), numbers
        assert again().get(60) == 1


def test_a_reading_that_was_broken_off_before_it_was_written_is_counted_where_it_is():
    for commit_every in (1, 4):
        for before in (3, 35, 487):  # on a page, at the end of one, at the end of a sector
            device = NorFlash(8)
            ring = BlockRing(device, commit_every=commit_every)
            log(ring, 0, before)
            broken_off(ring, "add_data", log, ring, before, 1)
            log(ring, 900, 90)
            ring.commit()
            for one in (ring, BlockRing(device)):
                numbers = found(one)
                invariants.check(one, len(numbers))
                assert numbers in [list(range(end)) + list(range(900, 990)) for end in (before, before + 1)], numbers


def breaks_in(device, accesses):
    """Ctrl-C just behind one of the next accesses to the device."""
    left = [accesses]

    def wrapped(real):
        def access(*where):
            result = real(*where)
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
            return result

        return access

    device.readblocks, device.writeblocks = wrapped(device.readblocks), wrapped(device.writeblocks)


def test_wherever_ctrl_c_breaks_a_write_off_the_books_add_up():
    for make, options in (
        (lambda: NorFlash(8), {}),
        (lambda: NorFlash(8, unit=16), {"unit": 16, "commit_every": 3}),
        (lambda: SdCard(66), {}),
    ):
        for accesses in range(1, 4):
            device = make()
            ring = BlockRing(device, **options)
            log(ring, 0, 29)
            breaks_in(device, accesses)
            try:
                log(ring, 29, 9)
                ring.commit()
            except KeyboardInterrupt:
                pass
            for count in (1, 600):
                log(ring, 100 + count, count)
                ring.commit()
                for one in (ring, BlockRing(device, **options)):
                    numbers = found(one)
                    invariants.check(one, len(numbers))
                    assert numbers == sorted(set(numbers)), numbers


def test_no_memory_left_for_a_reading_takes_none_of_those_before():
    from blynk_batch.media import littlefs as files

    ring = FileRing("ring")
    log(ring, 0, 5)
    real = files.crc32

    def crc32(*_):
        raise MemoryError("memory allocation failed")

    files.crc32 = crc32
    raises(MemoryError, log, ring, 5, 1)
    files.crc32 = real
    assert found(FileRing("ring")) == [0, 1, 2, 3, 4]


def test_a_reading_that_a_file_has_though_to_close_it_failed_counts_nowhere():
    from blynk_batch.media import littlefs as files

    def fails(*where):
        real(*where)
        raise OSError(5)

    real = files._write
    for before in range(3, 30):
        ring = FileRing("close%d" % before, tails=2, tail_bytes=60, commit_every=12)
        log(ring, 0, before)
        ring.commit()
        files._write = fails
        raises(OSError, log, ring, before, 12)
        files._write = real
        log(ring, before + 12, 12)
        for one in (ring, FileRing("close%d" % before)):
            invariants.check(one, len(found(one)))
            assert found(one) == list(range(before)) + list(range(before + 12, before + 24)), before


class Brimful:
    """A device that is given no memory behind its access number `left`, and nobody else, until `release()`."""

    def __init__(self, device, left):
        self._device, self._left = device, left
        self._is_locked = False
        self.ioctl = device.ioctl

    def _access(self, method, where):
        if self._is_locked:
            micropython.heap_unlock()
        self._left -= 1
        method(*where)
        self._is_locked = self._left <= 0
        if self._is_locked:
            micropython.heap_lock()

    def readblocks(self, *where):
        self._access(self._device.readblocks, where)

    def writeblocks(self, *where):
        self._access(self._device.writeblocks, where)

    def release(self):
        was_locked, self._is_locked, self._left = self._is_locked, False, 1000000
        if was_locked:
            micropython.heap_unlock()
        return was_locked


def test_a_reading_that_finds_no_memory_on_a_device_is_not_there_and_can_be_logged_again():
    raw, once, card = (NorFlash, 4, {}), (NorFlash, 4, {"unit": 16}), (SdCard, 34, {})
    for (make, blocks, options), before in (
        (raw, 30),  # in a sector, at its end, in a full ring
        (raw, 486),
        (raw, 1439),
        (once, 100),
        (once, 717),
        (card, 30),
        (card, 63),
        (card, 1439),
    ):
        device, accesses, was_locked = make(blocks, **options), 0, True
        log(BlockRing(device, **options), 0, before)
        while was_locked:
            accesses += 1
            again = device.revive()
            brimful = Brimful(again, 1000000)
            ring = BlockRing(brimful, **options)
            brimful._left = accesses
            try:
                ring.log(0, START_MS + before * 10000, b"\x01", [before])
                is_there = True
            except MemoryError:
                is_there = False
            was_locked = brimful.release()
            log(ring, before + is_there, 4 - is_there)
            for one in (ring, BlockRing(again, **options)):
                numbers = found(one)
                dropped = one.get(keys.DROPPED)
                assert numbers == list(range(dropped, before + 4)), (options, before, accesses, dropped, numbers[-6:])
                assert one.get(keys.CORRUPT) == 0
                invariants.check(one, len(numbers))
        assert accesses > 1


def test_memory_that_runs_out_behind_a_write_leaves_nothing_that_is_counted_nowhere():
    for ring, again in (
        (FileRing("behind"), lambda: FileRing("behind")),
        (BlockRing(card := SdCard(66)), lambda: BlockRing(card)),
    ):
        log(ring, 0, 5)
        broken_off(ring.medium, "append", log, ring, 5, 1, error=MemoryError)
        log(ring, 6, 3)
        for one in (ring, again()):
            invariants.check(one, len(found(one)))
            assert found(one) == [0, 1, 2, 3, 4, 6, 7, 8]


def test_memory_that_is_gone_also_for_taking_a_reading_back_leaves_it_nowhere():
    def program(_):
        micropython.heap_lock()
        raise MemoryError

    for ring, again in on_each_medium():
        log(ring, 0, 5)
        real, ring.program = ring.program, program
        try:
            ring.log(0, START_MS + 50000, b"\x01", [5])
        except MemoryError:
            pass
        micropython.heap_unlock()
        ring.program = real
        log(ring, 6, 3)
        for one in (ring, again()):
            invariants.check(one, len(found(one)))
            assert found(one) == [0, 1, 2, 3, 4, 6, 7, 8]


def test_memory_that_is_gone_for_the_list_of_what_changed_spoils_nothing():
    """A set that finds none to grow is spoilt: MicroPython looks behind its end."""
    for count in range(12):
        ring = BlockRing(NorFlash(8))
        for key in range(128, 140):
            ring.set(key, b"a")
        ring.save()
        ring.turn(data=False)  # there the list is empty again
        for key in range(128, 128 + count):
            ring.set(key, b"b")
        micropython.heap_lock()
        try:
            for key in range(128 + count, 140):
                ring.set(key, b"b")
        except MemoryError:
            pass
        micropython.heap_unlock()
        for key in range(140, 128, -1):
            ring.set(key, b"c")
        ring.save()
        log(ring, 0, 100)
        assert not ring.dirty and {ring.state[key] for key in range(129, 141)} == {b"c"}, (count, ring.state)


def test_memory_that_is_gone_for_the_mark_of_a_page_takes_no_state_that_was_there_nor_any_that_waits():
    class Short(bytearray):
        def extend(self, data):
            if data and data[0] in (FILLER, MARK):
                raise MemoryError
            super().extend(data)

    for ring, again in on_each_medium():
        ring.set(keys.DONE, bytes(12) + b"\x01")
        ring.save_value(60, (1,))
        ring.set(keys.DONE, bytes(12) + b"\x03")
        is_short = False
        while not is_short:
            ring.waiting = Short()
            try:
                ring.log(0, START_MS, b"\x01", ["x" * 40])
            except MemoryError:
                is_short = True
            ring.waiting = bytearray()
        ring.save()
        for count in (0, 1):
            opened = again()
            assert (opened.get(60), opened.state[keys.DONE]) == (1, bytes(12) + b"\x03"), count
            log(ring, 0, 30)  # now there is a mark


class BreaksInTwice:
    """A medium with Ctrl-C behind an append, and once more where what raised it is handled."""

    breaks = 0

    def __init__(self, medium):
        self._medium = medium

    def __getattr__(self, name):
        if name == "skips" and self.breaks:
            self.breaks = 0
            raise KeyboardInterrupt
        return getattr(self._medium, name)

    def append(self, *where):
        self._medium.append(*where)
        if self.breaks:
            raise KeyboardInterrupt


def test_so_does_ctrl_c_that_breaks_in_twice():
    for ring, again in on_each_medium():
        log(ring, 0, 5)
        ring.medium = BreaksInTwice(ring.medium)
        ring.medium.breaks = 1
        raises(KeyboardInterrupt, log, ring, 5, 1)
        ring.medium.breaks = 0
        log(ring, 6, 3)
        for one in (ring, again()):
            invariants.check(one, len(found(one)))
            assert found(one) == [0, 1, 2, 3, 4, 6, 7, 8]


def test_a_second_ctrl_c_before_anything_is_taken_back_leaves_a_reading_that_counts_nowhere():
    for ring, again in on_each_medium():
        log(ring, 0, 5)
        ring.settle = lambda: ring.program(ring.waiting)  # noqa: B023 - so all that settle() does besides is left out
        broken_off(ring.medium, "append", log, ring, 5, 1)
        del ring.settle
        log(ring, 6, 3)
        for one in (ring, again()):
            invariants.check(one, len(found(one)))
            assert found(one) == [0, 1, 2, 3, 4, 6, 7, 8]


def test_an_upload_that_interrupts_a_log_is_refused_and_the_reading_stored():
    client = Client("token", ring=FileRing("ring"), transport=FakeServer(), clock=FakeClock())
    real = client.ring.medium.append

    def append(*where):
        client.ring.medium.append = real
        raises(Busy, client.upload)
        real(*where)

    client.ring.medium.append = append
    client.log(1, 21.5)
    assert list(client.points()) == [(1, NOW_MS, 21.5)]
    assert client.upload().uploaded == 1


def test_an_upload_with_a_wrong_timeout_forbids_no_later_one():
    client = Client("token", ring=FileRing("ring"), transport=FakeServer(), clock=FakeClock())
    client.log(1, 21.5)
    raises(TypeError, lambda: client.upload(timeout_s="60"))
    assert client.upload().uploaded == 1


def test_a_clear_while_a_drain_counts_ends_it_in_good_order_also_with_a_refused_pin():
    from blynk_batch.upload.call import Call

    client = Client("token", ring=FileRing("ring"), transport=FakeServer(REFUSAL), clock=FakeClock(NOW_MS))
    client.log(1, 0)
    client.upload()
    assert client.stats()["held"] == 1
    for number in range(4000):
        client.log_group({1: number, 2: number})
    call = Call(client, None, None)
    try:
        assert call.next(None) is None  # it lets others work
        client.clear()
        while True:
            call.next(None)
    except StopIteration:
        pass
    finally:
        call.end()
    assert (call.result.error, client.pending) == (None, 0), call.result
    client.log(2, 5)
    assert client.upload().uploaded == 1


class ClearsMeanwhile(FakeServer):
    """Each request finds the ring cleared while it is under way."""

    def post(self, url, headers, body, timeout_s):
        reply = super().post(url, headers, body, timeout_s)
        self.client.clear()
        return reply


def test_a_clear_while_what_was_refused_is_asked_for_again_costs_the_upload_nothing():
    for replies in ((), ((400, {}, b"{}"),)):
        blynk_batch.client._open_rings.clear()
        client = Client("token", ring=BlockRing(NorFlash(8)), transport=FakeServer(REFUSAL), clock=FakeClock(NOW_MS))
        client.log(1, 0)
        client.upload()
        assert client.stats()["held"] == 1
        client.clock.wait(86400000)
        client.transport = server = ClearsMeanwhile(*replies)
        server.client = client
        client.upload()
        assert len(server.requests) == 1
        stats = client.stats()
        assert (stats["pending"], stats["held"], stats["uploaded"] + stats["dropped"]) == (0, 0, 1), stats
        invariants.check(client.ring, len(list(client.points())))


class RefusesOdd(FakeServer):
    """No batch with an odd number in it."""

    def post(self, url, headers, body, timeout_s):
        self.replies = [(200, {}, b"OK")]
        for chunk in b"".join([bytes(chunk) for chunk in body]).split(b"],["):
            if int(chunk.split(b",")[-1].rstrip(b"]")) & 1:
                self.replies = [(400, {}, b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}')]
        return super().post(url, headers, body, timeout_s)


def test_a_clear_at_any_pause_of_a_drain_that_searches_brings_back_nothing():
    from blynk_batch.upload.call import Call

    pauses = 0
    while True:
        blynk_batch.client._open_rings.clear()
        server = RefusesOdd()
        client = Client("token", ring=BlockRing(NorFlash(8)), transport=server, clock=FakeClock(NOW_MS))
        for number in range(12):
            client.log_group({1: number & 3, 2: 0, 3: number & 7})
        call = Call(client, None, None)
        reply, left = None, pauses
        try:
            while True:
                body = call.next(reply)
                reply = call.post(body) if body else None
                if not left:
                    client.clear()
                    client.log(1, 1)
                left -= 1
        except StopIteration:
            pass
        finally:
            call.end()
        invariants.check(client.ring, len(list(client.points())))
        if left >= 0:
            assert pauses > 20, pauses
            return
        client.upload()
        client.clock.wait(86400000)
        client.upload()
        invariants.check(client.ring, len(list(client.points())))
        assert client.pending == 1, client.stats()
        pauses += 1
