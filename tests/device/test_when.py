"""When a drain is due, and the times of readings that one clock stamps."""

import blynk_batch
from stand_ins import NOW_MS, FakeClock, FakeServer
from small_clients import client_on

WASM = False  # it has no threads, and no asyncio.run


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


def test_so_it_is_where_a_clock_counts_whole_seconds_and_each_reading_has_a_client_of_its_own():
    clock = FakeClock()
    for number in range(300):
        ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
        with client_on(ring, clock=clock) as client:
            client.log(number % 3 // 2 + 1, number)
        clock.wait(1000 if number % 5 == 4 else 0)
    client = client_on(blynk_batch.FileRing("ring"), clock=clock)
    for pin, count in ((1, 200), (2, 100)):
        times = times_of(client, pin)
        assert len(set(times)) == count and max(times) < 300 // 5 * 1000, times


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


def test_and_at_the_moment_at_which_it_becomes_known():
    client = client_on(clock=FakeClock(None, 5000))
    for number in range(3):
        client.log(1, number)
    client.clock.now_ms = NOW_MS
    for number in range(3):
        client.log(1, number)
    assert times_of(client, 1) == list(range(6)), times_of(client, 1)


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
