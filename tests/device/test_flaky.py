"""A network that loses replies, and a server that fails now and then, for weeks, while some points are refused."""

import gc
import json
import random

from stand_ins import NOW_MS, FakeClock
from timing import HOUR, client_on

HEAP = "4m"
WASM = False  # minutes there
PINS = (0, 1, 2, 3)
REFUSED = b"No datastream setup for that pin."


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
            return 400, {}, REFUSED
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
