"""Drains that are torn: replies that are lost, power that fails at any step. What the sandbox stored is compared with
what was logged, point by point.
"""

import pytest

from tests.host.station import MEDIA, START_MS


def by_step(station, pin=None):
    """{step: the values that arrived for it, in order}"""
    found = {}
    for _, ms, value in station.points(pin):
        found.setdefault((ms - START_MS) // 1000000000, []).append(value)
    return found


# Lost replies


def test_a_lost_reply_repeats_one_batch_and_nothing_else(station):
    station.fault("lose_reply", count=1, skip=2)
    said = station.run(
        """
        client = board.boot(batch_points=20)
        log_many(100)
        say(outcome(client.upload()))
        log_many(30, first=100)  # not for the batch that is tried again
        board.drain()
        """
    )
    assert said == [["NetworkError", 0, 40, 60]]
    assert sorted(set(station.values())) == list(range(130))
    assert station.duplicates() == 20
    repeated = [request for request in station.requests() if request["duplicates"]]
    assert [(request["points"], request["duplicates"]) for request in repeated] == [(20, 20)]


@pytest.mark.parametrize("medium", MEDIA)
def test_a_reply_lost_again_and_again_over_resets_repeats_the_same_batch_only(station, medium):
    station.fault("lose_reply", count=6)
    station.run(
        """
        client = board.boot(batch_points=50)
        for number in range(100):
            client.log_group({1: number, 2: -number})
            board.clock.wait(1000)
        for turn in range(6):
            client = board.boot(batch_points=50)
            result = client.upload()
            assert type(result.error).__name__ == "NetworkError", result
            client.log_group({1: 100 + turn, 2: -100 - turn})
            board.clock.wait(90000000)
        board.boot(batch_points=50)
        board.drain()
        """,
        medium,
    )
    assert station.duplicates() == 6 * 50
    assert sorted(set(station.values(1))) == list(range(106))
    assert station.values(2) == [-number for number in range(106)], "a batch that was not in flight came twice"
    batches = [(request["first_ms"], request["last_ms"]) for request in station.requests()][:7]
    assert len(set(batches)) == 1, "a retry was not the batch that was in flight"


def test_a_transport_that_cannot_stream_sends_small_batches_and_repeats_one_of_those(station):
    station.fault("lose_reply", count=1, skip=2)
    said = station.run(
        """
        transport = blynk_batch.Requests()
        transport.streams = False
        client = board.boot(transport=transport)
        log_many(1000)
        say(outcome(client.upload())[0])
        log_many(100, first=1000)
        board.drain()
        say(client.pending)
        """
    )
    assert said == ["NetworkError", 0]
    assert sorted(set(station.values())) == list(range(1100))
    assert max(request["bytes"] for request in station.requests()) <= 4096
    repeated = [request for request in station.requests() if request["duplicates"]]
    assert len(repeated) == 1 and repeated[0]["duplicates"] == repeated[0]["points"] == station.duplicates()


def test_a_batch_that_the_budget_cut_short_is_not_longer_when_it_is_sent_again_on_another_day(station):
    station.fault("lose_reply", count=1, skip=1)
    said = station.run(
        """
        client = board.boot(points_per_day=30)
        for number in range(20):
            client.log_group({1: number, 2: number})
        say(outcome(client.upload()))
        board.clock.wait(90000000)
        client = board.boot(points_per_day=30)
        say(outcome(client.upload()))
        """
    )
    assert said == [["NetworkError", 0, 20, 20], [None, 0, 20, 0]]
    assert [request["points"] for request in station.requests()] == [20, 10, 10, 10]
    assert station.duplicates() == 10


def test_estimated_times_are_the_same_when_a_batch_is_sent_again(station):
    """Readings of a boot that never learned the time; what is logged later must not move them."""
    station.fault("lose_reply", count=1)
    said = station.run(
        """
        now_ms, board.clock.now_ms = board.clock.now_ms, None
        client = board.boot()
        log_many(20)
        board.clock.now_ms = now_ms
        client = board.boot()
        say(outcome(client.upload()))
        board.clock.wait(5000000)
        client.log(1, 99)
        client = board.boot()
        board.drain()
        say(client.pending)
        """
    )
    assert said[0][2:] == [0, 20] and said[1] == 0
    assert station.duplicates() == 20


# Power cuts


@pytest.mark.parametrize("medium", MEDIA)
def test_a_power_cut_at_any_step_of_a_drain_repeats_one_batch_at_most(station, medium):
    script = """
        def fill(client):
            for number in range(45):
                client.log(1, number)
                client.log(2, number)

        every_cut(fill, batch_points=20)
    """
    said = station.run(script, medium)
    assert len(said) > 5 and [died for _, died, _ in said] == [True] * (len(said) - 1) + [False]
    for pin in (1, 2):
        arrived = by_step(station, pin)
        for step, _, (uploaded, rejected, pending, logged, requests) in said:
            assert sorted(set(arrived[step])) == list(range(45)), "step %d" % step
            assert (uploaded, rejected, pending, logged) == (90, 0, 0, 90), "step %d" % step
            assert requests <= 8
    for step in range(len(said)):
        extra = sum(len(by_step(station, pin)[step]) - 45 for pin in (1, 2))
        assert extra <= 20, "step %d repeats %d points" % (step, extra)
    assert 0 < station.duplicates() <= 20 * (len(said) - 1)


def test_a_cut_in_each_of_many_boots_between_send_and_ack_repeats_that_batch_only(station):
    """The ack never becomes durable: the flash dies at its first byte, in boot after boot."""
    said = station.run(
        """
        class Cutting:
            # The default transport; whatever is written to the flash after a reply is the last.

            def __init__(self):
                self.real = blynk_batch.Requests()
                self.streams = self.real.streams

            def post(self, *request):
                reply = self.real.post(*request)
                board.chip.cut_at(0)
                return reply

        board.new()
        client = board.boot()
        for number in range(60):
            client.log_group({1: number, 2: number})
        cuts = 0
        for cuts in range(12):
            client = board.boot(batch_points=20, transport=Cutting())
            board.clock.wait(5000000)
            try:
                say(repr(client.upload()))
            except OSError:
                assert board.chip.dead
        client = board.boot(batch_points=20)
        board.drain()
        say(client.pending, client.stats()["uploaded"])
        """,
        "raw",
    )
    assert said == [[0, 120]]
    assert station.duplicates() == 12 * 20
    assert sorted(set(station.values(1))) == sorted(set(station.values(2))) == list(range(60))
    repeated = {(request["pin"], request["first_ms"]) for request in station.requests() if request["duplicates"]}
    assert repeated == {(1, START_MS)}


# The search for what was refused


@pytest.mark.parametrize("medium", MEDIA)
def test_a_search_survives_a_power_cut_at_every_step(typed, medium):
    script = """
        def fill(client):
            for number in range(24):
                client.log(1, "bad" if number in (5, 17) else number)
                client.log(3, number)

        every_cut(fill)
    """
    said = typed.run(script, medium)
    good = [number for number in range(24) if number not in (5, 17)]
    arrived = by_step(typed, 1)
    assert len(said) > 20 and not said[-1][1]
    for step, died, (uploaded, rejected, pending, logged, _) in said:
        assert sorted(set(arrived[step])) == good, "step %d" % step
        assert (uploaded, rejected, pending, logged) == (46, 0, 2, 48), "step %d" % step
        assert len(arrived[step]) - 22 <= (24 if died else 0), "step %d repeats more than a batch" % step
