"""What fails once, or should not have been done at all, ends nothing else: programs, clocks, threads, firmware."""

import sys

import blynk_batch
from flash import NorFlash
from stand_ins import NOW_MS, FakeClock, FakeServer

WASM = False  # it has no threads, and no asyncio.run


def client_on(ring=None, **options):
    options = dict({"transport": FakeServer(), "clock": FakeClock()}, **options)
    ring = ring or blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    return blynk_batch.Client("token-of-32-characters-123456789", ring=ring, **options)


def raised(kind, action, *words):
    try:
        action()
    except kind as e:
        assert all([word in str(e) for word in words]), e
        return
    raise AssertionError("nothing was raised")


# Strings


def test_a_string_that_is_no_utf8_is_refused_and_the_rest_of_its_group_too():
    client = client_on()
    for data in (
        b"21\xb0C",  # "%c" % 176
        b"23.5\xc2",  # "%.5s" % "23.5°C"
        b"\xed\xa0\xbd\xed\xb8\x80",  # a pair of surrogates, from json.loads
        b"\xc0\xb0",  # overlong
        b"\xe0\x9f\xbf",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",  # past U+10FFFF
        b"\xf5\x80\x80\x80",
        b"\xc3(",
        b"\xe2\x82",
        b"\xe2\x82\xac\x80",
        b"\xff",
        b"x" * 300 + b"\xb0",
    ):
        text = eval(b"'" + data + b"'")
        raised(ValueError, lambda text=text: client.log("V2", text), "V2", "UTF-8")
        raised(ValueError, lambda text=text: client.log_group({1: 1, 2: text}), "V2", "UTF-8")
    assert client.pending == 0
    good = ["", "plain", "21°C", "€", "\u07ff\u0800\ud7ff\ue000\uffff", "\U00010000\U0010ffff", "°" * 512]
    for text in good:
        client.log(1, text)
    assert [value for _, _, value in client.points()] == good
    assert (client.upload().error, client.pending) == (None, 0)


# The ring


def test_a_client_that_could_not_be_made_leaves_the_ring_free():
    class Failing(FakeClock):
        def now(self):
            raise OSError(19)

    raised(OSError, lambda: client_on(clock=Failing()))
    raised(ValueError, lambda: client_on(batch_points=0))
    client = client_on()
    client.log(1, 1)
    raised(blynk_batch.Error, client_on, "another client", "ring")
    assert client.pending == 1


def test_another_path_of_the_same_folder_is_the_same_ring():
    client_on(blynk_batch.FileRing("a/ring"))
    for path in ("a//ring", "./a/ring", "a/./ring/", "a/b/../ring"):
        raised(blynk_batch.Error, lambda path=path: client_on(blynk_batch.FileRing(path)), "another client")


def test_parts_of_one_device_that_overlap_are_one_ring():
    flash = NorFlash(16)
    first = client_on(blynk_batch.BlockRing(flash, start=4, blocks=6))
    for start, blocks in ((4, 6), (4, 3), (6, 3), (0, 5), (9, 4), (0, 16)):
        other = blynk_batch.BlockRing(flash, start=start, blocks=blocks, format=True)
        raised(blynk_batch.Error, lambda other=other: client_on(other), "another client")
    first.close()
    flash = NorFlash(16)
    client_on(blynk_batch.BlockRing(flash, start=4, blocks=6))
    for start, blocks in ((0, 4), (10, 6)):
        client_on(blynk_batch.BlockRing(flash, start=start, blocks=blocks))


# Firmware without requests


def without_requests(name, *_):
    raise ImportError(name)


def test_a_firmware_without_requests_says_so_in_the_result_and_due_does_not_even_look():
    clock = FakeClock()
    client = client_on(transport=None, clock=clock)
    client.log(1, 1)
    assert client.due(900) is True
    assert "blynk_batch.upload.uploader" not in sys.modules, "due() loads the pace alone"
    from blynk_batch.http import requests

    requests.__import__ = without_requests
    result = client.upload()
    assert type(result.error) is blynk_batch.NetworkError and "requests" in str(result.error), result
    assert (result.pending, client.pending) == (1, 1) and "requests" in client.last_error
    assert client.due(900) is False, "not at each look"
    clock.wait(result.retry_after_s * 1000)
    assert client.due(900) is True
    del requests.__import__


# Programs


def run_for(client, is_online, polls, **options):
    import asyncio

    async def some():
        task = asyncio.create_task(client.run(is_online, interval=0, poll_s=0, **options))
        for _ in range(polls):
            client.clock.wait(1000)
            await asyncio.sleep(0)
        assert not task.done()
        task.cancel()

    asyncio.run(some())


def test_run_goes_on_after_what_it_was_given_raised_once():
    told = []
    client = client_on(debug=told.append)
    client.log(1, 1)
    calls = []

    def once(result=None):
        calls.append(1)
        if len(calls) == 1:
            raise OSError(1, "Wifi Internal State Error")
        return result

    run_for(client, lambda: once(True), 20)
    assert client.pending == 0 and len(calls) > 2
    assert "Wifi Internal State Error" in client.last_error and "Wifi Internal" in told[0]
    calls.clear()
    client.log(1, 2)
    run_for(client, lambda: True, 20, watchdog=once)
    assert client.pending == 0


def test_run_goes_on_after_the_flash_failed_once():
    flash = NorFlash(16)
    client = client_on(blynk_batch.BlockRing(flash))
    client.log(1, 1)
    real = client.ring.commit
    failures = [OSError(5), MemoryError("full")]

    def commit():
        if failures:
            raise failures.pop(0)
        real()

    client.ring.commit = commit
    run_for(client, lambda: True, 20)
    assert client.pending == 0 and "full" in client.last_error


def test_run_ends_when_the_client_is_closed():
    import asyncio

    client = client_on()
    client.close()
    raised(blynk_batch.Error, lambda: asyncio.run(client.run(lambda: True)), "closed")


def test_an_upload_ends_when_its_client_is_closed_and_the_ring_may_be_anothers():
    class Closes(FakeServer):
        def post(self, *args):
            reply = super().post(*args)
            client.close()
            return reply

    server = Closes()
    client = client_on(transport=server)
    client.log_group({1: 1, 2: 2})
    raised(blynk_batch.Error, client.upload, "closed")
    assert len(server.requests) == 1 and client_on().pending == 2  # that one's reply found nobody to note it


def test_what_is_released_in_an_upload_is_tried_by_the_next_client_though_this_one_is_closed_meanwhile():
    class Closes(FakeServer):
        def post(self, *args):
            reply = super().post(*args)
            if self.requests[1:]:
                client.release(2)
                client.close()
                self.end = client.ring.end()
            return reply

    server = Closes((400, {}, b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}'))
    client = client_on(transport=server)
    client.log(2, 1)
    client.upload()
    client.log(1, 1)
    raised(blynk_batch.Error, client.upload, "closed")
    assert client.ring.end() == server.end, "what lies behind may be another client's by now"
    last = client_on()
    last.upload()
    assert [pin for pin, _, _ in last.transport.points] == [1, 2]


def test_a_debug_that_raises_costs_nothing():
    def debug(text):
        raise ValueError(text)

    client = client_on(debug=debug)
    client.log(1, 1)
    result = client.upload()
    assert (result.error, result.uploaded) == (None, 1)


def test_a_transport_that_gives_what_is_no_reply_is_a_network_error():
    clock = FakeClock()
    for reply in (None, 200, (200, {}), (200, None, b"OK"), (200, {}, "OK"), ("OK", {}, b"OK")):
        server = FakeServer()
        server.post = lambda *_, reply=reply: reply
        clock.wait(90000000)
        client = client_on(transport=server, clock=clock)
        client.log(1, 1)
        result = client.upload()
        assert type(result.error) is blynk_batch.NetworkError and client.pending, (reply, result)
        client.close()


class Speechless(Exception):
    def __str__(self):
        raise ValueError("no words")


def test_a_transports_exception_that_cannot_say_what_it_is_is_a_network_error():
    client = client_on(transport=FakeServer(Speechless()))
    client.log(1, 1)
    result = client.upload()
    assert type(result.error) is blynk_batch.NetworkError and "Speechless" in str(result.error), result
    assert client.pending == 1


class ClosesBadly(FakeServer):
    def close(self):
        raise OSError(9)


def test_a_transport_whose_close_raises_costs_the_upload_nothing():
    client = client_on(transport=ClosesBadly())
    client.log(1, 21.5)
    result = client.upload()
    assert (result.uploaded, result.pending, result.error) == (1, 0, None), result


def test_a_transport_that_gives_another_length_than_the_reply_said_has_no_whole_one():
    clock = FakeClock()
    for length, text, counts in (
        ("2", b"OK", True), ("02", b"OK", True), ("3", b"OK\n", True), ("0", b"", True), (2, b"OK", True),
        ("3", b"OK", False), ("40", b"OK", False), ("1", b"OK", False), ("2", b"", False), ("2, 2", b"OK", False),
        ("", b"OK", True), ("-2", b"OK", False),
    ):  # fmt: skip
        clock.wait(90000000)
        client = client_on(transport=FakeServer((200, {"content-length": length}, text)), clock=clock)
        client.log(1, 1)
        assert (client.upload().uploaded > 0) == counts, (length, text)
        client.clear()
        client.close()


def test_a_reply_in_a_bytearray_is_as_good_as_one_in_bytes():
    client = client_on(transport=FakeServer((200, {"content-length": 2}, bytearray(b"OK"))))
    client.log(1, 1)
    assert client.upload().uploaded == 1


def test_a_second_thread_is_refused_with_words_that_say_why():
    import _thread
    import time

    client = client_on()
    client.log(1, 1)
    words = []

    def other():
        for call in (lambda: client.log(1, 2), client.flush, client.upload):
            try:
                call()
            except blynk_batch.Busy as e:
                words.append(str(e))
        words.append("end")

    client.guard.enter()  # as within any call
    _thread.start_new_thread(other, ())
    while "end" not in words:
        time.sleep_ms(1)
    client.guard.leave()
    assert len(words) == 4 and all(["another thread" in word for word in words[:3]]), words
    assert client.pending == 1 and client.upload().uploaded == 1


# Times


def times_of(client, pin):
    return [ms - NOW_MS for found, ms, _ in client.points() if found == pin]


def test_readings_of_one_pin_within_a_millisecond_get_times_a_millisecond_apart():
    client = client_on()
    for number in range(3):
        client.log(1, number)
    client.log_group({2: 1, 3: 1})
    client.log(1, 3)
    client.log(2, 2)
    assert times_of(client, 1) == [0, 1, 2, 3] and times_of(client, 3) == [2]
    assert times_of(client, 2) == [2, 3]
    client.clock.wait(10)
    client.log(1, 4)
    assert times_of(client, 1)[-1] == 10
    for number in range(2):
        client.log(1, number, timestamp=NOW_MS)
    assert times_of(client, 1)[-2:] == [0, 0], "what the program says stays"


def test_a_clock_that_is_set_back_is_followed_at_once():
    client = client_on()
    client.log(1, 1)
    client.clock.wait(-3600000)
    client.log(1, 2)
    assert times_of(client, 1) == [0, -3600000]


def test_the_same_holds_while_the_clock_is_not_known():
    client = client_on(clock=FakeClock(None, 5000))
    for number in range(3):
        client.log(1, number)
    client.clock.now_ms = NOW_MS
    client.upload()
    assert [ms - NOW_MS for _, ms, _ in client.transport.points] == [0, 1, 2]


# When a drain is due


class PoweredOn(FakeClock):
    def powered_on(self):
        return True


def due_after(client, interval_s, step_s=1):
    for seconds in range(0, 2 * interval_s, step_s):
        if client.due(interval_s):
            return seconds
        client.clock.wait(1000 * step_s)


def test_after_power_on_the_first_drain_is_spread_and_the_others_keep_a_phase():
    firsts, seconds = [], []
    for number in range(20):
        ring = blynk_batch.FileRing("ring%d" % number, capacity_bytes=12288)
        clock = PoweredOn()
        client = blynk_batch.Client("token%d" % number, ring=ring, transport=FakeServer(), clock=clock)
        client.log(1, 1)
        firsts.append(due_after(client, 900))
        waits = []
        for _ in range(4):
            client.log(1, 1)
            assert client.upload().uploaded
            client.log(1, 1)
            waits.append(due_after(client, 900))
        seconds.append(waits[0])
        assert waits[1:] == [900] * 3, waits
        client.close()
    assert max(firsts) <= 30 and len(set(firsts)) > 8, firsts
    assert 450 <= min(seconds) < 700 and 1100 < max(seconds) < 1350, seconds


def test_a_program_that_asks_only_once_an_interval_drains_each_time():
    client = client_on(clock=PoweredOn())
    client.clock.wait(60000)
    for _ in range(5):
        client.log(1, 1)
        assert client.due(900)
        client.upload()
        client.clock.wait(900000)


def test_a_program_that_asks_now_and_then_drains_at_the_time_nearest_to_its_phase():
    best = None
    for number in range(6):
        for step_s in (1, 240, 300, 360, 420, 480):
            ring = blynk_batch.FileRing("ring%d-%d" % (number, step_s), capacity_bytes=12288)
            client = blynk_batch.Client("token%d" % number, ring=ring, transport=FakeServer(), clock=PoweredOn())
            client.clock.wait(60000)
            client.log(1, 1)
            assert client.due(900) and client.upload().uploaded
            client.log(1, 1)
            found = due_after(client, 900, step_s)
            best = found if step_s == 1 else best
            assert -step_s // 2 <= found - best <= step_s // 2, (step_s, best, found)


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
        clock.step_ms = 50
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
        import asyncio

        await asyncio.sleep(1000)


def test_uploads_that_are_cancelled_wait_for_the_boot_before_only_once():
    client = client_on(ring_in("ring"), transport=Dies())
    client.log(1, 1)
    try:
        client.upload()
    except KeyboardInterrupt:
        pass
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
