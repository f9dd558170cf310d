"""A heap that is full when a batch is sent: the result says so, nothing is lost, and the client goes on afterwards."""

import gc
import sys

import blynk_batch
import micropython
from flash import NorFlash
from stand_ins import FakeClock, FakeServer

HEAP = "288k"  # a tenth more than the search takes from source
WASM = False  # its heap grows


class Hog(FakeServer):
    """Takes all memory in its first post() but for `left` bytes, and keeps it until `release()`."""

    def __init__(self, left, *replies):
        super().__init__(*replies)
        self._left = left
        self._held = []

    def post(self, url, headers, body, timeout_s):
        if self._held is not None:
            try:
                while True:
                    self._held.append(bytearray(496))
            except MemoryError as e:
                del self._held[len(self._held) - self._left // 512 :]
                if not self.replies:
                    raise e
        return super().post(url, headers, body, timeout_s)

    def release(self):
        self._held = None
        gc.collect()


def folder():
    return blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)


def upload_with_a_full_heap(ring, *replies):
    """The Result has the error, and once there is room again, other errors are told as ever and all is delivered."""
    server, clock = Hog(3072, *replies), FakeClock()
    with blynk_batch.Client("token", ring=ring, transport=server, clock=clock) as client:
        for number in range(30):
            client.log(1, number)
        client.uploader()
        failed = client.upload()
        server.release()
        assert type(failed.error) is MemoryError and failed.requests == 1, failed
        assert failed.uploaded == 0 and failed.pending == client.pending == 30 and failed.retry_after_s > 0
        assert client.due(0) is False and client.upload().waiting == "backoff"
        client.log(1, 30)
        clock.wait(failed.retry_after_s * 1000)
        server.replies = [(503, {}, b"")]
        busy = client.upload()
        assert type(busy.error) is blynk_batch.ServerError and busy.retry_after_s > failed.retry_after_s / 2, busy
        clock.wait(busy.retry_after_s * 1000)
        again = client.upload()
        assert (again.uploaded, again.error, again.pending) == (31, None, 0), again
    assert [point[2] for point in server.points] == list(range(31))


def test_a_request_without_memory_is_an_error_of_the_result_and_tried_later():
    upload_with_a_full_heap(folder())


def test_so_is_a_refusal_that_leaves_no_memory_to_look_into_it():
    upload_with_a_full_heap(folder(), (503, {}, b""))


def test_on_raw_flash_an_upload_raises_nothing_where_no_memory_is_left_to_erase_ahead():
    upload_with_a_full_heap(blynk_batch.BlockRing(NorFlash(4)))


def test_an_upload_raises_nothing_however_little_is_left_and_whether_the_heap_is_collected_or_not():
    for number in range(64):
        left, clock = number % 32 * 128, FakeClock()
        server = Hog(left, (503, {}, b""))
        with blynk_batch.Client("token", ring=folder(), transport=server, clock=clock) as client:
            client.log(1, number)
            client.uploader()
            (gc.enable if number < 32 else gc.disable)()
            try:
                failed = client.upload()
            finally:
                gc.enable()
                server.release()
            assert type(failed.error) in (MemoryError, blynk_batch.ServerError), (left, failed)
            assert failed.retry_after_s and failed.pending == 1, (left, failed)
            server.replies = []
            clock.wait(86400000)
            assert client.upload().pending == 0


def test_the_result_says_when_to_try_again_also_where_no_memory_is_left_to_note_that():
    def failing(*args):
        raise MemoryError

    server = FakeServer()
    with blynk_batch.Client("token", ring=folder(), transport=server, clock=FakeClock()) as client:
        client.log(1, 1)
        client.uploader()
        server.post = client.pace().back_off = failing
        failed = client.upload()
        assert type(failed.error) is MemoryError and (failed.retry_after_s, failed.pending) == (10, 1), failed


def test_a_reading_that_finds_no_memory_to_open_a_file_costs_no_sector():
    """A sector that takes no more would be thousands of readings that are dropped too early, in a full ring."""
    import builtins

    def failing(*args):
        raise MemoryError

    plain, kept = builtins.open, []
    with blynk_batch.Client("token", ring=folder(), clock=FakeClock()) as client:
        for number in range(120):
            try:
                if number % 3 == 1:
                    builtins.open = failing
                client.log(1, number)
                kept.append(number)
            except MemoryError:
                pass
            finally:
                builtins.open = plain
        assert len(kept) == 80 and client.stats()["erases"] == 1, (len(kept), client.stats())
        assert [value for _, _, value in client.points()] == kept
    with blynk_batch.Client("token", ring=folder(), clock=FakeClock()) as client:
        assert [value for _, _, value in client.points()] == kept
        assert (client.pending, client.stats()["corrupt"]) == (80, 0)


def test_what_only_opening_needs_is_let_go_of():
    for _ in range(2):
        with blynk_batch.Client("token", ring=folder(), transport=FakeServer(), clock=FakeClock()) as client:
            client.log(1, 1)
            opening = ["blynk_batch.ring." + name for name in ("recover", "decode", "reader", "parsing")]
            assert [name for name in opening if name in sys.modules] == []


class Station:
    """A Wi-Fi driver; `locked`: no memory is left once it has been asked."""

    IF_STA, locked, up = 0, False, False

    def __init__(self, _):
        pass

    def isconnected(self):
        if self.locked:
            micropython.heap_lock()
        return self.up

    def active(self, _):
        pass

    def connect(self, *_):
        pass


class Network:
    WLAN = Station


def test_the_wifi_raises_nothing_where_no_memory_is_left_for_what_it_says():
    sys.modules["network"] = Network
    for was_up in (False, True):
        for is_up in (False, True):
            wifi = blynk_batch.WiFi("home", "secret123", debug=None)
            Station.up = was_up
            wifi.online()
            Station.up, Station.locked = is_up, True
            try:
                found = wifi.online()
            finally:
                micropython.heap_unlock()
                Station.locked = False
            assert found in (False, is_up)
            Station.up = True
            assert wifi.online() is True
