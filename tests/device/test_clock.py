"""Which clocks are believed, and how the board's own counts: epochs, kinds of seconds, ticks that wrap.

tests/host/test_time.py does the same through the whole of the library, with flash and HTTP.
"""

import micropython
import sys

from blynk_batch.clock import wall as clocks
from board_clock import BoardClock, Time
from stand_ins import NOW_MS, FakeClock, FakeServer
from timing import DAY, HOUR, arrived, client_on


HEAP = "1m"
# A board's floats have 24 bits: such a clock shows whole numbers, where one of doubles may show fractions too.
DOUBLES = 2.0**24 + 1 != 2.0**24


def board_time(unix_ms, port="rp2", ticks=0):
    """The module `time` of a board whose clock shows `unix_ms`."""
    clock = BoardClock(port, unix_ms)
    clock.shown_ms, clock.ticks = unix_ms, ticks
    return Time(clock)


def on_board(time):
    """The library's clock.py as that board loads it."""
    real = sys.modules.get("time")
    sys.modules["time"] = time
    sys.modules.pop("blynk_batch.clock.wall", None)
    try:
        return __import__("blynk_batch.clock.wall", None, None, ("SystemClock",))
    finally:
        sys.modules["time"] = real or __import__("time")
        sys.modules["blynk_batch.clock.wall"] = clocks


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
        for port in ("esp32", "rp2"):
            now = on_board(board_time(unix_ms, port)).SystemClock().now()
            assert now == (unix_ms if known else None), (unix_ms, port, now)


def test_both_epochs_give_the_same_unix_milliseconds():
    for port in ("esp32", "rp2"):
        now = on_board(board_time(1795000000123, port)).SystemClock().now()
        assert now == 1795000000123 and isinstance(now, int), (port, now)


def test_uptime_goes_on_when_the_ticks_wrap():
    for start in (0, 5000, (1 << 29) - 10, (1 << 29) + 10, (1 << 30) - 1):
        time = board_time(0, ticks=start)
        clock = on_board(time).SystemClock()
        first = clock.uptime()
        passed = 0
        for hours in (1, 24, 200, 290, 100, 297, 1):
            time.sleep_ms(hours * HOUR)
            passed += hours * HOUR
            assert clock.uptime() - first == passed, (start, hours, clock.uptime())


def test_a_callback_that_asks_for_the_uptime_meanwhile_is_told_no_earlier_one():
    time = board_time(0)
    clock = on_board(time).SystemClock()
    first, asked, real = clock.uptime(), [], time.ticks_diff

    def ticks_diff(*where):
        time.ticks_diff = real
        found = real(*where)
        micropython.schedule(lambda _: asked.append(clock.uptime()), None)  # at the next jump
        return found

    time.sleep_ms(HOUR)
    time.ticks_diff = ticks_diff
    assert clock.uptime() == first + HOUR
    while not asked:
        pass
    assert asked == [first + HOUR], (first, asked)


def test_uptime_counts_from_the_reset_where_the_ticks_tell():
    assert on_board(board_time(0, ticks=2300)).SystemClock().uptime() == 2300
    late = on_board(board_time(0, ticks=5 * HOUR)).SystemClock()
    assert late.uptime() == late.woke_ms == 60000


class Machine:
    """In place of the firmware's module, within `with`: what the last reset came from."""

    PWRON_RESET, SOFT_RESET = 1, 5

    def __init__(self, cause):
        self.reset_cause = lambda: cause
        self._real = sys.modules.get("machine")

    def __enter__(self):
        sys.modules["machine"] = self

    def __exit__(self, *_):
        sys.modules.pop("machine")
        if self._real:
            sys.modules["machine"] = self._real


def test_uptime_does_not_count_from_a_soft_reset_soon_behind_another_whose_ticks_have_gone_on():
    for cause, uptime_ms, woke_ms in ((Machine.PWRON_RESET, 20000, 0), (Machine.SOFT_RESET, 60000, 60000)):
        with Machine(cause):
            clock = on_board(board_time(NOW_MS, ticks=20000)).SystemClock()
        assert (clock.uptime(), clock.woke_ms) == (uptime_ms, woke_ms), cause


def test_a_program_that_opens_a_client_for_each_reading_uploads_also_after_power_on():
    time = board_time(NOW_MS)
    server = FakeServer()
    with Machine(Machine.PWRON_RESET):
        for minute in range(46):
            with client_on(on_board(time).SystemClock(), server) as client:
                client.log(1, minute)
                if client.due(900):
                    client.upload()
            time.sleep_ms(60000)
    assert len(server.points) >= 30 and 3 <= len(server.requests) <= 4, (len(server.points), len(server.requests))


def test_readings_logged_seldom_keep_their_distance_over_wraps_of_the_ticks():
    board = BoardClock("rp2", NOW_MS)
    clock = on_board(Time(board)).SystemClock()
    server = FakeServer()
    client = client_on(clock, server)
    wanted = []
    for _ in range(4):
        client.log(1, 0)
        wanted.append((board.now_ms - NOW_MS, 0))
        board.wait(10 * DAY)
    board.settime()
    client.upload()
    assert arrived(server) == wanted, arrived(server)


def test_readings_of_one_client_each_keep_their_distance_where_the_time_comes_late():
    board = BoardClock("rp2", NOW_MS)
    clock = on_board(Time(board)).SystemClock()
    server = FakeServer()
    wanted = []
    for number in range(6):
        with client_on(clock, server) as client:
            wanted.append((board.now_ms - NOW_MS, number))
            client.log(1, number)
            if number % 3 == 1:
                client.close(sleep_ms=12345)  # and no sleep comes
        board.wait(HOUR)
    board.settime()
    with client_on(clock, server) as client:
        client.upload()
        assert client.stats()["estimated"] == 0, client.stats()
    assert arrived(server) == wanted, arrived(server)


def test_once_the_time_is_known_a_client_for_each_reading_notes_it_once():
    board = BoardClock("rp2", NOW_MS)
    clock = on_board(Time(board)).SystemClock()
    ends = []
    for number in range(6):
        with client_on(clock) as client:
            client.log(1, number)
            ends.append(client.ring.end()[1])
        board.wait(HOUR)
        if not number:
            board.settime()
    assert ends[1] - ends[0] > ends[2] - ends[1] and ends[5] - ends[1] <= 4 * 11, ends


def test_clients_without_a_clock_of_their_own_share_the_boards():
    one, other = [client_on(None, path=path) for path in ("one", "other")]
    assert one.clock is other.clock


def test_an_uptime_that_goes_below_zero_is_refused_by_its_name_and_stores_nothing():
    clock = FakeClock(None, -5)  # ticks_diff() from a start, half a wrap later
    client = client_on(clock)
    for uptime_ms in (-5, 1 << 48):
        clock.uptime_ms = uptime_ms
        try:
            client.log(1, 1)
        except ValueError as e:
            assert "uptime %d:" % uptime_ms in str(e) and "0 or more" in str(e), e
        else:
            raise AssertionError("was taken")
    clock.uptime_ms = 5
    client.log(1, 2)
    assert [value for _, _, value in client.points()] == [2] and client.stats()["logged"] == 1


def test_a_clock_of_floats_counts_whole_milliseconds():
    class Floats(FakeClock):
        def now(self):
            return self.now_ms + 0.5 if self.now_ms and DOUBLES else self.now_ms

        def uptime(self):
            return self.uptime_ms + 0.5

    server = FakeServer()
    clock = Floats(None, 2000)
    client = client_on(clock, server)
    client.log(1, 1)
    client.close(sleep_ms=5000)
    clock = Floats(None, 1000)
    client = client_on(clock, server)
    client.log(1, 2)
    clock.now_ms = NOW_MS
    clock.wait(1000)
    client.log(1, 3)
    assert client.upload(timeout_s=5).error is None
    assert arrived(server) == [(-5000, 1), (0, 2), (1000, 3)], arrived(server)
