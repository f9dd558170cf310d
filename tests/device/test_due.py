"""due() is True only if a drain has something to send: what was refused waits for its next try."""

import random

import blynk_batch
from blynk_batch.ring.state import ASKED
from delivery import DAY_S, HOUR_S, KNOWN, START_MS, UNKNOWN, Cut, World
from flash import NorFlash
from stand_ins import NOW_MS, FakeClock, FakeServer
from timing import client_on

HEAP = "4m"


def test_while_all_that_is_pending_was_refused_it_is_due_once_a_day_or_when_released():
    world = World(words=KNOWN)
    world.log(1, 2, bad=(1,))
    world.drain()
    for _ in range(3):
        world.wait(HOUR_S)
        assert world.client.pending == 1 and not world.client.due(900)
        world.wait(22 * HOUR_S)
        assert world.client.due(900)
        assert len(world.drain()) == 1
    world.client.release(1)
    world.wait(HOUR_S)
    assert world.client.due(900)
    world.drain()
    world.wait(HOUR_S)
    assert not world.client.due(900)
    world.log(2)
    assert world.client.due(900)


def test_what_another_token_was_refused_is_due_at_once_with_the_right_one():
    world = World(words=KNOWN)
    for _ in range(3):  # held open: what follows waits too
        world.log(1, 2, bad=(1,))
        world.drain()
        world.wait(HOUR_S)
    assert world.client.pending == 3 and not world.client.due(900)
    world.client.close()
    world.options["token"], world.bad = "another", {}
    world.boot()
    assert world.client.due(900)
    world.drain()
    assert world.client.pending == 0 and not world.client.due(900)


def test_a_clock_that_is_set_after_a_drain_makes_no_other_due():
    ring = blynk_batch.FileRing("ring", capacity_bytes=12288)
    clock = FakeClock(None, 5000)
    client = blynk_batch.Client("token", ring=ring, transport=FakeServer(), clock=clock)
    client.log(1, 1)
    assert client.due(900) and client.upload().waiting == "clock"
    clock.wait(60000)
    clock.now_ms = NOW_MS
    assert not client.due(900)
    clock.wait(840000)
    assert client.due(900)


def test_what_a_first_boot_has_refused_rests_also_without_a_clock():
    for number in range(64):  # a boot in sixteen begins a day of tries, if there was one before
        server = FakeServer((200, {}, b"OK"), (400, {}, b"No datastream setup for that pin."))
        client = client_on(FakeClock(None, 5000), server, "ring%d" % number, 12288)
        client.log_group({1: 1, 2: 2}, timestamp=NOW_MS)
        client.upload()
        assert len(server.requests) == 2, number


def test_what_is_in_doubt_is_due_once_an_hour():
    world = World(words=UNKNOWN)
    world.log(1, 2)
    world.trouble = True
    for _ in range(4):
        world.drain()
        world.wait(HOUR_S // 4)
        assert world.client.pending == 2 and not world.client.due(60)
        world.wait(HOUR_S)
        assert world.client.due(60)
        assert len(world.requests) <= 5
        world.requests.clear()


def test_so_it_is_where_the_clock_is_not_set():
    world = World(words=UNKNOWN)
    world.log(1, 2)
    world.trouble = True
    world.now = lambda: None
    world.drain()
    for _ in range(3):
        world.wait(HOUR_S - 60)
        assert not world.client.due(60)
        world.wait(60)
        assert world.client.due(60)
        world.drain()


def test_a_search_that_goes_on_in_the_next_drain_is_due():
    world = World(words=KNOWN)
    for number in range(60):
        world.log(1, bad=(1,) if number % 2 else ())
    judge = world.judge

    def cut_in_the_sixth(pin, points):
        if len(world.requests) == 5:
            raise Cut
        return judge(pin, points)

    world.judge = cut_in_the_sixth
    world.drain()
    assert ASKED in world.client.ring.state, "no search was under way"
    world.wait(HOUR_S)
    assert world.client.due(900)


def test_what_was_refused_while_the_clock_was_not_set_is_tried_once_it_is():
    world = World(words=KNOWN)
    world.log(1, 2, bad=(1,))
    world.now = lambda: None
    world.drain()
    assert world.client.stats()["held"] == 1
    world.now = lambda: START_MS + world.seconds * 1000
    world.bad = {}
    world.wait(2 * DAY_S)
    assert world.client.due(900)
    world.drain()
    assert not world.missing()


def test_new_points_of_a_pin_that_is_held_open_are_nothing_to_send_those_of_others_are():
    world = World(words=KNOWN)
    world.log(1, bad=(1,))
    world.drain()
    world.wait(HOUR_S)
    world.log(1, bad=(1,))
    assert world.client.due(900)
    world.drain()  # its second run on end
    world.wait(HOUR_S)
    world.log(2)
    assert world.client.due(900)
    world.drain()
    for _ in range(3):
        world.wait(HOUR_S)
        world.log(1, bad=(1,))
        assert not world.client.due(900) and world.client.pending
    world.log(2)
    world.log(1, bad=(1,))
    assert world.client.due(900)
    assert world.drain() == [(2, 1, 1, 200)]
    world.wait(HOUR_S)
    world.log(1, bad=(1,))
    assert not world.client.due(900)
    world.client.release(1)
    assert world.client.due(900)


def test_a_look_for_something_new_behind_a_day_of_a_pin_that_is_held_open_outlasts_no_watchdog():
    world = World(words=KNOWN)
    for _ in range(2):
        world.log(1, bad=(1,))
        world.drain()
        world.wait(HOUR_S)
    for _ in range(6000):
        world.log(1)
    world.boot()
    before = world.flash.bytes_read
    assert world.client.due(900), "a drain passes them all, and is fed"
    assert world.flash.bytes_read - before < 5000 * 9
    assert not world.drain()
    world.wait(HOUR_S)
    world.log(1, bad=(1,))
    assert not world.client.due(900)


def test_what_was_refused_is_due_daily_by_uptime_where_the_clock_is_not_set():
    world = World(words=KNOWN)
    world.log(1, 2, bad=(1,))
    world.now = lambda: None
    world.drain()
    for _ in range(3):
        world.wait(HOUR_S)
        assert not world.client.due(900)
        world.wait(DAY_S)
        assert world.client.due(900)
        assert len(world.drain()) == 1


class Refuses(FakeServer):
    def post(self, *args):
        reply = super().post(*args)
        return (400, {}, UNKNOWN) if self.fails else reply


def test_a_board_that_sleeps_and_knows_no_time_asks_again_and_has_a_new_budget_some_day():
    for sleep_ms, options in ((1800000, {}), (1800000, {"points_per_day": 1}), (None, {})):
        flash, server = NorFlash(8), Refuses()
        server.fails = not options
        random.seed(1)
        for wake in range(120):
            ring = blynk_batch.BlockRing(flash)
            client = blynk_batch.Client("token", ring=ring, transport=server, clock=FakeClock(None, 1000), **options)
            client.log_group({1: wake, 2: wake}, timestamp=NOW_MS + wake)
            if client.due(900):
                client.upload()
                server.fails = server.fails and wake < 2
            client.close(sleep_ms=sleep_ms)
        assert len(server.requests) >= 3 if options else client.ring.pending < 100, (sleep_ms, options, server.requests)


class RefusesV1(Refuses):
    def post(self, url, *args):
        reply = FakeServer.post(self, url, *args)
        return (400, {}, KNOWN) if self.fails and url.endswith("=v1") else reply


def test_so_does_one_that_uploads_in_each_of_its_wakes():
    few = {"points_per_day": 10}
    for sleep_ms, options in ((3599000, {}), (None, {}), (3599000, few), (None, few)):
        flash, server = NorFlash(8), RefusesV1()
        random.seed(1)
        for wake in range(100):
            ring = blynk_batch.BlockRing(flash)
            client = blynk_batch.Client("token", ring=ring, transport=server, clock=FakeClock(None, 1000), **options)
            server.fails = not options and wake < 20
            client.log_group({1: wake, 2: wake}, timestamp=NOW_MS + wake)
            result = client.upload()
            client.close(sleep_ms=sleep_ms)
        if options:
            assert 30 < client.stats()["uploaded"] < (51 if sleep_ms else 100), (sleep_ms, result, client.stats())
        else:
            assert client.ring.pending < 2, (sleep_ms, result)


def test_a_full_ring_in_which_no_search_has_room_is_not_due_for_nothing():
    for overwrite in (False, True):
        world = World(blocks=6, words=KNOWN, overwrite=overwrite)
        for number in range(2200):
            world.log(1, 2, bad=(1,) if number % 100 == 40 else ())
        world.client.due(900)
        idle = 0
        for _ in range(60):
            world.wait(1000)
            if world.client.due(900):
                assert world.drain(), (overwrite, world.client.stats())
            else:
                idle += 1
        assert idle > 20 and world.client.stats()["held"], (overwrite, idle, world.client)
