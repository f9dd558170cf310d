"""Points that the server refuses delay, hide and destroy no others: the search, doubt, and what is held.

The policy against a server in RAM (delivery.py), a day in a blink. test_delivery.py has the same at random.
"""

import math
import random

from blynk_batch.errors import RingFull
from blynk_batch.ring import state as keys
from blynk_batch.upload.batch import Body
from blynk_batch.upload.held import HELD, OPEN, Range, values, weight
from blynk_batch.upload.search import _place as place_of
from delivery import DAY_S, HOUR_S, KNOWN, UNKNOWN, Cut, World

HEAP = "64m"
WASM = False  # minutes there
TIMEOUT_S = 600

STREWN = (3, 99, 204, 405, 500, 700)


def filled(count, bad=(), pins=(1, 2), **options):
    """A World with `count` groups; those of V1 whose number is in `bad` are refused."""
    world = World(**options)
    for number in range(count):
        world.log(*pins, bad=(1,) if number in bad else ())
    return world


def of(pin, requests):
    return [request for request in requests if request[0] == pin]


def days(world, count):
    """Requests of each of the next days."""
    found = []
    for _ in range(count):
        world.wait(DAY_S)
        found.append(len(world.drain()))
        world.check()
    return found


def twice(world):
    return [point for point in world.got if world.got[point] > 1]


# The search


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


def test_up_to_twelve_strewn_runs_cost_no_more_and_nearly_all_good_points_arrive_in_a_few_days():
    waiting = points = 0
    for seed in range(8):
        random.seed(seed)
        count, bad = 800, set()
        for _ in range(random.randrange(10, 13)):
            start, length = random.randrange(count), random.choice((1, 1, 2, 3, 10, 40))
            bad.update(range(start, min(count, start + length)))
        world = filled(count, bad, words=random.choice((KNOWN, UNKNOWN)))
        for day in range(8):
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


def test_a_range_is_tried_once_a_day_and_new_points_of_a_pin_that_is_held_open_cost_nothing():
    world = filled(200, range(200))
    world.drain()
    assert days(world, 3) == [1, 1, 1]
    world.client.release(1)
    for hour in range(60):
        world.wait(HOUR_S)
        world.log(1, 2, bad=(1,))
        requests = world.drain()
        if hour > 30:  # its second run on end was refused since
            assert len(of(1, requests)) <= (1 if hour % 24 else 2), (hour, requests)
        assert of(2, requests)[:1] == [(2, 200 + hour, 1, 200)]
        world.check()
    world.wait(HOUR_S)
    world.log(1, bad=(1,))
    assert world.client.stats()["held"] >= 260


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


# Other pins


def test_a_pin_of_the_wrong_type_delays_no_other_at_any_time_that_a_call_has():
    for timeout_s in (1, 8, 60, None):
        for bad in (1, 2):
            world = World()
            world.takes_s = 4
            for hour in range(12):
                for _ in range(20):
                    world.wait(60)
                    world.log(1, 2, bad=(bad,))
                before = len(world.requests)
                world.client.upload(timeout_s=timeout_s)
                requests = world.requests[before:]
                if hour > 1:
                    assert not requests or requests[0][0] != bad, (timeout_s, hour, requests)
                if hour > 2 or timeout_s is None:
                    assert not [point for point in world.missing() if point[0] != bad], (timeout_s, bad, hour)
                world.wait(HOUR_S - 1200)
            world.check()


def test_no_note_of_a_refusal_pushes_a_reading_out_of_the_ring():
    for blocks, count in ((16, 1400), (4, 700), (4, 1500)):
        for words in (KNOWN, UNKNOWN):
            world = World(blocks=blocks, words=words)
            for number in range(count):
                world.log(1 + number % 2, bad=(1,))
            dropped = world.dropped()
            for _ in range(60):
                world.drain()
                world.wait(HOUR_S)
            for _ in range(60):
                world.drain()
                world.wait(DAY_S)
            assert world.dropped() == dropped, (blocks, count, dropped, world.dropped())
            assert not [point for point in world.missing() if point[1] > dropped], blocks
            world.check()


def test_many_ranges_in_a_full_ring_without_room_for_notes_arrive_once_the_server_takes_them():
    world = World(blocks=3, overwrite=False, batch_points=7)
    ring, starts = world.client.ring, {}
    logged = 0
    while world.total() == logged:
        logged += 1
        pin = logged % 100 // 5 if logged % 5 == 0 and logged > 500 and logged % 100 // 5 < 14 else 20 + logged % 3
        starts.setdefault(pin, ring.end()[:2])
        world.log(pin)
    ring.set(keys.CURSOR, ring.end())
    ring.set(keys.HELD, (world.total(),))
    ranges = [Range(pin, starts[pin], OPEN if pin > 14 else ring.end()[:2], HELD, 1) for pin in starts]
    for found in ranges:
        found.start = (0, 0) if found.pin > 14 else found.start
    for number, value in enumerate(values(ranges)):
        ring.set(keys.RANGES + number, value)
    while ring.newest < 2 or ring.offset + 100 < ring.data_end:
        ring.save_value(keys.WORDS, bytes((ring.offset & 63, 1)) * 20)
    assert not world.client.uploader().search.has_room()
    assert weight(ranges) >= keys.RANGES_MOST - 2, (weight(ranges), len(ranges), logged)
    world.check()
    days(world, 30)
    assert (world.client.pending, twice(world)) == (0, []), world.client


def test_a_pin_held_open_that_gives_way_in_the_midst_of_a_window_is_rejected_up_to_its_end():
    world = World(words=KNOWN)
    ring, ranges = world.client.ring, []
    for pin in range(30, 30 + keys.RANGES_MOST):
        start = ring.end()[:2]
        for _ in range(3 if pin > 30 else 1):
            world.log(pin, bad=(pin,))
        ranges.append(Range(pin, start, ring.end()[:2] if pin > 30 else OPEN, HELD, 1))
    for number, value in enumerate(values(ranges)):
        ring.set(keys.RANGES + number, value)
    ring.set(keys.CURSOR, ring.end())
    ring.set(keys.HELD, (world.total(),))
    world.log(6, bad=(6,))
    world.log(7)  # the window goes on
    for _ in range(20):
        world.log(30, bad=(30,))
    world.drain()
    assert ring.get(keys.REJECTED) == 21 and not keys.open_pins(ring.state), ring.state
    assert len(world.check()) == ring.get(keys.HELD) == 46


def test_a_ring_that_may_not_overwrite_never_drops_what_is_held():
    world = World(blocks=6, overwrite=False)
    logged = 0
    try:
        for logged in range(4000):
            world.log(1 + logged % 3, bad=(1,))
            if logged % 100 == 0:
                world.drain()
    except RingFull:
        world.logged[1 + logged % 3] -= 1
    for _ in range(30):
        world.wait(DAY_S)
        world.drain()
    stats = world.client.stats()
    assert stats["dropped"] == stats["rejected"] == 0 and stats["held"] == world.logged[1], stats
    world.check()


def test_what_is_held_in_a_full_ring_arrives_though_nothing_is_logged_any_more():
    for overwrite in (True, False):
        for pins in (1, 3):
            world = World(blocks=4, overwrite=overwrite, wide=pins > 1)
            try:
                for number in range(3000 if not overwrite else 1100):
                    world.log(1 + number % pins, 9, bad=(1, 2, 3))
                    if number % 100 == 0:
                        world.drain()
            except RingFull:
                world.logged[1 + number % pins] -= 1
                world.logged[9] -= 1
            dropped = world.dropped()
            days(world, 100)
            assert world.dropped() == dropped and world.client.stats()["held"], (overwrite, pins)
            world.bad = {}
            days(world, 12)
            assert (world.client.pending, world.dropped(), twice(world)) == (0, dropped, []), (overwrite, pins)


def test_twenty_pins_without_datastreams_beside_two_good_ones():
    world = World(blocks=32)
    pins = tuple(range(1, 23))
    counts = []
    for _ in range(4 * 24 * 2):
        world.wait(900)
        world.log(*pins, bad=range(3, 23))
        requests = world.drain()
        assert counts[:1] == [] or {request[0] for request in requests[:2]} == {1, 2}, requests
        counts.append(len(requests))
    assert counts[2:90] == [2] * 88, counts
    assert sum(counts[96:]) <= 2 * 96 + 20, counts
    assert world.client.stats()["held"] == 20 * 4 * 24 * 2
    world.check()
    world.bad = {}
    world.wait(DAY_S)
    world.drain()
    assert world.client.pending == 0 and not twice(world)
    for pin in pins:
        values = [value for of_pin, value in world.order if of_pin == pin]
        assert values == sorted(values)


def test_what_can_be_counted_but_not_be_sent_is_asked_as_often_as_what_is_refused_and_waits():
    frames = Body._frames

    def cut_short(body, counts=None, but=None, out=None):
        for found in frames(body, counts, but, None if body.pin == 1 else out):
            if not found or body.pin != 1 or out is None:
                yield found

    world = filled(100, pins=(1, 2, 3))
    Body._frames = cut_short
    try:
        world.client.upload(watchdog=world.step)
        assert world.client.stats()["requests"] <= 2 * math.log(100, 2) + 8 + 3, world.client.stats()
        assert world.missing() == [(1, value) for value in range(100)]
        world.log(1, 2)
        days(world, 3)
        assert world.client.stats()["requests"] <= 4 * (2 * math.log(100, 2) + 8 + 3), world.client.stats()
        assert (world.client.stats()["dropped"], len(world.missing())) == (0, 101)
    finally:
        Body._frames = frames
    days(world, 4)
    assert (world.missing(), twice(world), world.client.pending) == ([], [], 0)


def test_one_pin_that_is_always_answered_500_or_whose_connection_always_ends_in_its_batch_starves_no_other():
    for kind, pins in (("failing", (1, 2)), ("failing", (1,)), ("dying", (1, 2)), ("dying", (1,)), ("dying", (2, 1))):
        world = World(batch_points=50)
        setattr(world, kind, (1,))
        for _number in range(300):
            world.log(1)
        late = []
        for _hour in range(40):
            for pin in pins:
                world.log(pin)
            world.drain()
            late.append(len([point for point in world.missing() if point[0] == 2]))
            world.wait(HOUR_S)
        assert max(late[4:]) == 0, (kind, pins, late)
        status = 500 if kind == "failing" else 0
        assert [found for pin, _, _, found in world.requests if pin == 1][:3] == [status] * 3
        world.check()
        setattr(world, kind, ())
        for _ in range(4):
            world.wait(DAY_S)
            world.drain()
        assert world.client.pending == 0 and not twice(world)


def test_an_outage_of_any_length_holds_nothing_and_ends_with_the_first_drain_behind_it():
    for pins in ((1,), (1, 2, 3)):
        world = filled(100, pins=pins, batch_points=30)
        world.cut_off = True
        for _hour in range(30):
            world.log(*pins)
            assert len(world.drain()) == 1
            world.wait(HOUR_S)
        assert not [key for key in keys.range_keys(world.client.ring.state)], world.client.ring.state
        world.cut_off = False
        world.drain()
        assert world.client.pending == 0 and not twice(world), world.client
        for pin in pins:
            assert [value for each, value in world.order if each == pin] == list(range(130))


def test_after_two_drains_that_failed_for_all_a_pin_that_fails_on_keeps_the_other_waiting_once_more():
    world = filled(3, pins=(1, 2))
    asked = []
    for failing in ((1, 2), (1, 2), (1,), (1,)):
        world.failing = failing
        asked.append([pin for pin, _, _, _ in world.drain()])
        world.wait(world.result.retry_after_s or HOUR_S)
    assert asked[:3] == [[1], [2], [1]] and asked[3][0] == 2, asked
    assert not [point for point in world.missing() if point[0] == 2]


# Doubt


def test_while_a_pin_is_in_doubt_the_result_says_that_it_is_asked_again_in_an_hour():
    world = filled(10, pins=(1,))
    world.trouble = True
    world.drain()
    assert (world.result.waiting, world.result.retry_after_s) == (None, HOUR_S)


def test_a_server_that_takes_nothing_from_anybody_is_asked_three_times_an_hour_and_nothing_is_held():
    for pins in ((1,), (1, 2, 3)):
        world = filled(100, pins=pins)
        world.trouble = True
        assert len(world.drain()) <= len(pins) + 3
        for hour in range(30):
            requests = []
            for _ in range(4):
                world.wait(900)
                world.log(*pins)
                requests += world.drain()
            assert len(requests) <= 3, (hour, requests)
            assert world.client.stats()["held"] == 0
        world.check()
        world.trouble = False
        world.wait(HOUR_S)
        assert len(world.drain()) <= 4 * len(pins)
        assert world.client.pending == 0 and not twice(world) and not world.missing()


# What is held arrives


def test_what_is_held_arrives_once_and_in_order_a_day_later_when_it_is_released_and_with_another_token():
    for way in ("day", "release", "token"):
        world = filled(300, range(100, 200), words=KNOWN)
        world.drain()
        assert world.client.stats()["held"] == 100
        world.bad = {}
        assert world.drain() == []
        if way == "day":
            world.wait(DAY_S)
        elif way == "release":
            world.client.release("V1")
        else:
            world.client.close()
            world.options["token"] = "another"
            world.boot()
        before = len(world.order)
        world.drain()
        back = [value for _, value in world.order[before:]]
        assert world.client.pending == 0 and sorted(back) == list(range(100, 200)), (way, back)
        assert len([index for index in range(99) if back[index] > back[index + 1]]) <= 1, back


def test_a_release_in_the_midst_of_an_upload_holds_for_the_next():
    step = calls = 0
    while calls >= step:
        step += 1
        world = filled(40, range(40), pins=(1, 2, 3))
        world.drain()
        world.wait(HOUR_S)
        for _ in range(20):
            world.log(1, 2, 3, bad=(1,))
        world.drain()
        world.wait(DAY_S)
        world.log(2)
        calls = 0

        def watchdog(world=world, step=step):
            nonlocal calls
            calls += 1
            if calls == step:
                world.bad.clear()
                world.client.release(1)

        world.client.upload(watchdog=watchdog)
        world.known()
        if calls >= step:
            world.wait(HOUR_S)
            world.drain()
            assert (world.missing(), twice(world)) == ([], []), step
    assert step > 15, step


def test_all_the_ranges_of_a_pin_that_became_good_arrive_with_one_upload():
    for bad in ([6], [0], range(7)):
        world = filled(7, bad)
        for _ in range(6):
            world.drain()
            world.wait(DAY_S)
            for arrives in ((1,), (), (1,)):
                world.log(1, 2, bad=arrives)
        world.drain()
        world.wait(DAY_S)
        world.bad.clear()
        world.drain()
        assert world.missing() == [], "the budget is one of all ranges, not of the first that is searched"


def test_single_points_among_bad_ones_that_become_good_are_found():
    world = filled(64, range(64))
    world.drain()
    days(world, 2)
    for value in (0, 63):  # the newest is tried first, then the oldest
        del world.bad[1, value]
    days(world, 6)
    assert not world.missing() and not twice(world)
    assert world.client.stats()["held"] == 62


def test_a_point_that_was_refused_alone_on_seven_days_gives_way_when_the_table_is_full():
    world = World(words=KNOWN)
    bad = [20 * number + 10 for number in range(11)]
    for number in range(240):
        world.log(1, 2, bad=(1,) if number in bad else ())
    world.drain()
    days(world, 12)
    assert (world.client.stats()["held"], world.client.stats()["rejected"]) == (11, 0)
    for _start in range(240, 480, 20):
        for number in range(20):
            world.log(1, 2, bad=(1,) if number == 10 else ())
        world.wait(DAY_S)
        world.drain()
    days(world, 3)
    stats = world.client.stats()
    assert stats["rejected"] >= 8 and not world.missing(), stats
    world.check()


def test_where_each_refused_pin_takes_a_place_of_its_own_the_one_of_fewest_points_gives_way_counted():
    world = World(words=KNOWN)
    for pin in range(1, 18):
        for _ in range(1 if pin == 5 else 2):
            world.log(pin, bad=(pin,))
        world.drain()
        world.check()
        stats = world.client.stats()
        assert stats["rejected"] == (1 if pin == 17 else 0), (pin, stats)
        world.wait(HOUR_S)
    assert stats["held"] == 2 * 16 and not [pin for pin, _, _ in world.client.points() if pin == 5]


def test_pins_that_the_server_always_fails_on_starve_no_other_however_many_they_are():
    world = World(words=UNKNOWN)
    world.failing = (1, 2, 3, 5, 6)
    for _ in range(20):
        world.log(1, 2, 3, 4, 5, 6)
    for _ in range(12):
        world.wait(HOUR_S)
        world.log(4)
        world.drain()
        world.check()
    assert not [point for point in world.missing() if point[0] == 4]
    world.failing = ()
    days(world, 3)
    assert (world.missing(), twice(world)) == ([], [])


def test_a_good_pin_has_its_turn_in_the_second_drain_however_many_fail():
    failing = tuple(range(1, 49, 2))
    for before, good in ((False, (99,)), (True, (99,)), (False, range(2, 50, 2))):
        world = World(blocks=32)
        pins = sorted(failing + tuple(good))
        if before:
            world.log(*pins)
            world.drain()
            world.wait(HOUR_S)
        world.failing = failing
        for pin in pins:
            world.log(pin)
        assert len(world.drain()) == 1
        for hour in range(6):
            world.wait(HOUR_S)
            asked = [pin for pin, _, _, _ in world.drain()]
            assert hour or len(asked) <= len(set(asked)) + 2, asked
            world.check()
            assert not [point for point in world.missing() if point[0] in good]
            world.log(99, 2)
        world.failing = ()
        days(world, 3)
        assert (world.missing(), twice(world)) == ([], [])


def test_a_server_that_fails_on_everything_is_asked_for_each_pin_once_and_then_for_one_in_each_drain():
    world = World()
    world.failing = tuple(range(1, 25))
    for pin in world.failing:
        world.log(pin)
    counts = []
    for _hour in range(12):
        counts.append(len(world.drain()))
        world.wait(HOUR_S)
    assert counts[:2] == [1, 23] and max(counts[2:]) <= 3, counts
    assert world.client.stats()["held"] == 0
    world.failing = ()
    days(world, 2)
    assert (world.missing(), twice(world)) == ([], [])


def test_twenty_four_pins_that_fail_or_are_refused_one_by_one_starve_no_other():
    pins = tuple(range(1, 25))
    for failing in (True, False):
        world = World(blocks=32)
        world.failing = pins if failing else ()
        for _ in range(12):
            for pin in pins:  # a frame each: no two have the same bounds
                world.log(pin, bad=pins if not failing else ())
        for hour in range(60):
            world.wait(HOUR_S)
            world.log(99)
            world.log(*pins[:3], bad=pins if not failing else ())
            requests = world.drain()
            if hour > 24:
                assert requests[0][0] == 99, (failing, hour, requests)
                assert [point for point in world.missing() if point[0] == 99] == [], (failing, hour)
            world.check()
        assert world.client.stats()["rejected"] == 0, world.client.stats()
        world.failing, world.bad = (), {}
        days(world, 5)
        assert world.client.pending == 0 and not twice(world), world.client


def test_readings_that_get_too_old_while_they_are_held_expire_and_leave():
    world = World(max_age_days=3, words=KNOWN)
    for _hour in range(20):
        world.log(1, 2, bad=(1,))
        world.wait(HOUR_S)
    world.drain()
    for _ in range(6):
        world.wait(DAY_S)
        world.log(2)
        world.drain()
        world.check()
    stats = world.client.stats()
    assert (stats["expired"], stats["held"], stats["pending"]) == (20, 0, 0), stats


def test_a_pin_in_doubt_whose_readings_have_all_expired_is_no_question():
    for hours in range(3):
        world = World(max_age_days=1, words=UNKNOWN)
        world.trouble = True
        world.log(1, 2, 3)
        world.drain()
        world.wait(2 * DAY_S)
        world.log(4)
        for _ in range(hours):
            world.drain()
            world.wait(HOUR_S)
        world.trouble = False
        world.drain()
        assert world.got == {(4, 0): 1} and not world.check(), (hours, world.got)


def test_two_kinds_of_pins_that_share_a_range_part_and_join_again():
    world = World(words=KNOWN)
    for _ in range(30):
        world.log(1, 2, 3, 4, bad=(1, 2, 3))
    world.drain()
    assert world.client.stats()["held"] == 90
    keys = [key for key in world.client.ring.state if 96 <= key < 112]
    assert len(keys) == 1, "pins of equal bounds share no range"
    world.bad = dict([(point, True) for point in world.bad if point[0] != 2])
    days(world, 2)
    assert not world.missing() and world.client.stats()["held"] == 60
    assert "held" in repr(world.client)


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


def near_the_end(world, sector):
    """Log up to where that sector has no room for notes any more, but for a few readings."""
    ring = world.client.ring
    while ring.newest < sector or ring.data_end - ring.offset > 250:
        world.log(1)


def test_there_is_room_for_notes_while_a_sector_holds_nothing_that_is_pending():
    world = World(blocks=4, wide=True)
    for sector in range(6):
        near_the_end(world, sector)
        world.drain()
    near_the_end(world, 6)
    assert world.client.ring.newest == 6 and world.client.uploader().search.has_room()
    near_the_end(world, 9)
    ring, search = world.client.ring, world.client.uploader().search
    assert ring.newest == 9 and search.has_room()
    while ring.newest < 10 or ring.offset < 3900:
        ring.save_value(keys.WORDS, bytes(100))
    assert not search.has_room()  # what is kept for notes is full


def test_a_range_of_many_pins_takes_the_room_of_several():
    for pins, places in ((1, 1), (14, 1), (15, 2), (100, 9), (101, 10), (200, 18)):
        ranges = [Range(pin, (5, 0), (6, 0), HELD) for pin in range(pins)]
        assert weight(ranges) == places, (pins, weight(ranges))


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


def test_a_question_under_way_when_others_are_accepted_again_tells_of_its_own_point_alone():
    world = World(words=UNKNOWN)
    for _ in range(30):
        world.log(1)
    world.trouble = True
    world.drain()
    world.wait(HOUR_S)
    judge = world.judge

    def cut_in_the_third(pin, points):
        if len(world.requests) == before + 2:
            raise Cut
        return judge(pin, points)

    before, world.judge = len(world.requests), cut_in_the_third
    world.drain()
    world.judge, world.trouble = judge, False
    quarter = 7
    world.bad[1, quarter] = True
    world.wait(HOUR_S)
    world.log(2)
    requests = world.drain()
    assert of(1, requests)[0] == (1, quarter, 1, 400), requests
    assert not world.missing() and world.client.stats()["held"] == 1, requests
    world.check()
