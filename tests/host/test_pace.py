"""How often a station asks: backoff, Retry-After, boards that reset all the time. Counts requests in the sandbox and
writes on the simulated flash."""

import pytest

from tests.host.station import MEDIA


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
        assert middle * 3 // 4 <= wait <= 1.26 * middle <= 3600
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


# A watchdog that bites during the request, say: nothing is ever noted of how it ended.
CRASHING = """
        class Bitten(BaseException):
            pass

        class Crashing:
            streams = True

            def post(self, *request):
                blynk_batch.Requests().post(*request)
                raise Bitten
"""


@pytest.mark.parametrize("clock", [True, False])
@pytest.mark.parametrize("medium", MEDIA)
def test_a_board_that_crashes_in_each_of_its_uploads_does_not_hammer_the_server(station, medium, clock):
    said = station.run(
        CRASHING
        + """
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


def test_a_board_that_crashes_whenever_it_tries_what_was_refused_does_not_hammer_the_server(station):
    station.fault("reply", status=400, body='{"error":{"message":"No datastream setup for that pin."}}', pin=2, count=1)
    said = station.run(
        CRASHING
        + """
        client = board.boot()
        client.log_group({1: 1, 2: 2})
        client.upload()
        client.release(2)
        for _ in range(600):
            client = board.boot(transport=Crashing())
            try:
                client.upload()
            except Bitten:
                pass
            board.clock.wait(30000)
        client = board.boot()
        board.clock.wait(3600000)
        client.upload()
        say(client.pending)
        """
    )
    assert said == [0]
    assert 5 <= len(station.requests()) <= 30, len(station.requests())


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


def test_an_upload_that_ran_out_of_time_after_a_reset_leaves_no_wait_behind(station):
    said = station.run(
        """
        client = board.boot()
        log_many(200)

        def watchdog():
            board.clock.wait(200)

        for _ in range(3):
            result = client.upload(timeout_s=2, watchdog=watchdog)
            say(outcome(result), result.waiting)
            client.close()
            client = board.boot()
        client.upload(timeout_s=0)
        say(outcome(client.upload()))
        """
    )
    assert said == [[[None, 0, 0, 200], "time"]] * 2 + [[[None, 0, 50, 150], "time"], [None, 0, 150, 0]]


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
