"""Points that the server refuses delay, hide and destroy no others: the search, doubt, and what is held.

The policy against a server in RAM (delivery.py), a day in a blink. test_delivery.py has the same at random.
"""

import random

from blynk_batch.errors import RingFull
from blynk_batch.ring import state as keys
from blynk_batch.upload.ranges import HELD, OPEN, WALK, Range, held, store, values, weight
from delivery import DAY_S, HOUR_S, KNOWN, UNKNOWN, Cut, World
from held_worlds import days, filled, of, twice

HEAP = "64m"
WASM = False  # minutes there
TIMEOUT_S = 600


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


def test_what_is_held_arrives_in_log_order_but_for_the_single_point_that_told():
    for tries in range(1, 5):
        for most in (1, 7, 50, 10000):
            world = filled(200, range(200), batch_points=most)
            world.drain()
            days(world, tries - 1)
            world.bad = {}
            world.wait(DAY_S)
            world.drain()
            values = [value for pin, value in world.order if pin == 1]
            assert len(values) == 200 and not twice(world)
            assert values[1:] == sorted(values[1:]), (tries, most, values)
            world.check()


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


def test_so_it_does_where_one_connection_takes_nearly_all_the_time_that_a_call_has():
    """The batch behind a refused one is broken off, but for want of time, and not since it is too large."""
    for words in (KNOWN, UNKNOWN):
        for bad in (1, 2):
            world = World(words=words)
            world.connects_s = 4
            for hour in range(16):
                for _ in range(20):
                    world.wait(60)
                    world.log(1, 2, bad=(bad,))
                world.client.upload(timeout_s=5)
                world.wait(HOUR_S - 1200)
                late = [point for point in world.missing() if point[0] != bad]
                assert len(late) <= 40, (words, bad, hour, len(late))  # each second call is the other pin's
            world.check()


def test_what_is_held_gets_smaller_batches_where_a_whole_one_takes_longer_than_a_call_has():
    """Though the others, which come first, are accepted in each call."""
    world = filled(900, range(900))
    world.drain()
    world.bad.clear()
    world.connects_s = world.chunk_s = 1
    for _ in range(6 * 24):
        world.wait(HOUR_S)
        world.log(1, 2)
        world.client.upload(timeout_s=20)
    assert not [point for point in world.missing() if point[1] < 1000], len(world.missing())
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
    assert not world.client.uploader().pace.has_room()
    assert weight(ranges) >= keys.RANGES_MOST - 2, (weight(ranges), len(ranges), logged)
    world.check()
    days(world, 30)
    assert (world.client.pending, twice(world)) == (0, []), world.client


def full_table(world, pins, end):
    """Fill it with a held range of each pin, which ends at `end(pin)`: of one point of the first, three of others."""
    ring, ranges = world.client.ring, []
    for pin in pins:
        world.log(*pins[1:])  # delivered, so that ranges cannot share a place
        start = ring.end()[:2]
        for _ in range(3 if pin > pins[0] else 1):
            world.log(pin, bad=(pin,))
        ranges.append(Range(pin, start, end(pin), HELD, 1))
    for number, value in enumerate(values(ranges)):
        ring.set(keys.RANGES + number, value)
    ring.set(keys.CURSOR, ring.end())
    ring.set(keys.UPLOADED, (len(pins) * len(pins[1:]),))
    ring.set(keys.HELD, (world.total() - ring.get(keys.UPLOADED),))
    return ranges


def test_a_pin_held_open_that_gives_way_in_the_midst_of_a_window_is_rejected_up_to_its_end():
    world = World(words=KNOWN)
    ring, pins = world.client.ring, range(30, 30 + keys.RANGES_MOST)
    full_table(world, pins, lambda pin: ring.end()[:2] if pin > 30 else OPEN)
    world.log(6, bad=(6,))
    world.log(7)  # the window goes on
    for _ in range(20):
        world.log(30, bad=(30,))
    world.drain()
    assert ring.get(keys.REJECTED) == 21 and not keys.range_pins(ring.state, keys.OPEN_END), ring.state
    assert len(world.check()) == ring.get(keys.HELD) == 46


def test_a_request_whose_range_gives_way_before_its_reply_came_is_not_made_again():
    world = World(words=KNOWN)
    ring, pins = world.client.ring, range(30, 30 + keys.RANGES_MOST)
    ranges = full_table(world, pins, lambda pin: ring.end()[:2])
    ring.set(keys.ASKED, ranges[0].start + ranges[0].end + (30, 0, world.now()) + ring.end()[:2])
    world.bad = {}
    for pin in (6, 7, 6, 6):  # those of V6 are more than the one of V30, which gives way to them
        world.log(pin, bad=(6,))
    assert not of(30, world.drain())
    assert len(world.check()) == ring.get(keys.HELD) == 3 and ring.get(keys.REJECTED) == 1


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
            days(world, 40)
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


def test_a_refused_pin_that_has_a_point_now_and_then_takes_one_place_of_the_table_and_gives_up_nothing():
    for words, refused in ((KNOWN, (1,)), (KNOWN, (1, 3, 4)), (UNKNOWN, (1, 3))):
        world = World(words=words)
        for number in range(120):
            world.log(2 if number & 1 else refused[number // 2 % len(refused)], bad=refused)
            world.drain()
            world.wait(HOUR_S)
        places = len(keys.range_keys(world.client.ring.state))
        stats = world.client.stats()
        assert (places, stats["held"], stats["rejected"]) == (len(refused), 60, 0), (places, stats)
        assert stats["requests"] <= 60 + 20 * len(refused), stats
        world.check()
        world.bad = {}
        days(world, 2)
        assert world.client.pending == 0 and not twice(world)


def test_twenty_refused_pins_that_log_rarely_and_at_different_times_share_places_of_the_table():
    for words in (KNOWN, UNKNOWN):
        world = World(words=words)
        for turn in range(30):
            world.log(10 + turn * 7 % 20, bad=range(10, 30))
            world.log(1, 2)
            requests = world.drain()
            assert len(of(1, requests)) == len(of(2, requests)) == 1, (turn, requests)
            assert turn < 20 or {request[0] for request in requests[:2]} == {1, 2}, (turn, requests)
            world.wait(12 * HOUR_S)
        stats = world.client.stats()
        assert (stats["rejected"], stats["held"], len(world.check())) == (0, 30, 30), stats
        assert weight(held(world.client.ring)) <= keys.RANGES_MOST - 6
        world.bad = {}
        days(world, 2)
        assert world.client.pending == 0 and not twice(world)


def test_the_look_for_the_points_that_a_rare_pin_has_in_between_lets_others_work():
    world = World(words=KNOWN)
    medium, step, reads, most = world.client.ring.medium, world.client.uploader().step, [0], [0]
    read = medium.read

    def counted(*args):
        reads[0] += 1
        read(*args)

    def measured(*args):
        before = reads[0]
        try:
            return step(*args)
        finally:
            most[0] = max(most[0], reads[0] - before)

    world.log(1, bad=(1,))
    world.drain()
    for _ in range(4000):
        world.log(2)
    world.drain()
    medium.read, world.client.uploader().step = counted, measured
    world.log(1, bad=(1,))
    world.drain()
    assert keys.range_pins(world.client.ring.state, keys.OPEN_END) == b"\1" and 0 < most[0] < 20, most
    world.check()


def test_refused_points_are_no_range_with_accepted_ones_in_between():
    world = World(words=KNOWN)
    for number in range(60):
        world.log(2 if number & 1 else 1, bad=(1,) if number % 6 == 0 else ())
        world.drain()
        world.wait(HOUR_S)
    assert not world.missing() and world.client.stats()["held"] == 10
    assert len(world.check()) == 10
    world.bad = {}
    days(world, 10)
    assert world.client.pending == 0 and not twice(world)


def test_a_pin_that_the_server_fails_on_keeps_no_refused_ones_from_their_search_till_the_table_is_full():
    for kind in ("failing", "dying", "astray", "silent"):
        random.seed(1)
        world = World(words=KNOWN)
        setattr(world, kind, (2,))
        for _ in range(200):
            world.log(random.choice((1, 2, 3, 4)), bad=(1, 3))
            world.drain()
            world.wait(900)
        assert world.client.stats()["rejected"] == 0, kind
        world.check()


def test_a_pin_that_fails_on_while_the_table_is_full_keeps_no_other_waiting_in_windows_of_small_batches():
    random.seed(1)
    world = World(words=KNOWN, batch_points=2)
    for number in range(60):
        world.log(1, 3, 4, bad=(1, 4) if number & 1 else (4,))
    for _ in range(3):
        world.drain()
        world.wait(DAY_S)
    ring = world.client.ring
    ranges = held(ring)
    for found in ranges:
        if found.pin == 4:  # it is to be searched, and asked for what comes, too
            found.end = min(found.end, ring.cursor()[:2])
            found.search(WALK)
    store(ring, ranges)
    assert weight(ranges) > 12
    world.silent = (4,)
    ring.set(keys.FAILED, b"\4\4")
    for _ in range(12):
        world.log(1, 3, 4)
    for hour in range(24):
        world.wait(HOUR_S)
        world.log(1, 3, 4)
        world.drain()
        assert not [point for point in world.missing() if point[0] == 3], hour
    assert world.client.stats()["rejected"] == 0
    world.check()


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
    assert world.client.ring.newest == 6 and world.client.pace().has_room()
    near_the_end(world, 9)
    ring, due = world.client.ring, world.client.pace()
    assert ring.newest == 9 and due.has_room()
    while ring.newest < 10 or ring.offset < 3900:
        ring.save_value(keys.WORDS, bytes(100))
    assert not due.has_room()  # what is kept for notes is full


def test_a_range_of_many_pins_takes_the_room_of_several():
    for pins, places in ((1, 1), (14, 1), (15, 2), (100, 9), (101, 10), (200, 18)):
        ranges = [Range(pin, (5, 0), (6, 0), HELD) for pin in range(pins)]
        assert weight(ranges) == places, (pins, weight(ranges))


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
