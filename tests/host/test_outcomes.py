"""Each class of outcome of a batch, provoked in the real sandbox: what result.error says, what stats() counts, what
becomes of the points. Knows nothing of cuts (test_resume.py), broken networks (test_network_faults.py) and redirects
(test_redirects.py).
"""

import pytest

from tests.host.station import MEDIA, ONE_READING, Station
from tools.sandbox.testing import Sandbox


def test_an_accepted_batch_has_no_error_and_counts_as_none_of_them(station):
    assert station.run(ONE_READING) == [[None, 0, 1, 0], [0, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize("status", [429, 500, 503, 404, 401, 511])
def test_retry_later_is_a_server_error_that_is_counted_as_retried(station, status):
    station.fault("server_error", status=status, count=1)
    script = ONE_READING + "say(outcome(board.drain()[-1]), client.stats()['uploaded'])"
    said = station.run(script)
    assert said == [["ServerError", status, 0, 1], [1, 0, 0, 0, 0, 0], [[None, 0, 1, 0], 1]]
    assert station.values() == [7]


def test_a_server_that_is_gone_is_a_network_error_that_is_counted_as_retried(station):
    station.fault("offline", count=1)
    assert station.run(ONE_READING) == [["NetworkError", 0, 0, 1], [1, 0, 0, 0, 0, 0]]
    assert station.points() == []


def test_too_much_data_is_halved_until_it_fits_and_counted_as_smaller(tmp_path):
    with Sandbox(batch_limit=30) as sandbox:
        station = Station(tmp_path, sandbox)
        said = station.run(
            """
            client = board.boot()
            log_many(100)
            say(outcome(client.upload()))
            say(client.stats()["smaller"], client.stats()["requests"])
            client = board.boot()
            log_many(100, first=100)
            say(outcome(client.upload()))
            say(client.stats()["smaller"], client.stats()["requests"])
            """
        )
        assert said[:2] == [[None, 0, 100, 0], [2, 6]]  # 100, 50, then four of 25
        assert said[2][:2] == [None, 0] and said[3][0] == 2, "the size was not learned for the next boot"
        assert station.values() == list(range(200))


def test_a_request_that_is_too_large_by_its_bytes_is_halved(tmp_path):
    with Sandbox(request_bytes=2000) as sandbox:
        station = Station(tmp_path, sandbox)
        said = station.run("board.boot()\nlog_many(200)\nsay(outcome(board.client.upload()))\n")
        assert said == [[None, 0, 200, 0]]
        assert {request["status"] for request in station.requests()} == {413, 200}
        assert station.values() == list(range(200))


def test_the_learned_size_grows_again_a_quarter_after_eight_full_batches(tmp_path):
    with Sandbox(batch_limit=10) as sandbox:
        station = Station(tmp_path, sandbox)
        station.run("board.boot()\nlog_many(200)\nsay(outcome(board.client.upload()))\n")
        accepted = [request["points"] for request in station.requests() if request["status"] == 200]
        refused = [request for request in station.requests() if request["status"] == 400]
        assert accepted[:8] == [6] * 8 and accepted[8:16] == [7] * 8 and max(accepted) <= 10
        assert len(refused) == 5  # 200, 100, 50, 25, 12
        assert station.values() == list(range(200))


def test_a_pin_without_a_datastream_is_held_and_the_others_go_on(typed):
    said = typed.run(
        """
        client = board.boot()
        for number in range(3):
            client.log_group({1: number, 2: number, 3: number})
        say(outcome(client.upload()))
        say(client.stats()["held"], client.stats()["pending"])
        say(outcome(client.upload()))
        """
    )
    assert said == [["PinRefused", 400, 6, 3], [3, 3], [None, 0, 0, 3]]
    pins = [request["pin"] for request in typed.requests()]
    assert pins == [1, 2, 3, 2, 2, 2], "a refused pin was asked again at once"
    assert typed.values(1) == typed.values(3) == [0, 1, 2]


def test_a_value_of_another_type_is_held_and_all_others_arrive_once(typed):
    said = typed.run(
        """
        client = board.boot()
        for number in range(64):
            client.log(1, "broken sensor" if number == 40 else number)
        say(outcome(client.upload()))
        say(client.stats()["held"], client.stats()["rejected"], client.stats()["uploaded"])
        say(list(client.points()))
        """
    )
    assert said == [["PointRefused", 400, 63, 1], [1, 0, 63], [[1, 1795000000040, "broken sensor"]]]
    assert sorted(typed.values()) == [number for number in range(64) if number != 40]


@pytest.mark.parametrize("medium", MEDIA)
def test_a_refused_string_that_is_six_times_as_long_in_json_harms_nothing_beside_it(typed, medium):
    said = typed.run(
        """
        client = board.boot()
        client.log(1, chr(1) * 1024)
        log_many(200)
        say(outcome(client.upload()))
        client = board.boot()
        log_many(200, first=200)
        say(outcome(client.upload()))
        stats = client.stats()
        say([stats[name] for name in ("logged", "uploaded", "held", "corrupt")])
        """,
        medium,
    )
    assert said == [["PointRefused", 400, 200, 1], [None, 0, 200, 1], [401, 400, 1, 0]]
    assert sorted(typed.values()) == list(range(400))


def test_an_unknown_refusal_of_everything_holds_nothing_and_is_asked_three_times_an_hour(station):
    station.fault("unknown_400", count=10)
    said = station.run(
        """
        client = board.boot()
        log_many(8)
        for _ in range(5):
            result = client.upload()
            say(outcome(result), result.requests, client.stats()["held"])
            board.clock.wait(3600000)
        """
    )
    assert said[0] == [["ServerError", 400, 0, 8], 4, 0]
    assert said[1] == said[2] == [["ServerError", 400, 0, 8], 3, 0]
    assert said[3] == [[None, 0, 8, 0], 1, 0]
    assert station.values() == list(range(8))


def test_an_unknown_refusal_while_another_pin_is_accepted_is_one_of_the_content(station):
    station.fault("unknown_400", pin=1)
    said = station.run(
        """
        client = board.boot()
        for number in range(8):
            client.log_group({1: number, 2: number})
        for _ in range(2):
            result = client.upload()
            say(outcome(result), client.stats()["held"])
        """
    )
    assert said == [[["ServerError", 400, 8, 8], 8], [[None, 0, 0, 8], 8]]
    assert station.values() == list(range(8))


def test_a_single_point_that_is_too_large_holds_nothing_up(station):
    station.fault("server_error", status=413, count=3, pin=1)
    said = station.run(
        """
        client = board.boot()
        client.log(1, "x" * 1024)
        client.log(2, 5)
        result = client.upload()
        say(result.uploaded, client.stats()["held"])
        for _ in range(3):
            board.clock.wait(86400000)
            client.upload()
        say(client.stats()["rejected"], client.pending)
        """
    )
    assert said == [[1, 1], [0, 0]]
    assert station.values(2) == [5]


@pytest.mark.parametrize("change", [{"token": True}, {"server": True}])
def test_a_changed_token_or_server_starts_with_a_clean_sheet(tmp_path, typed_sandbox, change):
    station = Station(tmp_path, typed_sandbox, next(typed_sandbox.free_tokens))
    other = next(typed_sandbox.free_tokens) if "token" in change else station.token
    server = station.url if "token" in change else station.url.replace("127.0.0.1", "localhost")
    said = station.run(
        """
        client = board.boot(token="unknown-to-the-server", server=arguments["server"])
        client.log_group({1: 1, 2: 2})
        client.upload()
        client = board.boot(batch_points=10)
        result = client.upload()
        say(outcome(result), result.waiting)
        client = board.boot(token=arguments["token"], server=arguments["server"])
        client.log(1, 3)
        result = client.upload()
        say(outcome(result), result.requests)
        """,
        token=other,
        server=server,
    )
    # The stop of an hour is gone; V2 is asked for again, for it may have a datastream there.
    assert said == [[["PinRefused", 400, 1, 1], None], [["PinRefused", 400, 1, 1], 2]]


@pytest.mark.parametrize("medium", MEDIA)
def test_all_that_was_learned_outlives_resets_and_cuts(typed, medium):
    """Refused points, learned size, backoff, budget and counters are the same after the power went at any time."""
    typed.fault("server_error", status=413, count=1, pin=1)
    typed.fault("server_error", status=503, count=1, pin=3, retry_after_s=500)
    said = typed.run(
        """
        client = board.boot(points_per_day=50)
        client.log(2, 0)
        log_many(40)
        client.log(3, 0)
        client.upload()
        names = ("retried", "smaller", "pending", "uploaded", "logged")

        def learned():
            state = dict(board.client.ring.state)
            return [state.get(key) for key in (13, 32, 33, 35, 96)], [board.client.stats()[name] for name in names]

        before = learned()
        say(before[0])
        for _ in range(3):
            board.boot(points_per_day=50)
            assert learned() == before, learned()
            assert board.client.upload().waiting == "backoff"
        say(before[1])
        """,
        medium=medium,
    )
    outcomes, backoff, budget, size, refused = said[0]
    assert outcomes == [1, 1, 0, 0] and backoff[0] == 1 and backoff[2] == 500 and budget[1] == 40
    assert size == [20, 2] and refused[7:] == [2]
    assert said[1] == [1, 1, 2, 40, 42]
