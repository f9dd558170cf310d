"""Pins that the server fails on, or refuses while it takes nothing from anybody: they starve no other."""

from blynk_batch.ring.state import OPEN_END, RANGES
from delivery import DAY_S, HOUR_S, KNOWN, UNKNOWN, World
from held_worlds import days, filled, twice

HEAP = "64m"
WASM = False  # minutes there
TIMEOUT_S = 600


def test_one_pin_that_is_always_answered_500_or_whose_connection_always_ends_in_its_batch_starves_no_other():
    check_that_a_pin_starves_no_other((("failing", 500), ("dying", 0)))


def test_one_pin_that_is_always_sent_to_a_foreign_host_starves_no_other():
    check_that_a_pin_starves_no_other((("astray", 308),))


def check_that_a_pin_starves_no_other(kinds):
    for kind, status, pins in [kind + (pins,) for kind in kinds for pins in ((1, 2), (1,), (2, 1))]:
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
        assert [found for pin, _, _, found in world.requests if pin == 1][:3] == [status] * 3
        world.check()
        setattr(world, kind, ())
        for _ in range(4):
            world.wait(DAY_S)
            world.drain()
        assert world.client.pending == 0 and not twice(world)


def test_after_two_drains_that_failed_for_all_a_pin_that_fails_on_keeps_the_other_waiting_once_more():
    world = filled(3, pins=(1, 2))
    asked = []
    for failing in ((1, 2), (1, 2), (1,), (1,)):
        world.failing = failing
        asked.append([pin for pin, _, _, _ in world.drain()])
        world.wait(world.result.retry_after_s or HOUR_S)
    assert asked[:3] == [[1], [2], [1]] and asked[3][0] == 2, asked
    assert not [point for point in world.missing() if point[0] == 2]


def test_a_failure_of_a_pin_that_was_accepted_since_is_its_first_again():
    world = filled(3, pins=(1, 2))
    for failing in ((1,), (), (1,)):
        world.failing = failing
        world.log(1, 2)
        world.drain()
        world.wait(world.result.retry_after_s or HOUR_S)
        assert world.client.stats()["held"] == 0
    assert [pin for pin, _, _, status in world.requests if status == 500] == [1, 1]


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
    assert counts == [1, 23] + [1] * 10
    assert world.client.stats()["held"] == 0
    world.failing = ()
    days(world, 2)
    assert (world.missing(), twice(world)) == ([], [])


def test_a_drain_ends_where_more_pins_fail_than_the_state_can_note():
    world = World()
    world.failing = tuple(range(0, 140, 2))
    for pin in range(140):
        world.log(pin)
    for _ in range(3):
        before = len(world.requests)
        world.drain()
        assert len(world.requests) - before <= 140, len(world.requests)
        world.wait(HOUR_S)
    assert world.client.pending == 70


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
        assert world.order == [(4, 0)] and not world.check(), (hours, world.order)


def test_a_pin_in_doubt_is_no_more_held_in_print_than_in_stats():
    world = World(words=UNKNOWN)
    world.trouble = True
    world.log(1)
    world.drain()
    assert world.client.stats()["held"] == 0 and "held" not in repr(world.client)
    world.trouble = False
    world.log(2, 3, bad=(2,))
    world.wait(2 * HOUR_S)
    world.drain()
    assert world.client.stats()["held"] == 1 and ", 1 held" in repr(world.client)


def test_a_question_that_is_answered_in_known_words_ends_the_doubt():
    world = World(words=UNKNOWN)
    world.trouble = True
    for _ in range(3):
        world.log(1)
    world.drain()
    assert world.client.stats()["held"] == 0, world.client.stats()
    world.words = KNOWN
    world.wait(2 * HOUR_S)
    world.drain()
    assert world.client.stats()["held"] == 3 and ", 3 held" in repr(world.client), world.client.stats()


def test_all_that_expired_in_doubt_is_counted_with_the_next_question():
    world = World(max_age_days=1, words=UNKNOWN)
    world.trouble = True
    world.log(1, 2, 3)
    world.drain()
    world.wait(2 * DAY_S)
    world.drain()
    assert world.client.stats()["expired"] == 3 and not world.check(), world.client.stats()


def test_a_drain_ends_though_it_trusts_again_when_nothing_is_left_of_a_pin_in_doubt():
    world = World(max_age_days=1, words=UNKNOWN, cut_at=3000)
    world.log(1, 2, bad=(2,))
    world.client.log(2, 1, timestamp=world.now() + 30 * DAY_S * 1000)
    world.logged[2] += 1
    world.bad[2, 1] = True
    world.drain()
    world.trouble = True
    world.log(1)
    world.drain()
    world.wait(2 * DAY_S)
    world.trouble, world.bad = False, {}
    world.drain()
    assert (world.cuts, sorted(world.order)) == (0, [(1, 0), (2, 1)]) and not world.check(), (world.cuts, world.order)


def test_what_expires_while_one_of_several_questions_is_asked_counts_once():
    world = World(max_age_days=1, words=UNKNOWN)
    world.trouble = True
    world.log(1)
    world.log(1)
    world.drain()
    world.wait(DAY_S - 10)
    world.takes_s = 20
    assert len(world.drain()) == 1 and world.client.stats()["expired"] == 2
    world.check()


class Clearing(World):
    clears = ()  # pins in whose requests all is cleared

    def judge(self, pin, points):
        if pin in self.clears:
            self.wait(DAY_S)
            self.client.clear()
        return super().judge(pin, points)


def test_what_is_cleared_while_one_of_several_questions_is_asked_ends_the_questions():
    world = Clearing()
    for _ in range(9):
        world.log(1)
    world.trouble = True
    world.drain()
    world.wait(2 * HOUR_S)
    world.clears = (1,)
    assert len(world.drain()) == 1 and world.client.stats()["dropped"] == 9
    world.check()


def test_what_is_cleared_after_it_was_refused_does_not_expire_too():
    world = Clearing(max_age_days=0.5)
    for _ in range(9):
        world.log(1, 2, 3, bad=(1,))
    world.clears = (3,)
    world.drain()
    assert world.client.stats()["dropped"] == 9, world.client.stats()
    world.check()


def test_a_table_full_of_bad_runs_keeps_no_good_pin_in_doubt_once_the_server_is_well_again():
    world = World(words=KNOWN, batch_points=50)

    def hour():
        for _ in range(12):
            world.log(1, 2, bad=(1,) if world.logged.get(1, 0) % 43 == 42 else ())
        world.drain()
        world.wait(HOUR_S)

    for _ in range(60):
        hour()
    world.words, world.trouble = UNKNOWN, True
    for _ in range(30):
        hour()
    world.words, world.trouble = KNOWN, False
    for _ in range(3):
        hour()
    assert not [point for point in world.missing() if point[0] == 2]
    world.check()


def test_of_a_pin_s_ranges_in_doubt_only_the_one_that_was_just_refused_is_known_to_hold_a_bad_point():
    """Else one of good points alone is searched till one is left, and that is set aside unasked."""
    world = filled(60, pins=(1,))
    ring, uploader = world.client.ring, world.client.uploader()
    for key, start, kind in ((RANGES, 90, 3), (RANGES + 1, 290, 3 | OPEN_END)):
        ring.set(key, (0, start, 0, 0 if kind > 3 else 190, kind, 0, 0, 1))
    for place, plans in (((0, 90), [1, 0]), ((0, 189), [1, 0]), ((0, 190), [0, 0]), ((0, 290), [0, 1])):
        uploader.refused = {1: place}
        for key in (RANGES, RANGES + 1):
            ring.set(key, ring.state[key][:4] + (ring.state[key][4] | 3, 0) + ring.state[key][6:])
        uploader._trust()
        assert [ring.state[key][5] for key in (RANGES, RANGES + 1)] == plans, place


def test_what_is_cleared_while_the_next_question_is_chosen_does_not_expire_too():
    class Cleared(World):
        def turn(self):
            World.turn(self)
            if self.turns == self.at:
                self.client.clear()

    at, ends = 0, False
    while not ends:
        at += 1
        world = Cleared(max_age_days=1)
        for number in range(30):
            world.log(1, 2, 3, bad=[pin for pin in (1, 3) if (number * pin + 3) % 9 == 0])
        world.trouble, world.at = True, 0
        world.drain()
        world.trouble, world.at = False, at
        world.wait(HOUR_S + 83000)
        world.drain()
        ends = world.turns < at
        world.check()
