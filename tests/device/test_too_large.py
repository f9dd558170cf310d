"""Batches that are too large for a server or a network that does not say so: whatever comes instead, what a smaller one
holds arrives."""

import json

from stand_ins import NOW_MS, FakeClock, FakeServer
from timing import HOUR, client_on

HEAP = "4m"
WASM = False  # minutes there
REPLIES = (400, 404, 408, 413, 429, 500, 502, 503, 504, OSError(104), OSError(110))


class Picky:
    """Takes batches of at most `most` points; to any other it answers with `reply`, a status or an exception, once it
    has all of it, or with `cut` the half."""

    def __init__(self, reply, most=60, cut=False):
        self.reply, self.most, self.cut = reply, most, cut
        self.points, self.sizes = {}, []

    def post(self, url, headers, body, timeout_s):
        text = b""
        for chunk in body:
            text += bytes(chunk)
            if self.cut and 2 * len(text) > int(headers["Content-Length"]) and text.count(b"[") > self.most:
                break
        size = text.count(b"[") - 1
        self.sizes.append(size)
        if size > self.most or self.cut and text[-2:] != b"]]":
            if isinstance(self.reply, Exception):
                raise self.reply
            return self.reply, {}, b"No."
        for ms, value in json.loads(text):
            assert (url, ms) not in self.points, "a point again"
            self.points[url, ms] = value
        return 200, {}, b"OK"


def drained(server, pins, path, days=3):
    clock = FakeClock(NOW_MS)
    client = client_on(clock, server, path)
    for number in range(150 * pins):
        client.log(number % pins, number)
        clock.wait(1000)
    for hour in range(24 * days):
        client.upload()
        clock.wait(HOUR)
        if hour % 7 == 6:
            client = client_on(clock, server, path)
        if not client.pending:
            break
    return client


def test_whatever_comes_instead_of_a_reason_smaller_batches_follow():
    for number, reply in enumerate(REPLIES):
        for pins in (1, 3):
            server = Picky(reply)
            client = drained(server, pins, "ring%d-%d" % (number, pins))
            assert client.pending == 0, (reply, pins, client)
            assert sorted(server.points.values()) == list(range(150 * pins))
            assert len(server.sizes) <= 100, (reply, pins, server.sizes)


def test_a_connection_that_ends_in_the_midst_of_large_batches_costs_a_day_at_most():
    for pins in (1, 3):
        server = Picky(OSError(104), cut=True)
        client = drained(server, pins, "ring%d" % pins, days=1)
        assert client.pending == 0 and sorted(server.points.values()) == list(range(150 * pins))


def test_after_a_long_outage_of_the_server_one_point_shows_that_it_is_over():
    clock, server = FakeClock(NOW_MS), Picky(503, most=0)
    client = client_on(clock, server)
    for number in range(300):
        client.log(1, number)
        clock.wait(HOUR // 10)
        if number % 10 == 9:
            client.upload()
    assert set(server.sizes[10:]) == {1}
    server.most, server.sizes = 1000, []
    clock.wait(HOUR)
    client.upload()
    assert client.pending == 0 and server.sizes[0] == 1 and len(server.sizes) <= 10, server.sizes


class OutOfReach(Picky):
    """As HTTPS where the Wi-Fi says it is connected and is not: the call's time ends before there is a connection."""

    connects = False

    def post(self, url, headers, body, timeout_s):
        if self.connects:
            return super().post(url, headers, body, timeout_s)
        self.clock.wait(1000 * timeout_s)
        body.tick()


def test_a_server_out_of_reach_makes_no_batch_smaller():
    server = OutOfReach(None, most=1000)
    server.clock = clock = FakeClock(NOW_MS)
    client = client_on(clock, server)
    for number in range(300):
        client.log(1, number)
        clock.wait(1000)
    for _ in range(10):
        assert client.upload(timeout_s=5).waiting == "time"
    server.connects = True
    client.upload()
    assert server.sizes == [300], server.sizes


def test_a_pin_whose_batches_are_never_accepted_starves_no_other_for_more_than_a_day():
    for reply in (OSError(110), 429, 404, 503):
        starve_none(reply)


def starve_none(reply):
    class OnePin(Picky):
        def post(self, url, headers, body, timeout_s):
            self.most = 0 if url.endswith("v0") else 1000
            return super().post(url, headers, body, timeout_s)

    clock, server, path = FakeClock(NOW_MS), OnePin(reply), "ring %s" % reply
    client = client_on(clock, server, path)
    for hour in range(96):
        client.log_group({0: hour, 1: hour, 2: hour})
        if hour % 7 == 6:
            client = client_on(clock, server, path)
        client.upload()
        clock.wait(HOUR)
        if hour == 30:
            assert len(server.points) >= 2 * 24, (reply, len(server.points))
    assert len(server.points) >= 2 * 92, (reply, len(server.points))
    server.post = Picky(None, most=1000).post
    client.release(0)
    client.upload()
    assert client.pending == 0, client


def test_a_pin_that_is_always_to_come_later_keeps_the_others_waiting_three_times_as_long_and_then_a_day_at_most():
    for wait_s in (2 * 3600, 86400):
        for pin in (0, 1):
            clock, path = FakeClock(NOW_MS), "ring%d-%d" % (wait_s, pin)
            server = Later(pin, wait_s)
            client = client_on(clock, server, path)
            for hour in range(8 * 24):
                client.log_group({0: hour, 1: hour})
                client.upload()
                clock.wait(HOUR)
                most = max(3 * wait_s // 3600 if hour < 96 else 0, 24) + 1
                assert len(server.points) >= hour - most, (wait_s, pin, hour, len(server.points))
            assert not client.stats()["rejected"], client


class Later(FakeServer):
    """Answers 429 to each batch of a pin, and that it is to come again in `wait_s`."""

    def __init__(self, pin, wait_s):
        super().__init__()
        self.suffix, self.reply = "=v%d" % pin, (429, {"retry-after": str(wait_s)}, b"")

    def post(self, url, headers, body, timeout_s):
        if url.endswith(self.suffix):
            self.replies = [self.reply]
        return super().post(url, headers, body, timeout_s)


class Slow:
    """Takes a second for four points, and no Date is in its replies."""

    def __init__(self, clock):
        self.clock, self.points, self.questions = clock, 0, 0

    def post(self, url, headers, body, timeout_s):
        text = b""
        for chunk in body:
            text += bytes(chunk)
            self.clock.wait(250 * bytes(chunk).count(b"["))
        self.questions += text == b"[]"
        self.points += text.count(b"[") - 1
        return 200, {}, b"OK"


def test_a_batch_that_is_too_large_for_a_call_gets_smaller_also_behind_the_question_for_the_date():
    clock = FakeClock(None)
    clock.refresh = lambda client, watchdog: None  # as the board's own has, which each drain asks for the Date of
    server = Slow(clock)
    client = client_on(clock, server, "ring")
    for number in range(200):
        client.log(1, number, timestamp=NOW_MS + number)
    for _ in range(8):
        client.upload(timeout_s=30)
        clock.wait(24 * HOUR)
    assert server.questions > 1 and server.points > 190, (server.questions, server.points, client.stats())
