"""Uploads that end before all is sent, are cancelled or come after a reset: where the next one goes on."""

import blynk_batch
from flash import NorFlash
from ring_checks import raises
from stand_ins import NOW_MS, FakeClock, FakeServer
from small_clients import asyncio_module, client_on, run_for

WASM = False  # it has no threads, and no asyncio.run


def ring_in(path):
    """As after a reset."""
    blynk_batch.client._open_rings.clear()
    return blynk_batch.FileRing(path, capacity_bytes=12288)


class Dies(FakeServer):
    """The power goes with the first request."""

    def post(self, url, headers, body, timeout_s):
        raise KeyboardInterrupt


class SlowBoard(FakeClock):
    """Each look at the time takes `step_ms`, as long as a board takes from one to the next."""

    step_ms = 0

    def uptime(self):
        self.wait(self.step_ms)
        return self.uptime_ms


def test_an_upload_whose_time_ends_while_it_counts_goes_on_there_the_next_time():
    for pins in (1, 12):
        for lost in (0, 3):
            clock, server = SlowBoard(), FakeServer()
            client = client_on(blynk_batch.BlockRing(NorFlash(4)), clock=clock, transport=server)
            for number in range(1200 // pins):
                client.log_group({pin: number for pin in range(pins)})
                clock.wait(1000)
            clock.step_ms = 100
            server.replies = [OSError(110)] * lost
            calls = 0
            while client.pending:
                calls += 1
                result = client.upload(timeout_s=1)
                assert calls < 60 and (result.error is None or lost), (pins, result)
                clock.wait(4000000)
            assert len(server.points) == len(set(server.points)) == 1200
            client.close()


def test_what_is_cleared_or_overwritten_while_an_upload_pauses_in_its_count_is_not_sent():
    for happens in ("clear", "overwrite", "log"):
        clock, server = SlowBoard(), FakeServer()
        client = client_on(blynk_batch.BlockRing(NorFlash(5)), clock=clock, transport=server)
        for number in range(1200):
            client.log(1, number)
            clock.wait(1000)
        clock.step_ms = 500
        result = client.upload(timeout_s=1)
        assert (result.waiting, result.requests) == ("time", 0)
        if happens == "clear":
            client.clear()
        for number in range(1200, 4000 if happens == "overwrite" else 1210):
            client.log(1, number)
        there = [value for _, _, value in client.points()]
        clock.step_ms = 0
        client.upload(timeout_s=1)
        assert [value for _, _, value in server.points] == there and not client.pending, happens
        stats = client.stats()
        assert stats["logged"] == stats["uploaded"] + stats["dropped"] and stats["uploaded"] == len(there)
        client.close()


def test_a_clock_that_is_set_after_an_upload_without_time_is_used_by_the_next():
    client = client_on(clock=FakeClock(None))
    client.log(1, 1)
    client.upload(timeout_s=0)
    client.clock.now_ms = NOW_MS
    assert client.upload().uploaded == 1


def test_a_drain_after_a_reset_that_ends_for_no_fault_leaves_no_wait_behind():
    for faults, waiting in ((0, None), (1, "backoff")):
        clock = FakeClock()
        for server in [FakeServer(OSError(104))] * faults + [Dies()]:
            client = client_on(ring_in("ring%d" % faults), transport=server, clock=clock)
            client.log(1, 1)
            clock.wait(3600000)
            try:
                client.upload()
            except KeyboardInterrupt:
                pass
        clock.wait(3600000)
        client = client_on(ring_in("ring%d" % faults), clock=clock)
        assert client.upload(timeout_s=0).waiting == "time"
        assert client.upload().waiting == waiting


class Hangs(FakeServer):
    async def apost(self, *args):
        await asyncio_module().sleep(1000)


def test_uploads_that_are_cancelled_wait_for_the_boot_before_only_once():
    client = client_on(ring_in("ring"), transport=Dies())
    client.log(1, 1)
    raises(KeyboardInterrupt, client.upload)
    client = client_on(ring_in("ring"), transport=Hangs())
    for _ in range(6):
        client.clock.wait(3600000)
        run_for(client, lambda: True, 20)
        assert client.pace().step() == 1, "the request before was of the last boot the first time alone"


def test_no_other_start_makes_a_drain_wait():
    client = client_on()
    client.log(1, 1)
    assert client.due(900)
    client.upload()
    client.log(1, 1)
    client.clock.wait(899000)
    assert not client.due(900)
    client.clock.wait(1000)
    assert client.due(900)


def test_another_token_does_not_wait_for_what_the_last_one_was_told():
    client = client_on(transport=FakeServer((400, {}, b'{"error":{"message":"Invalid token."}}')))
    client.log(1, 1)
    assert client.upload().retry_after_s == 3600 and not client.due(0)
    client.close()
    ring = blynk_batch.FileRing("ring")
    client = blynk_batch.Client("another", ring=ring, transport=FakeServer(), clock=FakeClock())
    assert client.due(0) and client.upload().uploaded == 1


def test_another_token_or_server_waits_for_no_interval_of_the_last_ones():
    token, clock = "token-of-32-characters-123456789", FakeClock()
    for number, server in (("1", "http://first.example.com"), ("2", "http://first.example.com"), ("2", "http://b.c")):
        ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
        options = {"server": server, "transport": FakeServer(), "clock": clock}
        with blynk_batch.Client(token[:-1] + number, ring=ring, **options) as client:
            client.log(1, 1)
            assert client.due(900), "a wrong one is told within a minute"
            assert client.upload().uploaded == 1
            client.log(1, 2)
            clock.wait(60000)
            assert not client.due(900)
            client.upload()
