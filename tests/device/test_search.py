"""The search for good points among refused ones: how many requests, and what arrives."""

import math
import random

from blynk_batch.ring.state import DROPPED
from blynk_batch.upload.search import _place as place_of
from delivery import DAY_S, HOUR_S, KNOWN, UNKNOWN, World
from held_worlds import days, filled, of, twice

HEAP = "64m"
WASM = False  # minutes there
TIMEOUT_S = 600
STREWN = (3, 99, 204, 405, 500, 700)


# Of 64 points those from 20 up to some are bad. What is asked for: the first, how many, good?
ONE_BAD = "0+64- 63+1 32+31 16+16- 24+8 20+4- 22+2 21+1 19+1 0+19"
TEN_BAD = "0+64- 63+1 32+31 16+16- 24+8- 28+4- 30+2 29+1- 28+1- 27+1- 26+1- 22+1- 6+1 0+6 7+8 15+4 19+2- 19+1"
TWO_BAD = "0+64- 63+1 32+31- 48+15- 56+7 52+4 50+2- 51+1 49+1 23+26 0+23- 12+11 6+6- 9+3- 11+1 10+1- 9+1 0+9"


def test_a_search_asks_for_doubled_and_halved_pieces_and_strides_through_bad_runs_one_by_one():
    for bad, wanted in (((20,), ONE_BAD), (range(20, 30), TEN_BAD), ((10, 50), TWO_BAD)):
        world = filled(64, bad)
        asked = of(1, world.drain())
        found = ["%d+%d%s" % (first, count, "" if status == 200 else "-") for _, first, count, status in asked]
        assert " ".join(found) == wanted, " ".join(found)
        assert (world.missing(), world.client.stats()["held"]) == ([], len(bad))


def test_a_search_takes_two_requests_for_each_halving_and_finds_all_good_points_in_a_few_days():
    for words in (KNOWN, UNKNOWN):
        for count, bad in (
            (1, [0]),
            (2, [1]),
            (100, [37]),
            (800, STREWN),
            (800, range(400)),
            (800, range(400, 800)),
            (800, range(260, 410)),
            (800, [0, 799]),
            (800, range(800)),
        ):
            world = filled(count, bad, words=words)
            requests = world.drain()
            assert requests[:2] == [(1, 0, count, 400), (2, 0, count, 200)], requests
            most = 2 * math.log(count, 2) + 8
            assert len(of(1, requests)) - 1 <= most, (count, bad, len(requests))
            days(world, 5)
            assert (world.missing(), twice(world)) == ([], []), (count, bad)
            stats = world.client.stats()
            assert (stats["held"], stats["rejected"]) == (len(bad), 0), stats


def test_up_to_twelve_strewn_runs_cost_no_more_and_nearly_all_good_points_arrive_in_nine_days():
    waiting = points = 0
    for seed in (0, 4, 100, 103, 105, 106, 107, 112):  # some of which took two weeks
        random.seed(seed)
        count, bad = 800, set()
        for _ in range(random.randrange(10, 13)):
            start, length = random.randrange(count), random.choice((1, 1, 2, 3, 10, 40))
            bad.update(range(start, min(count, start + length)))
        world = filled(count, bad, words=random.choice((KNOWN, UNKNOWN)))
        for day in range(9):
            requests = of(1, world.drain())
            assert len(requests) <= 2 * math.log(count, 2) + 8 + (day == 0), (seed, day, len(requests))
            world.check()
            world.wait(DAY_S)
            world.log(2)
        stats = world.client.stats()
        assert (twice(world), stats["rejected"]) == ([], 0), (seed, stats)
        waiting, points = waiting + len(of(1, world.missing())), points + count - len(bad)
    assert waiting <= points // 1000, (waiting, points)


def test_a_good_point_between_short_runs_of_bad_ones_is_found_at_once():
    for bad in ([5, 6, 8, 9], [3, 4, 5, 7, 8], [20, 21, 22, 23, 25]):
        world = filled(30, bad)
        world.drain()
        world.wait(HOUR_S)
        world.drain()
        assert (world.missing(), world.client.stats()["held"]) == ([], len(bad)), bad


def test_thirty_five_days_of_which_the_server_takes_thirty_and_says_not_why():
    world = World(blocks=64)
    for hour in range(35 * 24):
        world.log(1, 2, bad=(1, 2) if hour < 5 * 24 else ())
    assert len(world.drain()) <= 45
    assert (world.missing(), twice(world)) == ([], [])
    assert world.client.stats()["held"] == 2 * 5 * 24
    for _ in range(4):
        before = len(world.requests)
        for _hour in range(24):
            world.wait(HOUR_S)
            world.log(1, 2)
            world.drain()
        assert len(world.requests) - before <= 2 * 24 + 4  # a day of tries has 23 hours
    world.check()
    assert not world.missing()


def test_many_batches_of_too_old_points_before_the_good_ones_cost_a_request_each_and_a_search():
    count = 6000
    world = World(blocks=80, batch_points=500, words=UNKNOWN)
    for number in range(count + 500):
        world.log(1, bad=(1,) if number < count else ())
        if number >= count:
            world.log(2)
    requests = world.drain()
    assert len(requests) <= count // 500 * 2 + 2 * 13 + 8 + 2, len(requests)
    assert not world.missing() and world.client.stats()["held"] == count
    assert days(world, 3) == [1, 1, 1]


def test_with_more_runs_than_there_are_ranges_some_good_points_wait_none_goes_twice_and_stats_say_how_many():
    for bad in (range(0, 200, 2), [(number * 37) % 800 for number in range(50)]):
        world = filled(200 if len(bad) == 100 else 800, bad)
        world.drain()
        days(world, 5)
        stats = world.client.stats()
        assert stats["held"] == len(bad) + len(world.missing()) and stats["rejected"] == 0, stats
        assert not twice(world)
        world.bad = {}
        days(world, 3)
        assert world.client.pending == 0 and not twice(world)


def test_single_points_among_bad_ones_that_become_good_are_found():
    world = filled(64, range(64))
    world.drain()
    days(world, 2)
    for value in (0, 63):  # the newest is tried first, then the oldest
        del world.bad[1, value]
    days(world, 6)
    assert not world.missing() and not twice(world)
    assert world.client.stats()["held"] == 62


def test_the_points_that_are_tried_alone_are_the_newest_the_oldest_and_then_all_others():
    for count in (1, 2, 4, 16):
        tried = [place_of(number, count) for number in range(1, count + 3)]
        assert tried[:2] == [count - 1, 0] and sorted(set(tried[1:])) == list(range(count)), tried
    assert [place_of(number, 100) for number in range(3, 10)] == [50, 25, 75, 12, 62, 37, 87]


def test_good_points_of_a_pin_with_refused_ones_are_asked_for_before_they_are_held():
    world = World(words=KNOWN)
    world.log(1, bad=(1,))
    world.log(2)
    world.drain()
    world.wait(HOUR_S)
    world.log(1)
    world.log(1)
    held, judge = [], world.judge

    def look(pin, points):
        held.append(world.client.stats()["held"])
        return judge(pin, points)

    world.judge = look
    world.drain()
    assert held == [1] and not world.missing(), held


def test_a_range_is_tried_whole_and_by_one_of_its_points_in_turn():
    world = World(words=KNOWN)
    for _ in range(5):
        world.log(1, bad=(1,))
    world.log(2)
    world.drain()
    asked = []
    for _ in range(8):
        world.wait(DAY_S)
        asked += [request[1:3] for request in world.drain()]
    assert asked == [(0, 5), (4, 1), (0, 5), (0, 1), (0, 5), (2, 1), (0, 5), (1, 1)], asked  # first point, how many


def test_a_full_ring_is_searched_from_its_oldest_sector_on_so_that_notes_push_no_good_reading_out():
    world = World(blocks=8, words=KNOWN)
    while not world.client.ring.get(DROPPED):
        world.log(1, 2, bad=(1,) if world.logged.get(1, 0) % 170 == 40 else ())
    before = world.client.stats()["dropped"]
    for _ in range(24):
        world.drain()
        world.wait(HOUR_S)
        world.log(1, 2)
    world.check()
    assert 15 < len(world.bad) < 30 and world.client.stats()["dropped"] <= before + len(world.bad), world.client
    assert world.client.stats()["held"] < len(world.bad) and not twice(world), world.client


def test_a_search_goes_on_where_a_batch_ends_by_its_bytes():
    """A range that is to be asked whole, of more bytes than a batch: its oldest were asked and refused for ever."""
    world = filled(0, wide=True)
    world.streams = False
    world.boot()
    for number in range(120):
        world.log(1, 2, bad=(1,) if number % 6 == 4 else ())
    for _ in range(8):
        asked = of(1, world.drain())
        assert len(set(asked)) == len(asked), asked
        world.check()
        world.log(2)
        world.wait(DAY_S)
    assert len(world.missing()) < 50, len(world.missing())


def test_with_a_dozen_bad_points_in_the_table_all_pins_in_doubt_are_caught_up_with_the_first_acceptance():
    """Each was to be searched beside the first, which the table has no places for: six of eight waited for a day."""
    for batch_points in (20, 10000):
        world, pins = World(words=UNKNOWN, batch_points=batch_points), range(1, 9)
        for number in range(60):
            world.log(*pins, bad=(1 + number * 5 % 8,) if number % 5 == 2 else ())
        world.drain()
        days(world, 3)
        assert (world.missing(), world.client.stats()["held"]) == ([], 12)
        world.trouble = True
        for _ in range(100):
            world.log(*pins)
        for _ in range(30):
            world.drain()
            world.wait(HOUR_S)
            world.log(*pins)
        world.trouble = False
        world.drain()
        assert not world.missing(), len(world.missing())
        world.check()
        assert world.client.stats()["held"] == 12 and not twice(world)
