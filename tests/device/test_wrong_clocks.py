"""Clocks that are wrong, or step: what is stored goes out, nothing expires for them, and no wait hangs on them."""

import random

from blynk_batch import BlockRing, Client
from blynk_batch.clock import wall as clocks
from board_clock import date_of
from flash import NorFlash
from stand_ins import NOW_MS, FakeClock, FakeServer
from timing import DAY, HOUR, MINUTE, arrived, client_on, unknown_boot

HEAP = "4m"


def test_steps_of_the_clock_neither_block_nor_reorder_nor_refuse_what_is_stored():
    clock = FakeClock()
    server = FakeServer()
    client = client_on(clock, server, points_per_day=None)
    wanted = []
    number = 0
    for step in (0, HOUR, -2 * HOUR, 400 * DAY, -500 * DAY, 3000 * DAY, -2900 * DAY):
        clock.now_ms += step
        for _ in range(3):
            clock.wait(1000)
            number += 1
            if clock.now_ms < clocks.BUILD_MS:  # what SystemClock would say
                clock.now_ms = clocks.BUILD_MS
            client.log(1, number)
            wanted.append((clock.now_ms - NOW_MS, number))
        if number % 2:
            result = client.upload()
            assert result.error is None and result.waiting is None and client.pending == 0, result
    client.upload()
    assert arrived(server) == wanted
    assert client.stats()["dropped"] == client.stats()["expired"] == 0


def date(ms):
    """A reply's Date header."""
    days = "Mon Tue Wed Thu Fri Sat Sun".split()
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    t = date_of(ms // 1000)
    return "%s, %02d %s %d %02d:%02d:%02d GMT" % (days[t[6]], t[2], months[t[1] - 1], t[0], t[3], t[4], t[5])


class DatedServer(FakeServer):
    """Every reply carries the server's own `Date`."""

    def __init__(self, clock, *replies):
        super().__init__(*replies)
        self.clock = clock

    def post(self, *args):
        status, headers, text = super().post(*args)
        return status, dict(headers, date=date(self.clock.now_ms)), text


def test_the_servers_date_tells_how_wrong_the_clock_is():
    year = 365 * 86400
    for error_s, shown in ((0, None), (100, None), (-100, None), (7200, 7200), (-19800, -19800), (year, year)):
        clock = FakeClock(NOW_MS + error_s * 1000)
        client = client_on(clock, DatedServer(FakeClock(NOW_MS)), path="clock%d" % error_s)
        client.log(1, 1)
        assert client.stats()["clock_error_s"] is None
        client.upload()
        found = client.stats()["clock_error_s"]
        assert found == shown, (error_s, found)
        clock.now_ms = NOW_MS
        client.log(1, 2)
        client.upload()
        assert client.stats()["clock_error_s"] is None


def test_one_bad_clock_expires_nothing():
    for error_days, expired in ((0, 3), (400, 0), (-400, 0), (2000, 0), (9000, 0)):
        path = "bad%d" % error_days
        client = client_on(FakeClock(), path=path)
        for day in (40, 31, 29.5, 29, 1):
            client.log(1, day, timestamp=NOW_MS - int(day * DAY))
        client.log(2, 40, timestamp=NOW_MS - 40 * DAY)
        server = DatedServer(FakeClock(NOW_MS))
        client = client_on(FakeClock(NOW_MS + error_days * DAY), server, path=path, max_age_days=30)
        result = client.upload()
        stats = client.stats()
        assert stats["expired"] == expired and stats["uploaded"] == 6 - expired, (error_days, result, stats)
        assert client.pending == 0


def test_a_clock_that_steps_after_a_reply_agreed_with_it_expires_nothing():
    for step_days in (60, 400, -400):
        clock = FakeClock()
        server = DatedServer(FakeClock(NOW_MS))
        client = client_on(clock, server, path="step%d" % step_days, max_age_days=30)
        for number in range(3):
            client.log(1, number)
            if number != 1:
                client.upload()
            clock.now_ms += number * step_days * DAY
        stats = client.stats()
        assert (stats["expired"], stats["uploaded"], client.pending) == (0, 3, 0), (step_days, stats)


def test_expiry_asks_the_server_for_its_date_only_when_something_would_expire():
    server = DatedServer(FakeClock(NOW_MS))
    client = client_on(FakeClock(NOW_MS), server, max_age_days=30)
    client.log(1, 1)
    client.upload()
    assert len(server.requests) == 1
    client = client_on(FakeClock(NOW_MS), server, max_age_days=30)
    for day in (40, 41, 1):
        client.log(1, day, timestamp=NOW_MS - day * DAY)
    client.upload()
    assert [body for _, body in server.requests[1:]] == [b"[]", b"[[%d,1]]" % (NOW_MS - DAY)]
    assert client.stats()["expired"] == 2
    client.log(1, 40, timestamp=NOW_MS - 40 * DAY)
    client.upload()
    assert client.stats()["expired"] == 3 and client.pending == 0 and len(server.requests) == 4
    client.log(1, 1)
    client.upload()
    assert len(server.requests) == 5


def test_what_would_expire_is_found_as_a_window_is_counted_so_that_short_uploads_deliver_too():
    read = []
    for days in (None, 30):
        device = NorFlash(32)
        clock = FakeClock()
        client = Client("token", ring=BlockRing(device), clock=clock, transport=FakeServer(), max_age_days=days)
        for number in range(2000):
            client.log(1, "text" if number % 2 else number)
            clock.wait(MINUTE)
        before = device.bytes_read
        client.upload()
        assert client.stats()["uploaded"] == 2000
        read.append(device.bytes_read - before)
    assert read[1] - read[0] < 200, read


def test_the_look_for_what_would_expire_feeds_the_watchdog_as_it_goes():
    device = NorFlash(16)
    clock = FakeClock()
    client = Client("token", ring=BlockRing(device), clock=clock, transport=FakeServer(OSError(5)), max_age_days=30)
    for number in range(3000):
        client.log(1, number)
        clock.wait(MINUTE)
    client.log(1, "the last", timestamp=NOW_MS - 40 * DAY)
    before, most = device.bytes_read, 0

    def watchdog():
        nonlocal before, most
        most, before = max(most, device.bytes_read - before), device.bytes_read

    result = client.upload(watchdog=watchdog)
    watchdog()
    assert result.requests == 1 and client.transport.requests[0][1] == b"[]"
    assert most < 6000, most  # of 26 KB; a sector is looked through where it is erased


def test_refused_points_that_rest_ask_for_a_date_with_their_tries_alone():
    class Picky(DatedServer):
        def post(self, url, *args):
            status, headers, text = super().post(url, *args)
            wrong = url.endswith("v2") and self.requests[-1][1] != b"[]"
            return (400, headers, b'{"error":{"message":"Wrong value"}}') if wrong else (status, headers, text)

    clock = FakeClock()
    server = Picky(clock)
    client = client_on(clock, server, max_age_days=2)
    for hour in range(8 * 24):
        if hour < 3 * 24:
            client.log(1, hour)
            if hour % 6 == 0:
                client.log(2, hour)
        client.upload()
        clock.wait(HOUR)
    asked = len([body for _, body in server.requests if body == b"[]"])
    stats = client.stats()
    assert stats["expired"] == 12 and stats["uploaded"] == 3 * 24 and not client.pending, stats
    assert 0 < asked <= 12, asked


def test_a_server_that_sends_no_date_does_not_stop_expiry():
    server = FakeServer()
    client = client_on(FakeClock(NOW_MS), server, max_age_days=30)
    for day in (40, 1):
        client.log(1, day, timestamp=NOW_MS - day * DAY)
    client.upload()
    assert client.stats()["expired"] == 1 and [value for _, value in arrived(server)] == [1]


def test_what_expired_or_was_estimated_is_counted_once_also_when_a_reset_comes_between_two_batches_of_a_pin():
    for resets in (False, True):
        for unsynced in ("estimate", "drop"):
            path = "between%d%s" % (resets, unsynced)
            client = client_on(FakeClock(NOW_MS), path=path)
            for day in (40, 39, 1, 38, 1, 1, 37, 1):
                client.log(1, day, timestamp=NOW_MS - day * DAY)
            unknown_boot(6, path)
            server = FakeServer()
            options = {"max_age_days": 30, "unsynced": unsynced, "batch_points": 3, "path": path}
            client = client_on(FakeClock(NOW_MS), server, **options)
            client.log(1, 0)
            for hour in range(9):
                server.replies = [(200, {}, b"OK"), (200, {}, b"OK"), OSError(5)] if resets else []
                client.upload()
                if resets:
                    client = client_on(FakeClock(NOW_MS + hour * HOUR), server, **options)
            assert client.pending == 0
            stats = client.stats()
            found = [stats[name] for name in ("expired", "estimated", "dropped", "uploaded", "logged")]
            assert found == ([4, 6, 0, 11, 15] if unsynced == "estimate" else [4, 0, 6, 5, 15]), (resets, found)


def test_a_pin_that_never_gets_a_reply_is_not_always_the_one_that_is_asked_before_the_first_point_expires():
    class Silent(FakeServer):
        def post(self, url, headers, body, timeout_s):
            if url.endswith("v1"):
                self.replies = [list(body) and OSError(110)]
            return FakeServer.post(self, url, headers, body, timeout_s)

    clock, server = FakeClock(), Silent()
    client = client_on(clock, server, max_age_days=1)
    client.log(1, 0)
    clock.wait(2 * DAY)
    client.log(2, 0)
    for _ in range(3):
        client.upload()
        clock.wait(HOUR)
    assert server.points and client.pending == 0, client


def test_without_a_clock_nothing_expires():
    server = FakeServer()
    client = client_on(FakeClock(None), server, max_age_days=30)
    client.log(1, 40, timestamp=NOW_MS - 40 * DAY)
    client.upload()
    assert client.stats()["expired"] == 0 and arrived(server) == [(-40 * DAY, 40)]


def test_a_backoff_that_a_wrong_clock_noted_ends_when_the_clock_is_put_right():
    server = FakeServer((503, {}, b""))
    client = client_on(FakeClock(NOW_MS + 3000 * DAY), server)
    client.log(1, 1)
    assert client.upload().retry_after_s
    client = client_on(FakeClock(NOW_MS), server)
    assert client.upload().uploaded == 1


def test_a_step_of_the_clock_does_not_lengthen_a_backoff():
    clock = FakeClock()
    client = client_on(clock, FakeServer((503, {}, b"")))
    client.log(1, 1)
    client.upload()
    clock.now_ms -= 1000 * DAY
    assert client.upload().waiting == "backoff"
    clock.wait(20000)
    assert client.upload().uploaded == 1


def test_a_board_without_a_clock_that_wakes_for_a_moment_gets_out_of_a_backoff():
    for wait_s in (10, 60, 600, 3600):
        random.seed(wait_s)
        server = FakeServer((429, {"retry-after": str(wait_s)}, b""))
        path = "wakes%d" % wait_s
        client = client_on(FakeClock(None), server, path=path)
        client.log(1, 1, timestamp=NOW_MS)
        client.upload()
        wakes = 0
        while client.pending:
            client = client_on(FakeClock(None), server, path=path)
            client.upload()
            wakes += 1
            assert wakes < 600
        assert wakes >= wait_s // 600, (wait_s, wakes)


def test_due_keeps_its_interval_over_sleeps_that_lose_the_clock():
    server = FakeServer()
    drains = []
    for minute in range(30):
        clock = FakeClock(None)
        client = client_on(clock, server)
        clock.wait(1000)
        client.log(1, minute)
        if client.due(600):
            clock.now_ms = NOW_MS + minute * MINUTE + 1000
            assert client.upload().error is None
            drains.append(minute)
        clock.wait(1000)
        client.close(sleep_ms=MINUTE - 2000)
    assert drains == [0, 10, 20], drains


def test_due_does_not_take_the_uptime_of_another_boot_for_its_own():
    clock = FakeClock(NOW_MS, uptime_ms=5000)
    client = client_on(clock)
    client.log(1, 1)
    client.upload()
    client.close()
    clock = FakeClock(None, uptime_ms=8000)
    client = client_on(clock)
    client.log(1, 2)
    assert client.due(900)


class ClockChip(FakeClock):
    """One that often does not answer, or with a number that is none, as a chip with a long cable does."""

    faults = (OSError(5), ValueError("checksum"), float("nan"), "2026-11-29")

    def now(self):
        fault = random.choice(self.faults + (None,) * 4)
        if isinstance(fault, Exception):
            raise fault
        return float(self.now_ms) if fault is None else fault


def test_a_clock_that_does_not_answer_now_and_then_costs_no_reading_and_no_upload():
    random.seed(7)
    clock, server = ClockChip(), FakeServer()
    client = client_on(clock, server, points_per_day=1000)
    wanted = []
    for number in range(200):
        clock.wait(MINUTE)
        client.log(1, number)
        wanted.append(number)
        if number % 20 == 10:
            client.due(900)
            result = client.upload()
            assert result.error is None and result.waiting in (None, "clock"), result
            assert client.stats()["logged"] == number + 1 and len(list(client.points())) == client.pending
    while client.pending:
        clock.wait(MINUTE)
        client.upload()
    assert [value for _, value in arrived(server)] == wanted
    client.close(sleep_ms=1000)


def test_what_was_refused_while_the_clock_was_behind_2106_arrives_after_a_reset_too():
    wrong = 400, {}, b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}'
    for now_ms in (NOW_MS, 4300000000000, 9900000000000):
        clock, server, path = FakeClock(now_ms), FakeServer(*[wrong] * 9), "far%d" % now_ms
        client = client_on(clock, server, path=path)
        client.log(1, 1)
        client.log(1, 2)
        client.upload()
        assert client.stats()["held"] == 2 and not server.points, client.stats()
        server.replies.clear()
        client = client_on(clock, server, path=path)
        for _ in range(2):
            clock.wait(DAY)
            assert client.due(0) or not client.pending
            client.upload()
        assert [value for _, _, value in server.points] == [1, 2] and not client.pending, client
