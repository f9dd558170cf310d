"""Points that the server refuses, over real sockets and on real media: held, tried daily, released, overwritten.
Nothing is lost but what the ring drops, nothing sent twice but the batch in flight.
"""

import pytest

from tests.host.station import MEDIA, START_MS
from tools.sandbox.testing import Sandbox

REFUSED = '{"error":{"message":"No datastream setup for that pin."}}'


@pytest.mark.parametrize("medium", MEDIA)
def test_a_pin_refused_for_a_whole_turn_of_the_ring_arrives_as_far_as_it_is_still_there(station, medium):
    fault = station.fault("reply", status=400, body=REFUSED, pin=2)
    said = station.run(
        """
        names = ("logged", "uploaded", "dropped", "held", "pending", "corrupt", "requests")
        client = board.boot(capacity=16384)
        oldest = client.ring.oldest
        for number in range(2400):
            client.log_group({1: number, 2: number, 3: number})
            board.clock.wait(60000)
            if number % 100 == 99:
                client = board.boot(capacity=16384)
                client.upload()
        stats = client.stats()
        say([stats[name] for name in names], client.ring.oldest - oldest)
        board.calm(arguments["fault"])
        client.release("V2")
        say(outcome(client.upload()))
        stats = client.stats()
        say([stats[name] for name in names])
        client.log(2, 2400)
        say(outcome(client.upload()))
        """,
        medium,
        fault=fault,
    )
    (logged, uploaded, dropped, held, pending, corrupt, requests), turned = said[0]
    assert logged == 7200 and uploaded == 4800 and corrupt == 0
    assert turned >= 4, "the ring did not turn"
    assert dropped > 1000 and held == pending == 2400 - dropped > 100
    # V1 and V3 once for each upload, V2 at first, twice in a search and a day later: 2,400 minutes are no two days.
    assert 24 * 2 <= requests <= 24 * 2 + 20
    assert station.values(1) == station.values(3) == list(range(2400))
    assert said[1] == [None, 0, held, 0]
    assert said[2] == [7200, 4800 + held, dropped, 0, 0, 0, requests + 1]
    assert said[3] == [None, 0, 1, 0], "the pin is still held"
    assert station.values(2) == list(range(dropped, 2401))


@pytest.mark.parametrize("has_clock", [True, False])
def test_a_refused_pin_is_tried_again_a_day_later_by_itself(station, has_clock):
    station.fault("reply", status=400, body=REFUSED, pin=2, count=3)
    said = station.run(
        """
        if not arguments["has_clock"]:
            board.clock.now_ms = None
        client = board.boot()
        client.log_group({1: 1, 2: 2}, timestamp=1795000000000)
        client.upload()
        for hour in range(80):
            board.clock.wait(3600000)
            if hour % 10 == 5 and arguments["has_clock"]:
                client = board.boot()
            client.upload()
            if not client.pending:
                break
        say(hour, client.stats()["requests"])
        """,
        has_clock=has_clock,
    )
    assert said == [[68, 5]]  # after three days of 23 hours; V1 once, V2 four times
    assert station.points(2)


@pytest.mark.parametrize("medium", MEDIA)
def test_refused_readings_that_are_overwritten_while_they_are_under_way_are_counted_once(station, medium):
    fault = station.fault("reply", status=400, body=REFUSED, pin=2)
    said = station.run(
        """
        names = ("logged", "uploaded", "dropped", "rejected", "expired", "pending", "corrupt")
        client = board.boot(capacity=16384)
        for number in range(900):
            client.log_group({1: number, 2: number})
            board.clock.wait(1000)
        client.upload()
        board.calm(arguments["fault"])
        client.release(2)
        calls = 0

        def more():
            global calls
            calls += 1
            for _ in range(900 if calls == 40 else 0):
                client.log(1, 0)
                board.clock.wait(1000)

        for number in range(900, 1150):
            client.log_group({1: number, 2: number})
            board.clock.wait(1000)
        client.upload(watchdog=more)
        client.upload()
        stats = client.stats()
        say([stats[name] for name in names])
        """,
        medium,
        fault=fault,
    )
    logged, uploaded, dropped, rejected, expired, pending, corrupt = said[0]
    assert dropped > 100, "nothing was overwritten"
    assert logged == uploaded + dropped and rejected == expired == pending == corrupt == 0
    assert uploaded == len(station.points()) and station.duplicates() == 0
    values = station.values(2)
    assert len(values) == len(set(values)) and max(values) == 1149


@pytest.mark.parametrize("medium", MEDIA)
def test_a_power_cut_at_any_step_of_refusal_and_release_repeats_one_batch_at_most(station, medium):
    """The server has no datastream for V2 in the first half of each step, and then it has."""
    script = """
        def fill(client):
            board.clock.wait(1000)
            for number in range(30):
                client.log_group({1: number, 2: number, 3: -number})

        step = 0
        died = True
        while died:
            board.clock.now_ms = arguments["start"] + step * 1000000000
            board.new(16)
            client = board.boot(capacity=32768, batch_points=20, server=arguments["refusing"])
            fill(client)
            board.chip.cut_at(step, 2, "random", step)
            died = True
            try:
                client.upload()
                client.release(2)
                client.uploader().home = board.url
                client.upload()
                died = False
            except OSError:
                assert board.chip.dead
            client = board.boot(capacity=32768, batch_points=20)
            board.clock.wait(90000000)
            board.drain()
            stats = client.stats()
            say(step, died, [stats[name] for name in ("uploaded", "pending", "logged")])
            step += 1
    """
    streams = ["V1:integer", "V3:integer"]
    with Sandbox(tokens=[station.token], datastream=streams, total_limit=None) as refusing:
        said = station.run(script, medium, refusing=refusing.url, start=START_MS)
        both = list(station.points()) + list(refusing.points())
    assert len(said) > 10 and not said[-1][1]
    for step, died, counts in said:
        assert counts == [90, 0, 90], "step %d" % step
        here = [(pin, value) for pin, ms, value in both if (ms - START_MS) // 1000000000 == step]
        wanted = {(pin, -number if pin == 3 else number) for number in range(30) for pin in (1, 2, 3)}
        assert set(here) == wanted, "step %d" % step
        assert len(here) - 90 <= (20 if died else 0), "step %d repeats more than a batch" % step
