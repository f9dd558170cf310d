"""How often a station asks: backoff, Retry-After, reboot loops, the daily budget; and what a drain does with points
that expire or are overwritten while it is under way. Counts requests in the sandbox and writes on the simulated flash.
"""

import pytest

from tests.host.station import MEDIA, START_MS


def test_the_backoff_doubles_with_jitter_up_to_about_an_hour_and_starts_anew_after_a_success(station):
    fault = station.fault("server_error")
    said = station.run(
        """
        client = board.boot()
        client.log(1, 1)

        def waits(times):
            found = []
            for _ in range(times):
                result = client.upload()
                found.append(result.retry_after_s)
                assert client.upload().waiting == "backoff"
                board.clock.wait(result.retry_after_s * 1000 - 1)
                assert client.upload().waiting == "backoff"
                board.clock.wait(1)
            return found

        say(waits(14))
        say([waits(1)[0] for _ in range(20)])
        board.calm(arguments["fault"])
        say(outcome(client.upload()))
        client.log(1, 2)
        client.uploader().home = "http://127.0.0.1:1"
        say(waits(2))
        """,
        fault=fault,
    )
    for step, wait in enumerate(said[0]):
        middle = min(2560, 10 << step)
        assert 0.74 * middle <= wait <= 1.26 * middle <= 3600
    assert len(set(said[1])) > 5, "no jitter"
    assert said[2] == [None, 0, 1, 0]
    assert 7 <= said[3][0] <= 13 and 14 <= said[3][1] <= 26


@pytest.mark.parametrize(
    "header,least,most",
    [("77", 77, 77), ("0", 7, 13), ("Wed, 21 Oct 2026 07:28:00 GMT", 7, 13), ("9" * 30, 86400, 86400)],
)
def test_retry_after_in_seconds_is_honoured(station, header, least, most):
    station.fault("reply", status=429, header="Retry-After: " + header)
    said = station.run(
        """
        client = board.boot()
        client.log(1, 1)
        say(client.upload().retry_after_s)
        client = board.boot()
        result = client.upload()
        say(result.waiting, result.retry_after_s)
        """
    )
    assert least <= said[0] <= most
    assert said[1][0] == "backoff" and said[1][1] == said[0]


@pytest.mark.parametrize("clock", [True, False])
@pytest.mark.parametrize("medium", MEDIA)
def test_a_board_that_resets_every_minute_neither_hammers_a_failing_server_nor_wears_its_flash(station, medium, clock):
    station.fault("server_error")
    said = station.run(
        """
        if not arguments["clock"]:
            board.clock.now_ms = None
        client = board.boot()
        client.log(1, 1, timestamp=1795000000000)
        programs = 0
        for _ in range(600):
            client = board.boot()
            programs -= board.chip.programs
            client.upload()
            programs += board.chip.programs
            board.clock.wait(60000)
        say(programs, client.pending, client.stats()["erases"])
        """,
        medium,
        clock=clock,
    )
    requests = len(station.requests())
    # Ten hours: about one request for each wait of 32 to 53 minutes, and a few more at first; without a clock in about
    # every 16th boot.
    assert 8 <= requests <= (30 if clock else 90), requests
    programs, pending, erases = said[0]
    assert programs <= 8 * requests + 10, "%d programs for %d requests" % (programs, requests)
    assert pending == 1 and erases <= 2


@pytest.mark.parametrize("clock", [True, False])
@pytest.mark.parametrize("medium", MEDIA)
def test_a_board_that_crashes_in_each_of_its_uploads_does_not_hammer_the_server(station, medium, clock):
    """A watchdog that bites during the request, say: nothing is ever noted of how it ended."""
    said = station.run(
        """
        class Bitten(BaseException):
            pass

        class Crashing:
            streams = True

            def post(self, *request):
                blynk_batch.Requests().post(*request)
                raise Bitten

        if not arguments["clock"]:
            board.clock.now_ms = None
        client = board.boot()
        for number in range(20):
            client.log(1, number, timestamp=1795000000000 + number)
        programs = 0
        for _ in range(600):
            client = board.boot(transport=Crashing())
            programs -= board.chip.programs
            try:
                client.upload()
            except Bitten:
                pass
            programs += board.chip.programs
            board.clock.wait(30000)
        say(programs, client.pending)
        client = board.boot()
        board.drain()
        say(client.pending)
        """,
        medium,
        clock=clock,
    )
    requests = len(station.requests())
    assert 5 <= requests <= (30 if clock else 90), requests
    assert said[0][0] <= 8 * requests + 10 and said[0][1] == 20 and said[1] == 0
    assert {request["points"] for request in station.requests()} == {20}


def test_a_board_whose_power_failed_once_in_an_upload_goes_on_at_once(station):
    station.fault("lose_reply", count=1)
    said = station.run(
        """
        client = board.boot()
        client.log(1, 1)
        client.upload()
        board.clock.wait(3600000)
        client = board.boot()
        say(outcome(client.upload()))
        client.log(1, 2)
        say(outcome(client.upload()))
        """
    )
    assert said == [[None, 0, 1, 0], [None, 0, 1, 0]]


@pytest.mark.parametrize("years", [-3, 3])
def test_a_clock_that_was_wrong_when_the_backoff_began_delays_nothing_for_long(station, years):
    station.fault("server_error", count=1)
    said = station.run(
        """
        board.clock.now_ms += arguments["ms"]
        client = board.boot()
        client.log(1, 1, timestamp=1795000000000)
        wait = client.upload().retry_after_s
        board.clock.now_ms -= arguments["ms"]
        if arguments["reset"]:
            client = board.boot()
        waited = 0
        while client.upload().waiting == "backoff":
            board.clock.wait(1000)
            waited += 1
        say(waited <= wait, client.pending)
        """,
        ms=years * 365 * 86400000,
        reset=years > 0,
    )
    assert said == [[True, 0]]


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
        number = 0

        def more():
            global number
            for _ in range(5):
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
