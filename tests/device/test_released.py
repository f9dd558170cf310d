"""What is held arrives once the server takes it: a day later, released, with another token. Or it expires."""

import math

import blynk_batch
from blynk_batch import client as client_file
from blynk_batch.errors import UploadError
from blynk_batch.ring import state as keys
from blynk_batch.upload import search
from blynk_batch.upload.batch import Body
from delivery import DAY_S, HOUR_S, KNOWN, World
from flash import NorFlash
from held_worlds import days, filled, of, twice
from stand_ins import FakeClock

Search = search.Search

HEAP = "64m"
WASM = False  # minutes there
TIMEOUT_S = 600


def test_what_can_be_counted_but_not_be_sent_is_asked_as_often_as_what_is_refused_and_waits():
    texts = Body._texts

    def cut_short(body, others, *more, **options):
        for text in texts(body, others) if body.pin == 1 else texts(body, others, *more, **options):
            if not text or body.pin != 1 or more:  # which is what counts has
                yield text

    world = filled(100, pins=(1, 2, 3))
    Body._texts = cut_short
    try:
        error = world.client.upload(watchdog=world.step).error
        assert isinstance(error, UploadError), repr(error)
        assert world.client.stats()["requests"] <= 2 * math.log(100, 2) + 8 + 3, world.client.stats()
        assert world.missing() == [(1, value) for value in range(100)]
        world.log(1, 2)
        days(world, 3)
        assert world.client.stats()["requests"] <= 4 * (2 * math.log(100, 2) + 8 + 3), world.client.stats()
        assert (world.client.stats()["dropped"], len(world.missing())) == (0, 101)
    finally:
        Body._texts = texts
    days(world, 4)
    assert (world.missing(), twice(world), world.client.pending) == ([], [], 0)


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


def test_releases_that_interrupt_a_call_release_no_other_pins():
    world = World(words=KNOWN)
    for _ in range(20):
        world.log(1, 2, 3, bad=(1, 2))
    world.drain()
    assert world.client.stats()["held"] == 40 and world.drain() == []
    world.client.guard.enter()
    for pin in (3, 3):
        world.client.release(pin)
    world.client.guard.leave()
    assert world.drain() == []


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


def strewn(world, count, wait_s):
    """So many times twenty readings, one of them bad, and a drain."""
    for _ in range(count):
        for number in range(20):
            world.log(1, 2, bad=(1,) if number == 10 else ())
        world.wait(wait_s)
        world.drain()


def test_a_point_that_was_refused_on_fewer_than_seven_days_does_not_give_way_where_others_can_wait():
    world = World(words=KNOWN)
    strewn(world, 11, 60)
    days(world, 4)
    strewn(world, 5, 60)
    days(world, 1)
    assert (world.client.stats()["held"] >= 16, world.client.stats()["rejected"]) == (True, 0), world.client
    world.bad.clear()
    days(world, 6)
    assert world.missing() == [] and world.client.pending == 0, world.client


def test_a_point_that_was_refused_alone_on_seven_days_gives_way_when_the_table_is_full():
    world = World(words=KNOWN)
    bad = [20 * number + 10 for number in range(11)]
    for number in range(240):
        world.log(1, 2, bad=(1,) if number in bad else ())
    world.drain()
    days(world, 12)
    assert (world.client.stats()["held"], world.client.stats()["rejected"]) == (11, 0)
    strewn(world, 12, DAY_S)
    days(world, 3)
    stats = world.client.stats()
    assert stats["rejected"] >= 8 and not world.missing(), stats
    world.check()


def test_where_each_refused_pin_takes_a_place_of_its_own_the_one_of_fewest_points_gives_way_counted():
    world = World(words=KNOWN)
    for pin in range(1, 18):
        world.log(*range(1, 18))  # delivered, so that ranges cannot share a place
        world.drain()
        for _ in range(1 if pin == 5 else 2):
            world.log(pin, bad=(pin,))
        world.drain()
        world.check()
        stats = world.client.stats()
        assert stats["rejected"] == (1 if pin == 17 else 0), (pin, stats)
        world.wait(HOUR_S)
    assert stats["held"] == 2 * 16 and not [pin for pin, _, _ in world.client.points() if pin == 5]


def full_table(*group):
    """A World that remembers sixteen ranges: one of pins with two points each, the others of one pin with ten."""
    world = World(words=KNOWN)
    for _ in range(2):
        world.log(*group, bad=group)
    world.drain()
    for pin in range(1, 16):
        refuse_ten(world, pin)
    assert len(keys.range_keys(world.client.ring.state)) == keys.RANGES_MOST
    return world


def refuse_ten(world, pin):
    world.log(*range(18))  # delivered, so that ranges cannot share a place
    for _ in range(10):
        world.log(pin, bad=(pin,))
    world.drain()
    world.check()
    world.wait(HOUR_S)


def test_pins_that_share_a_place_give_way_together_where_their_points_are_the_fewest():
    world = full_table(*range(100, 110))
    for pin, rejected in ((16, 10), (17, 20)):
        refuse_ten(world, pin)
        assert world.client.stats()["rejected"] == rejected, "one of the group alone makes no room"


def test_what_gave_way_before_its_turn_in_the_days_tries_is_not_asked_for():
    class Crowded(Search):
        def refused(self, body, known):  # pin 100 was, again
            super().refused(body, known)
            while [found for found in self.ranges if found.pin >= 100]:
                self.give_way(True)
            self.save()

    world = full_table(100, 101, 102)
    for point in list(world.bad):
        if point[0] > 100:
            del world.bad[point]
    world.wait(DAY_S)
    search.Search = Crowded
    try:
        pins = [pin for pin, _, _, _ in world.drain()]
    finally:
        search.Search = Search
    assert [pin for pin in pins if pin >= 100] == [100], pins
    world.check()


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


def test_a_pin_that_was_held_open_is_asked_at_once_again_after_its_first_acceptance():
    world = filled(50, range(50))
    days(world, 2)
    for _ in range(3):
        world.log(1, 2, bad=(1,))
        days(world, 1)
    assert keys.range_pins(world.client.ring.state, keys.OPEN_END) == b"\x01"
    world.bad.clear()
    world.client.release(1)  # whole
    world.drain()
    assert not world.missing() and not keys.range_pins(world.client.ring.state, keys.OPEN_END)
    world.wait(HOUR_S)
    world.log(1)
    assert of(1, world.drain()) == [(1, 53, 1, 200)]
    world.check()


def test_a_close_that_finds_no_memory_to_try_what_was_released_leaves_all_durable():
    device = NorFlash(4)
    ring = blynk_batch.BlockRing(device, commit_every=4)
    client = blynk_batch.Client("token", ring=ring, clock=FakeClock())
    client.log(1, 1)
    client.released = b"\1"

    def no_memory(*_):
        raise MemoryError

    real, client_file.load = client_file.load, no_memory
    try:
        client.close()
        raise AssertionError("it is to raise")
    except MemoryError:
        pass
    finally:
        client_file.load = real
    assert blynk_batch.BlockRing(device).pending == 1
    client = blynk_batch.Client("token", ring=blynk_batch.BlockRing(device), clock=FakeClock())
    assert client.pending == 1
