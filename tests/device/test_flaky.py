"""A network that loses replies, and a server that fails now and then, for weeks, while some points are refused."""

import gc
import json
import random

from delivery import KNOWN
from stand_ins import NOW_MS, FakeClock, FakeServer
from timing import DAY, HOUR, MINUTE, client_on

HEAP = "4m"
WASM = False  # minutes there
PINS = (0, 1, 2, 3)


class Flaky:
    """A part of the requests fails in any way, of the others a part is stored and its reply lost; -1 is refused."""

    def __init__(self, failing, losing):
        self.failing, self.losing = failing, losing
        self.got = {}

    def post(self, url, headers, body, timeout_s):
        pin = int(url.split("&pin=v")[1])
        if random.random() < self.failing:
            how = random.choice((500, 503, 104, 113))
            if how >= 500:
                return how, {}, b""
            if how == 104:
                next(iter(body))  # it ends in the midst
            raise OSError(how)
        points = json.loads(b"".join([bytes(chunk) for chunk in body]))
        if [value for _, value in points if value < 0]:
            return 400, {}, KNOWN
        for _, value in points:
            self.got[pin, value] = True
        if random.random() < self.losing:
            raise OSError(110)
        return 200, {}, b"OK"


def live_with(failing, losing):
    clock, server = FakeClock(NOW_MS), Flaky(failing, losing)
    client = client_on(clock, server, "ring%d-%d" % (failing * 10, losing * 10), 1 << 18)
    for number in range(60):
        client.log_group({pin: -1 if number == 20 + 10 * pin else number for pin in PINS})
        clock.wait(60000)
    for hour in range(30 * 24):
        client.upload()
        clock.wait(HOUR)
        gc.collect()
        if hour < 10 * 24:
            client.log_group({pin: 100 + hour for pin in PINS})
    stats = client.stats()
    assert stats["rejected"] == stats["dropped"] == 0, (failing, losing, stats)
    assert len(server.got) == len(PINS) * (59 + 10 * 24), (failing, losing, len(server.got))
    assert stats["held"] == len(PINS)


def test_a_few_refused_points_and_lost_replies_cost_no_good_reading():
    live_with(0, 0.3)


def test_so_it_is_if_the_server_fails_as_often():
    live_with(0.3, 0.3)
    live_with(0.3, 0)


class Mended:
    """Refuses all; once `mended`, takes all but what is of pin 0: that never gets a reply."""

    mended = False

    def __init__(self):
        self.got = {}

    def post(self, url, headers, body, timeout_s):
        pin = int(url.split("&pin=v")[1])
        points = json.loads(b"".join([bytes(chunk) for chunk in body]))
        if not self.mended:
            return 400, {}, KNOWN
        if not pin:
            raise OSError(110)
        for _, value in points:
            self.got[pin, value] = True
        return 200, {}, b"OK"


def test_a_try_that_never_gets_a_reply_keeps_no_other_held_points_waiting():
    for together in (True, False):
        clock, server = FakeClock(NOW_MS), Mended()
        client = client_on(clock, server, "ring%d" % together)
        for number in range(30):
            if together:
                client.log_group({pin: number for pin in PINS})
            else:
                client.log(PINS[number % 4], number)
            clock.wait(1000)
        client.upload()
        assert client.stats()["held"] == client.pending > 0
        server.mended = True
        for _ in range(5 * 24):
            clock.wait(HOUR)
            client.upload()
        assert client.pending == (30 if together else 8), (together, client)
        assert len(server.got) == (90 if together else 22), (together, server.got)


class NeverToNothing(FakeServer):
    """Answers no batch without points."""

    def post(self, url, headers, body, timeout_s):
        if body.points:
            return super().post(url, headers, body, timeout_s)
        raise OSError(110)


class Unset(FakeClock):
    """A board's, which nobody sets."""

    agreed, heard_ms = False, 0

    def refresh(self, client, watchdog):
        pass


def test_a_question_for_the_date_that_never_gets_a_reply_keeps_no_reading_waiting_for_long():
    for number, clock in enumerate((FakeClock(), Unset(None))):
        client = client_on(clock, NeverToNothing(), "ring%d" % number, max_age_days=5)
        for day in range(20):
            client.log(1, day, timestamp=NOW_MS + day * DAY)
            clock.wait(DAY)
        for _ in range(24):
            clock.wait(HOUR)
            client.upload()
        assert client.pending == client.stats()["expired"] == 0, client.stats()
        assert len(client.transport.points) == 20


def test_a_server_that_answers_nothing_is_asked_as_seldom_where_a_question_comes_first():
    for number, clock in enumerate((FakeClock(), Unset(None))):
        client = client_on(clock, FakeServer(*[OSError(110)] * 999), "ring%d" % number, max_age_days=5)
        client.log(1, 1)
        for _ in range(2):
            clock.wait(10 * DAY)
            for _ in range(24 * 60):
                clock.wait(MINUTE)
                result = client.upload()
                assert result.waiting == "backoff" or result.error, result
            client.log(1, 1)
        assert client.stats()["requests"] < 2 * 2 * 48, client.stats()


class Behind(FakeServer):
    """Behind a proxy that answers with a page of its own all but the first batch, or once `mended` those of `pin`."""

    mended = False

    def __init__(self, page, pin):
        super().__init__()
        self.page, self.last = page, "=v%d" % pin

    def post(self, url, headers, body, timeout_s):
        fails = url.endswith(self.last) if self.mended else self.points
        self.replies = [(400, {}, self.page)] if fails else []
        return super().post(url, headers, body, timeout_s)


def test_a_proxys_page_of_status_400_holds_a_pin_only_if_it_alone_gets_it_again_and_again():
    for page in (b"<html><head><title>400 Bad Request</title></head></html>", b"\r\n<!DOCTYPE html>"):
        clock, server = FakeClock(NOW_MS), Behind(page, 3)
        client = client_on(clock, server, "ring%d" % len(page))
        for number in range(40):
            client.log(PINS[number % 4], number)
        result = client.upload()
        assert "400: a page that is not Blynk's" in str(result.error), result
        assert (result.uploaded, len(server.requests), client.stats()["held"]) == (10, 2, 0), result
        server.mended = True
        told = []
        while result.retry_after_s:
            clock.wait(result.retry_after_s * 1000)
            result = client.upload()
            told.append((result.pending, client.stats()["held"]))
        assert told == [(20, 0), (10, 10)], told
