"""However much is in the ring, no pass over it outlasts a watchdog: whoever is given one calls it in each sector."""

import blynk_batch
import invariants
from blynk_batch.report import points
from blynk_batch.ring.state import HELD
from flash import NorFlash
from small_clients import client_on
from stand_ins import FakeClock, FakeServer

HEAP = "8m"
SECTOR_BYTES = 4096


class Dog:
    """Called by what it watches: `most` bytes were read from the flash between two calls."""

    def __init__(self, device):
        self._device, self._before, self.most = device, device.bytes_read, 0

    def feed(self):
        self.most = max(self.most, self._device.bytes_read - self._before)
        self._before = self._device.bytes_read


def backlog(server=None, boots=1, values=(1, True, "on"), readings=3000):
    """(device, client) of readings that nobody knows the time of yet, in so many boots."""
    device = NorFlash(16)
    for _ in range(boots):
        blynk_batch.client._open_rings.clear()
        clock = FakeClock(None)
        client = client_on(blynk_batch.BlockRing(device), clock=clock, transport=server or FakeServer())
        for number in range(readings // boots):
            clock.wait(60000)
            client.log(1, values[number % len(values)])
    return device, client


def test_an_upload_feeds_it_while_it_looks_for_what_tells_the_time_of_a_large_backlog():
    for boots in (1, 3):
        server = FakeServer()
        device, client = backlog(server, boots)
        client.clock.now_ms = 1795000000000
        dog = Dog(device)
        result = client.upload(watchdog=dog.feed)
        dog.feed()
        assert result.uploaded == len(server.points) == 3000, result
        assert dog.most < 2 * SECTOR_BYTES, dog.most


def test_so_do_the_counters_while_the_clock_is_not_set():
    device, client = backlog()
    dog = Dog(device)
    assert client.stats(watchdog=dog.feed)["waiting_for_clock"] == 3000
    dog.feed()
    assert dog.most < 2 * SECTOR_BYTES, dog.most


def test_a_line_about_a_client_reads_nothing_whatever_was_refused():
    refused = (400, {}, b'{"error":{"message":"Your plan has ended."}}')
    device, client = backlog(FakeServer(*[refused] * 9), values=(1,))
    client.clock.now_ms = 1795000000000
    assert client.upload().error and client.ring.get(HELD) == 3000
    assert client.stats()["held"] == 0
    before = device.bytes_read
    assert "3000 pending" in repr(client) and "held" not in repr(client)
    assert device.bytes_read == before


def test_a_large_backlog_is_not_gone_through_for_the_books_after_damage():
    for refused in (False, True):
        device, client = backlog(FakeServer((400, {}, b'{"error":{"message":"No datastream"}}')), readings=1)
        client.clock.now_ms = 1795000000000
        if refused:
            client.upload()
        for number in range(3000):
            client.log(2, number)
            client.clock.wait(60000)
        device.data[client.ring.newest % 16 * 4096 + 30] ^= 1  # the newest header
        blynk_batch.client._open_rings.clear()
        ring = blynk_batch.BlockRing(device)
        assert ring.is_mixed and ring.unchecked
        before = device.bytes_read
        pending = ring.pending
        assert device.bytes_read - before < 2 * SECTOR_BYTES, device.bytes_read - before
        invariants.check(ring, len([0 for point in points(ring, None, "estimate") if point]), damaged=True)
        assert ring.get(HELD) == refused and 2980 < pending <= 3001, (pending, ring.state)


def test_an_upload_that_is_over_calls_it_no_more():
    device, client = backlog()
    calls = []
    client.upload(watchdog=lambda: calls.append(1))
    before = len(calls)
    assert before and len(list(client.points())) == client.stats()["pending"] == 3000
    assert len(calls) == before
