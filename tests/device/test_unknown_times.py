"""Boots that never learned the time: estimated between what is known, or dropped, and counted."""

import random

from stand_ins import NOW_MS, FakeClock, FakeServer
from timing import DAY, HOUR, MINUTE, arrived, client_on, times, unknown_boot


HEAP = "2m"


def known_after_unknown(*boots, **options):
    """Boots of so many minutes each without the time, then one that has it and uploads: (its client, the server)."""
    for minutes in boots:
        unknown_boot(minutes)
    server = FakeServer()
    client = client_on(FakeClock(NOW_MS), server, **options)
    client.log(1, 0)
    client.upload()
    return client, server


def test_unknown_boots_are_stacked_backwards_from_the_next_known_instant():
    client, server = known_after_unknown(3, 2, 4)
    wanted = [minute * MINUTE - 1 for minute in range(-8, 1)] + [0]
    assert [ms for ms, _ in arrived(server)] == wanted, arrived(server)
    assert client.stats()["estimated"] == 9


def test_never_earlier_than_the_last_known_instant_and_spread_evenly_where_they_would_be():
    client_on(FakeClock(NOW_MS - MINUTE)).log(1, 0)
    client, server = known_after_unknown(3, 2, 4)
    found = [ms for ms, _ in arrived(server)]
    assert found[0] == -MINUTE and found[-1] == 0 and found == sorted(found)
    gaps = [b - a for a, b in zip(found[1:], found[2:-1])]
    assert len(set(found)) == 11 and max(gaps) - min(gaps) <= 1 and min(gaps) > 5000, gaps
    assert client.stats()["estimated"] == 9


def test_never_earlier_than_what_was_delivered_before():
    client = client_on(FakeClock(NOW_MS - MINUTE))
    client.log(1, 0)
    assert client.upload().uploaded
    client.close()
    _, server = known_after_unknown(3, 2, 4)
    found = [ms for ms, _ in arrived(server)]
    assert -MINUTE < found[0] and found == sorted(found) and len(set(found)) == 10, found


def test_estimated_times_of_a_refused_pin_are_counted_as_it_arrives():
    unknown_boot(4)
    refusal = (400, {}, b'{"error":{"message":"No datastream setup for that pin."}}')
    server = FakeServer(*[refusal] * 20)
    client = client_on(FakeClock(NOW_MS), server, batch_points=3)
    client.log(1, 0)
    client.upload()
    assert client.stats()["held"] == 5 and client.stats()["estimated"] == 0
    server.replies.clear()
    client.release(1)
    client.upload()
    assert client.pending == 0 and client.stats()["estimated"] == 4, client.stats()


class Picky(FakeServer):
    """Refuses pin 1's batches in which the text is."""

    def __init__(self, text):
        super().__init__()
        self.text = text

    def post(self, url, headers, body, timeout_s):
        text = b"".join([bytes(chunk) for chunk in body])
        if url.endswith("v1") and self.text in text:
            self.replies = [(400, {}, b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}')]
        return FakeServer.post(self, url, headers, [text], timeout_s)


def test_a_refused_point_that_is_too_old_only_by_the_estimate_of_its_own_pass_does_not_keep_the_search_for_ever():
    clock, server = FakeClock(None), Picky(b",")
    client = client_on(clock, batch_points=2)
    client.log(2, 0, timestamp=NOW_MS - 31 * DAY)
    client.log(2, 1)  # three days of uptime in two days: spread evenly, but counted back from a later one on
    clock.wait(37 * HOUR)
    for value in range(4):
        client.log(1, value)
        clock.wait(HOUR)
    clock.wait(31 * HOUR)
    client.log(2, 2)
    client.log(2, 3, timestamp=NOW_MS - 29 * DAY)
    client = client_on(FakeClock(NOW_MS), server, batch_points=2, max_age_days=30)
    result = client.upload(timeout_s=1000, watchdog=lambda: client.clock.wait(500))
    assert not result.waiting and client.stats()["uploaded"] == 2, (result, client.stats())


def test_a_refused_pins_estimated_times_stay_behind_what_is_known_in_front_of_them():
    clock, server = FakeClock(None), Picky(b",3]")
    client = client_on(clock)
    for value, known in enumerate((NOW_MS - HOUR - 1, NOW_MS - HOUR, None, None)):
        client.log(1, value, timestamp=known)
        clock.wait(1000)
    client.log(2, 0, timestamp=NOW_MS - 100 * DAY)  # from a pass that begins with pin 1's last on, none is known before
    client.log(2, 1, timestamp=NOW_MS)
    client = client_on(FakeClock(NOW_MS), server)
    client.upload()
    assert sorted(arrived(server))[1:] == [(-HOUR - 1, 0), (-HOUR, 1), (-1001, 2), (0, 1)], arrived(server)
    assert times(client) == [-1]


def test_a_boot_that_begins_with_the_time_is_the_instant_that_those_before_it_end_at_though_it_logs_nothing():
    clock, server = FakeClock(NOW_MS), Picky(b",3]")
    unknown_boot(5)
    client = client_on(clock, server)
    client.upload()
    server.text = b"none"
    clock.wait(DAY)
    client.upload()
    assert sorted(arrived(server)) == [(minute * MINUTE - 1, minute + 5) for minute in range(-4, 1)], arrived(server)


def test_unsynced_drop_drops_and_counts_them():
    client, server = known_after_unknown(3, 2, unsynced="drop")
    assert arrived(server) == [(0, 0)]
    stats = client.stats()
    assert (stats["dropped"], stats["estimated"], stats["pending"]) == (5, 0, 0), stats


def test_a_retry_sends_the_same_times_whatever_was_learned_meanwhile():
    for minutes in (3, 2):
        unknown_boot(minutes)
    server = FakeServer(OSError(110))  # the reply is lost
    clock = FakeClock(NOW_MS)
    client = client_on(clock, server)
    assert client.upload().error
    clock.wait(DAY)
    client.log(1, 100)
    client = client_on(FakeClock(None), server)
    client.log(1, 101)
    client = client_on(FakeClock(NOW_MS + 2 * DAY), server)
    client.log(1, 102)
    client.upload()
    first, again = server.requests[0], server.requests[1]
    assert first == again, (first, again)
    assert [value for _, value in arrived(server)][-3:] == [100, 101, 102]


def test_a_clock_that_was_years_ahead_does_not_pull_later_boots_with_it():
    client_on(FakeClock(NOW_MS + 3000 * DAY)).log(1, 0)
    unknown_boot(3)
    server = FakeServer()
    client = client_on(FakeClock(NOW_MS), server)
    client.log(1, 9)
    client.upload()
    assert [ms + 1 for ms, _ in arrived(server)][1:] == [-2 * MINUTE, -MINUTE, 0, 1], arrived(server)


def test_a_boot_with_an_anchor_keeps_its_times_behind_boots_without_one():
    unknown_boot(3)
    clock, server = FakeClock(None), FakeServer()
    client = client_on(clock, server)
    clock.wait(MINUTE)
    client.log(2, 20)
    client.log(3, 30, timestamp=NOW_MS - DAY)  # of its own, before the anchor
    assert [point for point in client.points() if point[0] == 2] == [(2, None, 20)]
    clock.now_ms = NOW_MS + 3 * MINUTE
    clock.wait(2 * MINUTE)
    client.log(2, 21)
    client.upload()
    assert [ms - NOW_MS for pin, ms, _ in server.points if pin == 2] == [3 * MINUTE, 5 * MINUTE], server.points


def test_an_old_timestamp_logged_by_hand_is_no_instant_to_stack_on():
    client_on(FakeClock(NOW_MS - DAY)).log(1, 0)
    unknown_boot(3)
    client = client_on(FakeClock(None))
    client.log(2, 0, timestamp=1648054765458)
    server = FakeServer()
    client = client_on(FakeClock(NOW_MS), server)
    client.upload()
    found = [ms - NOW_MS + 1 for pin, ms, _ in server.points if pin == 1]
    assert found == [-DAY + 1, -2 * MINUTE, -MINUTE, 0], found


def test_nor_where_more_boots_without_a_clock_follow_it():
    client_on(FakeClock(NOW_MS - DAY)).log(1, 0)
    clock = FakeClock(None)
    client = client_on(clock)
    clock.wait(MINUTE)
    client.log(1, 1)
    client.log(2, 0, timestamp=1648054765458)
    clock.wait(MINUTE)
    client.log(1, 2)
    unknown_boot(1)
    server = FakeServer()
    client_on(FakeClock(NOW_MS), server).upload()
    found = [ms - NOW_MS + 1 for pin, ms, _ in server.points if pin == 1]
    assert found == [-DAY + 1, -2 * MINUTE, -MINUTE, 0], found


def test_order_is_kept_whatever_boots_come_and_go():
    for seed in range(25):
        random.seed(seed)
        path = "order%d" % seed
        server = FakeServer()
        true_ms = NOW_MS
        number = 0
        known = random.randrange(2)
        for _ in range(random.randrange(2, 9)):
            clock = FakeClock(true_ms if known else None)
            clock.powered_on = lambda: random.randrange(2)
            client = client_on(clock, server, path=path, batch_points=random.choice((5, 10000)))
            for _ in range(random.randrange(12)):
                wait = random.randrange(1, HOUR)
                clock.wait(wait)
                true_ms += wait
                number += 1
                client.log(1, number)
                if random.randrange(9) == 0:
                    clock.now_ms = true_ms
            if random.randrange(3) == 0:
                client.upload()
            if random.randrange(2):
                client.close(sleep_ms=MINUTE)
                true_ms += MINUTE
            else:
                true_ms += random.randrange(DAY)
            known = random.randrange(3) == 0
        client = client_on(FakeClock(true_ms), server, path=path)
        client.upload()
        assert client.pending == 0
        found = arrived(server)
        assert [value for _, value in found] == list(range(1, number + 1)), (seed, found)
        stamps = [ms for ms, _ in found]
        assert stamps == sorted(stamps), (seed, stamps)
        assert not stamps or (stamps[0] >= -10 * DAY and stamps[-1] <= true_ms - NOW_MS)


def test_refused_readings_with_unknown_times_do_not_stop_a_later_boot_without_a_clock():
    unknown_boot(3)
    refusal = (400, {}, b'{"error":{"message":"No datastream setup for that pin."}}')
    server = FakeServer(*[refusal] * 20)
    client = client_on(FakeClock(NOW_MS), server)
    client.upload()
    assert client.stats()["held"] == 3
    server.replies.clear()
    client = client_on(FakeClock(None), server)
    client.release(1)
    result = client.upload()
    assert result.uploaded == 3 and result.error is None, result
    stamps = [ms for ms, _ in arrived(server)]
    assert stamps == sorted(stamps) and -HOUR < stamps[0] and stamps[-1] <= 0, stamps
