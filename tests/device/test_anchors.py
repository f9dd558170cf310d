"""Readings without a clock, the anchors that give them their time, and the sleeps that carry it over."""

from blynk_batch.ring.state import ANCHOR, DROPPED
from stand_ins import NOW_MS, FakeClock, FakeServer
from timing import DAY, HOUR, MINUTE, arrived, client_on, sleepy, times


HEAP = "8m"


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


def test_the_last_anchor_is_known_over_resets_whatever_was_logged_since():
    clock = FakeClock(None)
    client = client_on(clock)
    client.log(1, 0)
    clock.now_ms = NOW_MS
    client.log(1, 1)
    anchor = client.ring.state[ANCHOR]
    for count in (1, 100, 100, 1000):
        client = client_on(FakeClock(NOW_MS + DAY))
        assert client.ring.state[ANCHOR] == anchor
        for number in range(count):
            client.log(1, number)


def test_the_number_of_a_boot_that_left_nothing_but_its_anchor_is_not_given_again():
    clock = FakeClock(None)
    client = client_on(clock)
    clock.now_ms = NOW_MS
    client.log(1, 0)
    client = client_on(FakeClock(None))
    client.log(1, 1)
    server = FakeServer()
    client = client_on(FakeClock(NOW_MS + DAY), server)
    client.upload()
    assert arrived(server)[0] == (0, 0) and 0 < DAY - arrived(server)[1][0] < MINUTE, arrived(server)


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
    while client.ring.get(DROPPED) < 500:
        clock.wait(1000)
        number += 1
        client.log(1, number)
    clock.now_ms = NOW_MS + clock.uptime_ms
    while client.ring.get(DROPPED) < 900:
        clock.wait(1000)
        number += 1
        client.log(1, number)
    client = client_on(clock, server, capacity_bytes=3 * 4096)
    client.upload()
    points = arrived(server)
    stats = client.stats()
    assert points == [(value * 1000, value) for _, value in points] and len(points) == number - stats["dropped"]
    assert stats["estimated"] == 0 and points[0][1] > 900


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


def test_nor_after_a_reset_that_comes_before_the_first_reading_since():
    server = FakeServer()
    sleepy(server, 3, clock_in_last=False)
    clock = FakeClock(None)
    clock.powered_on = lambda: True  # after days, and it hangs until a watchdog resets it
    client_on(clock, server)
    clock = FakeClock(None)
    client = client_on(clock, server)
    client.log(1, 3)
    clock.now_ms = NOW_MS
    client.upload()
    assert client.stats()["estimated"] == 3 and arrived(server)[3] == (0, 3), client.stats()


def test_a_client_that_finds_the_clock_set_anchors_what_those_before_it_in_the_boot_have_logged():
    server = FakeServer()
    sleepy(server, 3)
    clock = FakeClock(None)
    clock.boots = {}
    with client_on(clock, server) as client:
        client.log(1, 3)
    clock.wait(HOUR)
    clock.now_ms = NOW_MS + DAY  # the last sleep was longer than planned
    with client_on(clock, server) as client:
        client.upload()
        assert client.stats()["estimated"] == 0 and arrived(server)[3] == (DAY - HOUR, 3), arrived(server)


def test_a_soft_reset_moves_no_reading_to_before_those_that_came_before_it():
    clock, server = FakeClock(NOW_MS), FakeServer()
    client_on(clock, server).log(1, 0)
    clock = FakeClock(None)
    client_on(clock, server).log(1, 1)
    clock = FakeClock(None, uptime_ms=MINUTE)  # the ticks have gone on: up for a minute at least
    clock.woke_ms = MINUTE
    client = client_on(clock, server)
    client.log(1, 2)
    clock.now_ms = NOW_MS + 1000
    client.upload()
    assert arrived(server) == [(0, 0), (999, 1), (1000, 2)], arrived(server)


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
