"""What a drain sends of what is there: the daily budget, points that expire, what the ring overwrites
meanwhile."""

import pytest

from tests.host.station import MEDIA, START_MS


def test_the_daily_budget_stops_a_drain_and_goes_on_the_next_day_also_over_resets(station):
    said = station.run(
        """
        for day in range(4):
            client = board.boot(points_per_day=40)
            if not day:
                log_many(100, step_ms=1)
            result = client.upload()
            say(outcome(result), result.waiting)
            client = board.boot(points_per_day=40)
            result = client.upload()
            say(result.requests, result.waiting, result.retry_after_s, client.due(0))
            board.clock.wait(86400000 if day else result.retry_after_s * 1000)
        """
    )
    left_s = (86400000 - (START_MS + 100) % 86400000 + 999) // 1000
    assert said[:4] == [
        [[None, 0, 40, 60], "budget"],
        [0, "budget", left_s, False],
        [[None, 0, 40, 20], "budget"],
        [0, "budget", 86400, False],
    ]
    assert said[4:6] == [[[None, 0, 20, 0], None], [0, None, None, False]]
    assert station.values() == list(range(100))


def test_without_a_clock_the_budgets_day_is_one_of_uptime(station):
    said = station.run(
        """
        board.clock.now_ms = None
        client = board.boot(points_per_day=10)
        for number in range(25):
            client.log(1, number, timestamp=1795000000000 + number)
        for hour in range(100):
            client.upload()
            if not client.pending:
                break
            board.clock.wait(3600000)
        say(hour)
        """
    )
    assert said == [48]
    assert station.values() == list(range(25))


def test_points_that_expire_are_counted_and_not_sent(station):
    station.fault("no_date")
    said = station.run(
        """
        client = board.boot(max_age_days=2, batch_points=10)
        log_many(30, step_ms=3600000)
        board.clock.wait(86400000)
        say(outcome(client.upload()))
        say(client.stats()["expired"], client.stats()["logged"])
        """
    )
    assert said == [[None, 0, 24, 0], [6, 30]]
    assert station.values() == list(range(6, 30))


def test_the_age_is_judged_when_the_window_opens_and_a_retry_judges_it_alike(station):
    station.fault("no_date")
    station.fault("lose_reply", count=1)
    said = station.run(
        """
        client = board.boot(max_age_days=2)
        log_many(30, step_ms=3600000)
        client.upload()
        board.clock.wait(86400000)
        client = board.boot(max_age_days=2)
        say(outcome(client.upload()), client.stats()["expired"])
        """
    )
    assert said == [[[None, 0, 30, 0], 0]]
    assert station.duplicates() == 30


@pytest.mark.parametrize("hours,expired", [(0, 10), (30, 0), (-30, 0)])
def test_a_clock_that_the_server_contradicts_by_more_than_a_day_expires_nothing(station, hours, expired):
    """The first window is judged by the clock alone; the next ones know what the server's Date said."""
    station.fault("date_off", hours=hours)
    said = station.run(
        """
        import time

        board.clock.now_ms = int(time.time()) * 1000
        client = board.boot(max_age_days=1)
        client.log(2, 1)
        client.upload()
        for number in range(10):
            client.log(1, number, timestamp=board.clock.now_ms - 90000000)
        client.upload()
        say(client.stats()["expired"], client.stats()["uploaded"])
        """
    )
    assert said == [[expired, 11 - expired]]


@pytest.mark.parametrize("medium", MEDIA)
def test_readings_that_are_overwritten_while_a_drain_is_under_way_are_counted_once(station, medium):
    said = station.run(
        """
        names = ("logged", "uploaded", "dropped", "rejected", "expired", "pending", "corrupt")

        def check():
            stats = board.client.stats()
            found = [stats[name] for name in names]
            assert found[0] == sum(found[1:]), found
            assert len([None for _ in board.client.points()]) == stats["pending"]
            return found

        client = board.boot(capacity=12288, batch_points=150)
        number = calls = 0

        def more():
            global number, calls
            calls += 1
            for _ in range(5 if number < 1500 or calls % 16 == 0 else 0):
                client.log_group({1: number, 2: number})
                board.clock.wait(1000)
                number += 1

        while number < 1500:
            more()
        for _ in range(6):
            client.upload(watchdog=more)
            check()
        board.client.upload()
        say(check(), number)
        """,
        medium,
    )
    (logged, uploaded, dropped, rejected, expired, pending, corrupt), number = said[0]
    assert logged == 2 * number and dropped > 500 and rejected == expired == corrupt == pending == 0
    assert uploaded == len(station.points()) and station.duplicates() == 0
    for pin in (1, 2):
        values = station.values(pin)
        assert values == sorted(set(values)) and values[-1] == number - 1
