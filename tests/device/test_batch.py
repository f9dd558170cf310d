"""What a drain makes of frames that are read the quick way, among others that break their row: nothing is lost,
counted twice or sent beyond a limit. FakeServer compares each body with its Content-Length."""

import json
import random

import blynk_batch
from blynk_batch.blynk import HEAD_BYTES
from blynk_batch.ring.state import SIZE, WINDOW
from delivery import World
from flash import NorFlash
from stand_ins import NOW_MS, FakeClock, FakeServer

DAY_MS = 86400000


def row(pin, count, start, step_ms=10000):
    return [(pin, start + number * step_ms, round(20 + number % 90 / 7, 2)) for number in range(count)]


def mixed(seed):
    """Rows of plain readings of one pin, in between what a row cannot hold."""
    random.seed(seed)
    time = NOW_MS - 40 * DAY_MS
    for _ in range(14):
        pin = random.choice((1, 1, 1, 2, 200))
        time += random.choice((0, 1000, 60000, 3 * DAY_MS, -2 * DAY_MS))
        for point in row(pin, random.choice((1, 2, 30, 70)), time):
            yield point
        time = point[1]
        yield random.choice((pin, 3)), time + 500, random.choice(("a, b", True, [1.5, -2], 7, -1e-07, 1 << 40))


def drained(points, **settings):
    """(what arrived at the server, the client) of a ring with `points`."""
    server = FakeServer()
    ring = blynk_batch.FileRing("ring", capacity_bytes=131072)
    client = blynk_batch.Client("token", ring=ring, transport=server, clock=FakeClock(), **settings)
    for pin, time, value in points:
        client.log(pin, value, timestamp=time)
    result = client.upload()
    assert (result.error, result.waiting, result.pending) == (None, None, 0), result
    assert result.uploaded == len(server.points)
    return server, client


def by_pin(points):
    found = {}
    for pin, time, value in points:
        found.setdefault(pin, []).append((time, value))
    return found


def test_a_batch_size_that_grows_between_two_batches_of_one_pin_sends_and_counts_each_point_once():
    too_much = (400, {}, b'{"error":{"message":"Too much data in batch."}}')
    ok = (200, {}, b"OK")
    server = FakeServer(ok, too_much)  # what was accepted before keeps the window as large as it was
    ring = blynk_batch.FileRing("ring", capacity_bytes=131072)
    client = blynk_batch.Client("token", ring=ring, transport=server, clock=FakeClock(), batch_points=20)
    counts = {1: 20, 2: 20, 3: 20, 4: 20, 5: 10, 6: 12}  # the first ten of V6 are the eighth full batch of ten
    for number in range(20):
        client.log_group({pin: number for pin in counts if number < counts[pin]})
    result = client.upload()
    assert (result.error, result.uploaded, client.stats()["dropped"]) == (None, sum(counts.values()), 0), result
    sizes = [len(json.loads(text)) for _, text in server.requests]
    assert sizes == [20, 20] + [10] * 8 + [2], sizes


def test_damage_in_a_window_under_way_counts_what_was_not_delivered_of_it_and_no_more():
    device = NorFlash(8)

    def client_on(server):
        blynk_batch.client._open_rings.clear()  # as after a reset
        ring = blynk_batch.BlockRing(device)
        return blynk_batch.Client("token", ring=ring, transport=server, clock=FakeClock())

    client = client_on(FakeServer((200, {}, b"OK"), OSError(110)))
    for number in range(300):
        client.log_group({1: number, 2: number})
    assert client.upload().uploaded == 300  # of V1; its ack lies pages behind the damage
    device.data[600:700] = bytes(100)
    server = FakeServer()
    client = client_on(server)
    client.clock.wait(DAY_MS)
    result = client.upload()
    lost = 300 - result.uploaded
    assert (result.error, result.pending) == (None, 0) and 10 < lost < 90, result
    assert len(server.points) == result.uploaded and {pin for pin, _, _ in server.points} == {2}
    stats = client.stats()
    assert (stats["corrupt"], stats["uploaded"], stats["logged"]) == (lost, 600 - lost, 600), (lost, stats)


def test_rows_of_one_pin_and_what_breaks_them_arrive_as_they_were_logged():
    for seed in range(4):
        points = list(mixed(seed))
        server, client = drained(points)
        assert by_pin(server.points) == by_pin(points), seed
        client.clear()
        client.close()


def test_no_batch_is_beyond_its_limits_and_none_is_smaller_than_it_must_be():
    points = row(1, 500, NOW_MS - DAY_MS)
    server, _ = drained(points, batch_points=120)
    assert [len(json.loads(body)) for _, body in server.requests] == [120, 120, 120, 120, 20]
    assert server.points == points


def test_a_batch_of_bytes_is_filled_to_its_last_point():
    points = row(1, 500, NOW_MS - DAY_MS)
    server, client = drained(points, batch_bytes=5000)
    sizes = [len(body) for _, body in server.requests]
    room = 5000 - 1024  # api.HEAD_BYTES
    assert max(sizes) <= room
    assert min(sizes[:-1]) > room - 25, sizes
    assert server.points == points


def test_expired_points_in_a_row_are_counted_and_not_sent():
    points = row(1, 200, NOW_MS - DAY_MS - 1000000)  # the first hundred are older than a day
    server, client = drained(points, max_age_days=1)
    assert server.points == points[100:]
    assert client.stats()["expired"] == 100


def test_rows_at_both_ends_of_the_times_that_are_taken_arrive():
    for points in (row(1, 50, 1000000000000), row(1, 50, 9999999999999 - 49 * 10000)):
        server, client = drained(points)
        assert server.points == points
        client.close()


def test_only_what_passed_with_the_next_batch_is_no_error_of_the_drain():
    too_much = b'{"error":{"message":"Too much data in batch. Maximum batch size is 10000 points."}}'
    unknown_pin = b'{"error":{"message":"No datastream setup for that pin."}}'
    for text, kind in ((too_much, None), (unknown_pin, blynk_batch.PinRefused)):
        server = FakeServer((400, {}, text))
        ring = blynk_batch.FileRing("ring%d" % len(text), capacity_bytes=32768)
        client = blynk_batch.Client("token", ring=ring, transport=server, clock=FakeClock())
        for number in range(10):
            client.log_group({1: number, 2: number})
        result = client.upload()
        assert result.uploaded > 0
        assert result.error is None if kind is None else isinstance(result.error, kind), result.error


def test_a_window_that_was_opened_for_larger_batches_goes_out_in_full_ones_of_those_that_are_allowed_now():
    server, clock = FakeServer(OSError(110)), FakeClock()
    for batch_bytes in (100000, 5000):
        blynk_batch.client._open_rings.clear()
        ring = blynk_batch.FileRing("ring", capacity_bytes=65536)
        options = {"transport": server, "clock": clock, "batch_bytes": batch_bytes}
        client = blynk_batch.Client("token", ring=ring, **options)
        if client.pending == 0:
            for number in range(300):
                client.log(1, "x" * 40, timestamp=NOW_MS + number)
        result = client.upload()
        clock.wait(3600000)
    assert result.uploaded == 300 and len(server.requests) > 3
    most = 5000 - HEAD_BYTES
    sizes = [len(text) for _, text in server.requests[1:]]
    assert max(sizes) <= most and min(sizes[:-1]) > most - 60, sizes
    assert not [text for _, text in server.requests if b" " in text]  # which fill up what is shorter than was counted


def client_again(server, clock, path="ring", **options):
    """As after a reset."""
    blynk_batch.client._open_rings.clear()
    ring = blynk_batch.FileRing(path, capacity_bytes=65536)
    return blynk_batch.Client("token", ring=ring, transport=server, clock=clock, **options)


def test_a_batch_that_may_have_arrived_goes_out_the_same_whatever_is_allowed_since():
    server, clock = FakeServer(OSError(110)), FakeClock()
    client = client_again(server, clock, points_per_day=10)
    for number in range(35):
        client.log(1, number, timestamp=NOW_MS + number)
    assert client.upload().error
    clock.wait(3600000)
    assert client_again(server, clock).upload().uploaded == 35
    assert server.requests[0] == server.requests[1] and len(server.points) == 35


def test_a_window_ends_where_its_first_pin_fills_a_batch():
    for value in (21.5, "warm " * 20):
        for options in ({"batch_points": 10}, {"batch_bytes": HEAD_BYTES + 3072}):
            server = FakeServer(OSError(104))
            path = "%s of %s" % (list(options)[0], type(value).__name__)
            client = client_again(server, FakeClock(), path, **options)
            for number in range(160):
                client.log(1, value, timestamp=NOW_MS + number)
                client.log(2, value, timestamp=NOW_MS + number)
            assert client.upload().error
            count = len(json.loads(server.requests[0][1]))
            window = client.ring.state[WINDOW][2]
            assert window in (2 * count, 2 * count + 1) and 8 < count < 160, (window, count)


def test_a_learned_size_of_one_point_grows_too():
    world = World()
    for _ in range(40):
        world.log(1)
    world.client.ring.save_value(SIZE, (1, 0))
    assert [count for _, _, count, _ in world.drain()] == [1] * 8 + [2] * 8 + [3] * 5 + [1]


def test_a_learned_size_is_never_more_than_is_allowed_today():
    for learned in ((50, 6), (50, 0, 50), (1, 0, 100)):
        world = World(blocks=4, batch_points=10)
        for _ in range(60):
            world.log(1)
        world.client.ring.save_value(SIZE, learned)
        counts = [count for _, _, count, _ in world.drain()]
        assert max(counts) == 10 and len(counts) < 8 and (SIZE in world.client.ring.state) == (len(learned) < 3), counts


def overwritten(chunks, count):
    """(a World, whose transport has so many groups logged once so many chunks were sent; [spaces of each body])."""
    world, spaces = World(blocks=5), []
    post = world.post

    def meanwhile(url, headers, body, timeout_s):
        text = b""
        for number, chunk in enumerate(body):
            text += chunk
            for _ in range(count if number == chunks and not spaces else 0):
                world.log(1, 2)
        spaces.append(text.count(b" "))
        return post(url, headers, [text], timeout_s)

    world.client.transport.post = meanwhile
    return world, spaces


def test_a_body_whose_points_are_overwritten_while_it_is_sent_is_as_long_as_was_said_and_they_count_as_dropped():
    for chunks, count in ((1, 700), (1, 1500), (12, 900), (30, 1100)):
        world, spaces = overwritten(chunks, count)
        for _ in range(1700):
            world.log(1, 2)
        world.drain()
        assert spaces[0] > 0, spaces
        world.drain()
        world.check()
        assert not world.client.pending and len(world.got) + world.dropped() == world.total()
