"""The time that each reading gets: over boots, sleeps, power-offs, clocks that are wrong, lost, or set late.

The clock is set by hand and the server has no network; tests/host/test_time.py does the same with the boards' clocks,
flash and HTTP.
"""

import random

import blynk_batch
from blynk_batch import clock as clocks
from stand_ins import NOW_MS, FakeClock, FakeServer

HEAP = "8m"
MINUTE = 60000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def client_on(clock, server=None, path="ring", capacity_bytes=32768, **options):
    """A client as after a reset: whatever came before left without closing."""
    blynk_batch.client._open_rings.clear()
    ring = blynk_batch.FileRing(path, capacity_bytes=capacity_bytes)
    return blynk_batch.Client("token", ring=ring, transport=server or FakeServer(), clock=clock, **options)


def unknown_boot(minutes, path="ring", first=0):
    """A boot that never learns the time and logs its uptime in minutes, once a minute."""
    clock = FakeClock(None)
    client = client_on(clock, path=path)
    for minute in range(minutes):
        clock.wait(MINUTE)
        client.log(1, first + minute + 1)
    return client


def arrived(server):
    return [(ms - NOW_MS, value) for _, ms, value in server.points]


def times(client):
    return [ms if ms is None else ms - NOW_MS for _, ms, _ in client.points()]


# Clocks that may be believed


class BoardTime:
    """The module `time` of a board: `unix_ms` is what its clock shows."""

    PERIOD = 1 << 30

    def __init__(self, unix_ms, epoch_2000=False, ticks=0, nanoseconds=True):
        self.unix_ms, self.ticks = unix_ms, ticks
        self._epoch_s = 946684800 if epoch_2000 else 0
        if nanoseconds:
            self.time_ns = lambda: (self.unix_ms - self._epoch_s * 1000) * 1000000
        self.whole = True

    def gmtime(self, _):
        return (2000 if self._epoch_s else 1970, 1, 1, 0, 0, 0, 0, 1)

    def time(self):
        seconds = (self.unix_ms - self._epoch_s * 1000) / 1000
        return int(seconds) if self.whole else seconds

    def ticks_ms(self):
        return self.ticks % self.PERIOD

    def ticks_add(self, ticks, delta):
        return (ticks + delta) % self.PERIOD

    def ticks_diff(self, a, b):
        half = self.PERIOD // 2
        return (a - b + half) % self.PERIOD - half


def on_board(time):
    """The library's clock.py as that board loads it."""
    import sys

    real = sys.modules.get("time")
    sys.modules["time"] = time
    sys.modules.pop("blynk_batch.clock", None)
    try:
        return __import__("blynk_batch.clock", None, None, ("SystemClock",))
    finally:
        sys.modules["time"] = real or __import__("time")
        sys.modules["blynk_batch.clock"] = clocks


def test_a_clock_is_believed_from_the_librarys_build_on_and_neither_in_2000_nor_in_2021():
    build = clocks.BUILD_MS
    for unix_ms, known in (
        (946684800000, False),  # ESP32 after power-on
        (946684800000 + 30 * DAY, False),
        (1609459200000, False),  # RP2 after every hard reset
        (1609459200000 + 30 * DAY, False),
        (0, False),
        (build - 1, False),
        (build, True),
        (NOW_MS, True),
        (NOW_MS + 3650 * DAY, True),
    ):
        for epoch_2000 in (False, True):
            now = on_board(BoardTime(unix_ms, epoch_2000)).SystemClock().now()
            assert now == (unix_ms if known else None), (unix_ms, epoch_2000, now)


def test_both_epochs_and_both_kinds_of_seconds_give_the_same_unix_milliseconds():
    for epoch_2000 in (False, True):
        for nanoseconds, whole, wanted in ((True, True, 1795000000123), (False, True, 1795000000000)):
            time = BoardTime(1795000000123, epoch_2000, nanoseconds=nanoseconds)
            time.whole = whole
            now = on_board(time).SystemClock().now()
            assert now == wanted and isinstance(now, int), (epoch_2000, nanoseconds, now)
        time.whole = False
        now = on_board(time).SystemClock().now()
        assert isinstance(now, int) and now % 1000 == 0 and 0 <= 1795000000123 - now < 2000, now


def test_uptime_goes_on_when_the_ticks_wrap():
    for start in (0, 5000, (1 << 29) - 10, (1 << 29) + 10, (1 << 30) - 1):
        time = BoardTime(0, ticks=start)
        clock = on_board(time).SystemClock()
        first = clock.uptime()
        passed = 0
        for hours in (1, 24, 200, 290, 100, 297, 1):
            time.ticks += hours * HOUR
            passed += hours * HOUR
            assert clock.uptime() - first == passed, (start, hours, clock.uptime())


def test_uptime_counts_from_the_reset_where_the_ticks_tell():
    assert on_board(BoardTime(0, ticks=2300)).SystemClock().uptime() == 2300
    assert on_board(BoardTime(0, ticks=5 * HOUR)).SystemClock().uptime() == 0


def test_readings_logged_seldom_keep_their_distance_over_wraps_of_the_ticks():
    time = BoardTime(NOW_MS, ticks=1000)
    clock = on_board(time).SystemClock()
    server = FakeServer()
    client = client_on(clock, server)
    time.unix_ms = 0
    client.log(1, 0)
    for _ in range(3):
        time.ticks += 10 * DAY
        client.log(1, 0)
    time.ticks += 10 * DAY
    time.unix_ms = NOW_MS + 40 * DAY
    client.upload()
    assert arrived(server) == [(day * DAY, 0) for day in (0, 10, 20, 30)], arrived(server)


# Anchors


def test_readings_before_the_clock_was_set_get_its_time_once_it_is():
    clock = FakeClock(None)
    server = FakeServer()
    client = client_on(clock, server)
    for minute in range(5):
        client.log(1, minute)
        clock.wait(MINUTE)
    assert times(client) == [None] * 5
    result = client.upload()
    assert (result.waiting, result.uploaded, result.error) == ("clock", 0, None), result
    assert client.stats()["waiting_for_clock"] == 5
    clock.now_ms = NOW_MS + 5 * MINUTE
    assert client.stats()["waiting_for_clock"] == 0
    client.log(1, 5)
    assert client.upload().waiting is None
    assert arrived(server) == [(minute * MINUTE, minute) for minute in range(6)]
    assert client.stats()["estimated"] == 0


def test_each_of_several_boots_has_its_own_anchor():
    server = FakeServer()
    for boot in range(4):
        clock = FakeClock(None)
        client = client_on(clock, server)
        for minute in range(3):
            clock.wait(MINUTE)
            client.log(1, boot * 10 + minute)
        clock.now_ms = NOW_MS + boot * DAY + 3 * MINUTE
        client.log(1, boot * 10 + 3)
    client.upload()
    wanted = [(boot * DAY + m * MINUTE, boot * 10 + m - 1 + (m == 0)) for boot in range(4) for m in (1, 2, 3)]
    assert [point for point in arrived(server) if point[1] % 10 < 3] == wanted
    assert client.stats()["estimated"] == 0


def test_a_reading_with_a_time_of_its_own_does_not_come_between_a_boot_and_its_anchor():
    clock = FakeClock(None)
    server = FakeServer()
    client = client_on(clock, server)
    for minute in range(3):
        clock.wait(MINUTE)
        client.log(1, minute)
        client.log(2, minute, timestamp=NOW_MS - DAY)
    clock.now_ms = NOW_MS + 3 * MINUTE
    client.upload()
    assert [p for p in arrived(server) if p[0] > 0] == [((m + 1) * MINUTE, m) for m in range(3)], server.points
    assert client.stats()["estimated"] == 0


def test_a_clock_that_is_lost_and_found_again_gives_each_stretch_its_own_anchor():
    clock = FakeClock(None)
    server = FakeServer()
    client = client_on(clock, server)
    for stretch in range(3):
        clock.now_ms = None
        client.log(1, stretch)
        clock.wait(MINUTE)
        clock.now_ms = NOW_MS + stretch * MINUTE + MINUTE
        client.log(1, 10 + stretch)
    clock.now_ms = None
    client.log(1, 3)
    assert client.upload().waiting == "clock"
    assert client.stats()["waiting_for_clock"] == 1
    wanted = []
    for stretch in range(3):
        wanted += [(stretch * MINUTE, stretch), (stretch * MINUTE + MINUTE, 10 + stretch)]
    assert arrived(server) == wanted, arrived(server)
    clock.now_ms = NOW_MS + HOUR
    client.upload()
    assert arrived(server)[-1] == (HOUR, 3)
    assert client.stats()["estimated"] == 0


def test_an_anchor_reaches_all_readings_of_its_boot_when_the_oldest_sectors_are_dropped():
    clock = FakeClock(None)
    server = FakeServer()
    client = client_on(clock, server, capacity_bytes=3 * 4096)
    number = 0
    while client.stats()["dropped"] < 500:
        clock.wait(1000)
        number += 1
        client.log(1, number)
    clock.now_ms = NOW_MS + clock.uptime_ms
    while client.stats()["dropped"] < 900:
        clock.wait(1000)
        number += 1
        client.log(1, number)
    client = client_on(clock, server, capacity_bytes=3 * 4096)
    client.upload()
    points = arrived(server)
    stats = client.stats()
    assert points == [(value * 1000, value) for _, value in points] and len(points) == number - stats["dropped"]
    assert stats["estimated"] == 0 and points[0][1] > 900


# Planned sleeps


def sleepy(server, minutes, clock_in_last=True, start=0, unix=NOW_MS, log=True):
    """A board that wakes every minute, loses its clock with each sleep, and awakes for two seconds."""
    for minute in range(start, start + minutes):
        clock = FakeClock(None)
        client = client_on(clock, server)
        clock.wait(1000)
        client.log(1, minute)
        if clock_in_last and minute == start + minutes - 1:
            clock.now_ms = unix + minute * MINUTE + 1000
            client.upload()
        clock.wait(1000)
        client.close(sleep_ms=MINUTE - 2000)


def test_sixty_wakes_of_which_only_the_last_has_a_clock_come_out_within_five_seconds():
    server = FakeServer()
    sleepy(server, 60)
    off = [ms - value * MINUTE - 1000 for ms, value in arrived(server)]
    assert len(off) == 60 and max([abs(ms) for ms in off]) < 5000, off
    assert client_on(FakeClock(None)).stats()["estimated"] == 0


def test_a_board_that_forgets_with_each_sleep_is_anchored_anew_each_time_its_clock_is_set():
    server = FakeServer()
    for hour in range(3):
        sleepy(server, 20, start=hour * 20, unix=NOW_MS + hour * 7000)  # its sleeps are a little too short
    assert [value for _, value in arrived(server)] == list(range(60))
    for ms, value in arrived(server):
        off = ms - value * MINUTE - 1000 - value // 20 * 7000
        assert abs(off) < 5000, (value, off)


def test_after_a_power_off_a_sleep_mark_counts_no_more():
    server = FakeServer()
    sleepy(server, 10, clock_in_last=False)

    class PoweredOn(FakeClock):
        def powered_on(self):
            return True

    clock = PoweredOn(None)
    client = client_on(clock, server)
    clock.wait(1000)
    client.log(1, 10)
    clock.now_ms = NOW_MS + DAY
    client.upload()
    points = arrived(server)
    assert [value for _, value in points] == list(range(11))
    assert points[10][0] == DAY
    assert client.stats()["estimated"] == 10


def test_a_sleep_mark_that_readings_have_passed_is_not_used_again():
    server = FakeServer()
    clock = FakeClock(None)
    client = client_on(clock, server)
    client.log(1, 0)
    client.close(sleep_ms=MINUTE)
    clock = FakeClock(None)
    client_on(clock, server).log(1, 1)  # and the power goes, at the very moment of waking
    clock = FakeClock(None)
    client = client_on(clock, server)
    client.log(1, 2)
    clock.now_ms = NOW_MS
    client.upload()
    assert client.stats()["estimated"] == 2 and arrived(server)[2] == (0, 2)


def test_where_the_chain_of_sleeps_broke_the_anchor_before_serves():
    server = FakeServer()
    sleepy(server, 10)
    sleepy(server, 10, clock_in_last=False, start=10)
    clock = FakeClock(NOW_MS + DAY)
    clock.powered_on = lambda: True
    client = client_on(clock, server)
    client.upload()
    off = [ms - value * MINUTE - 1000 for ms, value in arrived(server)]
    assert len(off) == 20 and max([abs(ms) for ms in off]) < 5000, off
    assert client.stats()["estimated"] == 10


def test_the_anchor_before_serves_also_when_its_sector_is_gone():
    server = FakeServer()
    sleepy(server, 2)
    clock = FakeClock(None)
    client = client_on(clock, server)
    number = 2
    while client.ring.oldest < 2:
        number += 1
        clock.wait(1000)
        client.log(1, number)
    held = [value for _, _, value in client.points()]
    clock = FakeClock(NOW_MS + DAY)
    server.points.clear()
    client = client_on(clock, server)
    client.upload()
    found = [value for _, value in arrived(server)]
    assert (found[0], found[-1], len(found)) == (held[0], held[-1], len(held)), (found[:3], held[:3])
    assert client.stats()["estimated"] == len(held), (client.stats(), len(held))
    client.close()


def test_a_clock_that_sleep_does_not_stop_needs_no_sleep_marks():
    clock = FakeClock(NOW_MS)
    client = client_on(clock)
    client.log(1, 1)
    offset = client.ring.offset
    client.close(sleep_ms=MINUTE)
    assert client.ring.offset == offset


def test_a_planned_sleep_is_whole_milliseconds():
    client = client_on(FakeClock(None))
    for value, kind in ((-1, ValueError), (1.5, TypeError), ("60", TypeError), (True, TypeError)):
        try:
            client.close(sleep_ms=value)
        except kind as e:
            assert "sleep_ms" in str(e) and repr(value) in str(e)
        else:
            raise AssertionError(value)
    client.log(1, 1)  # it is still open


# Boots that never learn the time


def test_unknown_boots_are_stacked_backwards_from_the_next_known_instant():
    for minutes in (3, 2, 4):
        unknown_boot(minutes)
    server = FakeServer()
    client = client_on(FakeClock(NOW_MS), server)
    client.log(1, 0)
    client.upload()
    wanted = [minute * MINUTE - 1 for minute in range(-8, 1)] + [0]
    assert [ms for ms, _ in arrived(server)] == wanted, arrived(server)
    assert client.stats()["estimated"] == 9


def test_never_earlier_than_the_last_known_instant_and_spread_evenly_where_they_would_be():
    client_on(FakeClock(NOW_MS - MINUTE)).log(1, 0)
    for minutes in (3, 2, 4):
        unknown_boot(minutes)
    server = FakeServer()
    client = client_on(FakeClock(NOW_MS), server)
    client.log(1, 0)
    client.upload()
    found = [ms for ms, _ in arrived(server)]
    assert found[0] == -MINUTE and found[-1] == 0 and found == sorted(found)
    gaps = [b - a for a, b in zip(found[1:], found[2:-1])]
    assert len(set(found)) == 11 and max(gaps) - min(gaps) <= 1 and min(gaps) > 5000, gaps
    assert client.stats()["estimated"] == 9


def test_unsynced_drop_drops_and_counts_them():
    for minutes in (3, 2):
        unknown_boot(minutes)
    server = FakeServer()
    client = client_on(FakeClock(NOW_MS), server, unsynced="drop")
    client.log(1, 0)
    client.upload()
    assert arrived(server) == [(0, 0)]
    stats = client.stats()
    assert (stats["dropped"], stats["estimated"], stats["pending"]) == (5, 0, 0), stats


def test_a_retry_sends_the_same_times_whatever_was_learned_meanwhile():
    for minutes in (3, 2):
        unknown_boot(minutes)
    server = FakeServer(OSError(110))  # the reply is lost
    clock = FakeClock(NOW_MS)
    client = client_on(clock, server)
    assert client.upload().error
    clock.wait(DAY)
    client.log(1, 100)
    client = client_on(FakeClock(None), server)
    client.log(1, 101)
    client = client_on(FakeClock(NOW_MS + 2 * DAY), server)
    client.log(1, 102)
    client.upload()
    first, again = server.requests[0], server.requests[1]
    assert first == again, (first, again)
    assert [value for _, value in arrived(server)][-3:] == [100, 101, 102]


def test_a_clock_that_was_years_ahead_does_not_pull_later_boots_with_it():
    client_on(FakeClock(NOW_MS + 3000 * DAY)).log(1, 0)
    unknown_boot(3)
    server = FakeServer()
    client = client_on(FakeClock(NOW_MS), server)
    client.log(1, 9)
    client.upload()
    assert [ms + 1 for ms, _ in arrived(server)][1:] == [-2 * MINUTE, -MINUTE, 0, 1], arrived(server)


def test_an_old_timestamp_logged_by_hand_is_no_instant_to_stack_on():
    client_on(FakeClock(NOW_MS - DAY)).log(1, 0)
    unknown_boot(3)
    client = client_on(FakeClock(None))
    client.log(2, 0, timestamp=1648054765458)
    server = FakeServer()
    client = client_on(FakeClock(NOW_MS), server)
    client.upload()
    found = [ms - NOW_MS + 1 for pin, ms, _ in server.points if pin == 1]
    assert found == [-DAY + 1, -2 * MINUTE, -MINUTE, 0], found


def test_order_is_kept_whatever_boots_come_and_go():
    for seed in range(25):
        random.seed(seed)
        path = "order%d" % seed
        server = FakeServer()
        true_ms = NOW_MS
        number = 0
        known = random.randrange(2)
        for _ in range(random.randrange(2, 9)):
            clock = FakeClock(true_ms if known else None)
            clock.powered_on = lambda: random.randrange(2)
            client = client_on(clock, server, path=path, batch_points=random.choice((5, 10000)))
            for _ in range(random.randrange(12)):
                wait = random.randrange(1, HOUR)
                clock.wait(wait)
                true_ms += wait
                number += 1
                client.log(1, number)
                if random.randrange(9) == 0:
                    clock.now_ms = true_ms
            if random.randrange(3) == 0:
                client.upload()
            if random.randrange(2):
                client.close(sleep_ms=MINUTE)
                true_ms += MINUTE
            else:
                true_ms += random.randrange(DAY)
            known = random.randrange(3) == 0
        client = client_on(FakeClock(true_ms), server, path=path)
        client.upload()
        assert client.pending == 0
        found = arrived(server)
        assert [value for _, value in found] == list(range(1, number + 1)), (seed, found)
        stamps = [ms for ms, _ in found]
        assert stamps == sorted(stamps), (seed, stamps)
        assert not stamps or (stamps[0] >= -10 * DAY and stamps[-1] <= true_ms - NOW_MS)


def test_parked_readings_with_unknown_times_do_not_stop_a_later_boot_without_a_clock():
    unknown_boot(3)
    refusal = (400, {}, b'{"error":{"message":"No datastream setup for that pin."}}')
    server = FakeServer(refusal)
    client = client_on(FakeClock(NOW_MS), server)
    client.upload()
    assert client.stats()["parked"] == 3
    client = client_on(FakeClock(None), server)
    client.release(1)
    result = client.upload()
    assert result.uploaded == 3 and result.error is None, result
    stamps = [ms for ms, _ in arrived(server)]
    assert stamps == sorted(stamps) and -HOUR < stamps[0] and stamps[-1] <= 0, stamps


# Clocks that are wrong


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
    import time

    days = "Mon Tue Wed Thu Fri Sat Sun".split()
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    t = time.gmtime(ms // 1000 - (946684800 if time.gmtime(0)[0] == 2000 else 0))
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


def test_a_server_that_sends_no_date_does_not_stop_expiry():
    server = FakeServer()
    client = client_on(FakeClock(NOW_MS), server, max_age_days=30)
    for day in (40, 1):
        client.log(1, day, timestamp=NOW_MS - day * DAY)
    client.upload()
    assert client.stats()["expired"] == 1 and [value for _, value in arrived(server)] == [1]


def test_without_a_clock_nothing_expires():
    server = FakeServer()
    client = client_on(FakeClock(None), server, max_age_days=30)
    client.log(1, 40, timestamp=NOW_MS - 40 * DAY)
    client.upload()
    assert client.stats()["expired"] == 0 and arrived(server) == [(-40 * DAY, 40)]


# What waits for the clock


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


def test_set_clock_says_whether_it_worked():
    import sys

    class Ntp:
        def __init__(self, error=None):
            self.error = error
            self.calls = 0

        def settime(self):
            self.calls += 1
            if self.error:
                raise self.error

    for error, worked in ((None, True), (OSError(110), False), (OverflowError(), False)):
        sys.modules["ntptime"] = ntp = Ntp(error)
        assert blynk_batch.set_clock() is worked and ntp.calls == 1
    del sys.modules["ntptime"]
