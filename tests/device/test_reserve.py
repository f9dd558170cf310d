"""Room that is kept for acks: one sector of a ring that may not overwrite."""

import random

import blynk_batch
import invariants
from blynk_batch import BlockRing
from blynk_batch.errors import RingFull
from blynk_batch.ring import record, state as keys
from blynk_batch.upload.ranges import HELD, OPEN, held, store
from delivery import DAY_S, KNOWN, UNKNOWN, World
from flash import NorFlash
from stand_ins import NOW_MS, FakeClock, FakeServer

HEAP = "16m"  # of which the points that arrived take most
WASM = False  # minutes there
PINS = 120


def client_on(device, server, clock):
    blynk_batch.client._open_rings.clear()
    ring = BlockRing(device, overwrite=False)
    return blynk_batch.Client("token", ring=ring, transport=server, clock=clock)


def fill(client, clock):
    """How many groups were taken."""
    count = 0
    while True:
        clock.wait(10000)
        try:
            client.log_group({pin: count for pin in range(PINS)})
        except RingFull:
            return count
        count += 1


def test_a_full_ring_takes_more_acknowledgements_than_one_sector_holds():
    device, server, clock = NorFlash(8), FakeServer(), FakeClock()
    client = client_on(device, server, clock)
    groups = fill(client, clock)
    assert client.stats()["refused"] == PINS
    result = client.upload()
    assert (result.error, result.uploaded, result.pending) == (None, groups * PINS, 0), result
    assert len(server.requests) == PINS
    assert fill(client, clock) > groups // 2


def test_no_reading_goes_where_acknowledgements_are_kept():
    device, server, clock = NorFlash(4), FakeServer(OSError(104)), FakeClock()
    client = client_on(device, server, clock)
    groups = fill(client, clock)
    assert client.upload().error
    assert fill(client, clock) == 0
    clock.wait(3600000)
    server.replies = [(200, {}, b"OK")] * 5 + [OSError(104)]
    assert client.upload().uploaded == 5 * groups
    assert fill(client, clock) == 0
    client = client_on(device, server, clock)  # no close: as after a power cut
    clock.wait(3600000)
    result = client.upload()
    assert (result.error, result.pending) == (None, 0), result
    assert len(server.points) == groups * PINS


def test_failing_uploads_take_none_of_the_room_for_acknowledgements_not_even_after_resets():
    device, clock = NorFlash(4), FakeClock()
    client = client_on(device, FakeServer(), clock)
    fill(client, clock)
    ends = []
    for _ in range(6):
        client = client_on(device, FakeServer(OSError(104)), clock)
        clock.wait(3600000)
        assert client.upload().error
        ends.append(client.ring.end())
    assert ends[-1][0] == 3 and len(set(ends[3:])) == 1, ends


def test_no_batch_is_repeated_after_a_reset_in_the_midst_of_a_drain_of_a_full_ring():
    for blocks, accepted, closes in ((4, 60, False), (4, 100, True), (8, 119, False)):
        device, clock = NorFlash(blocks), FakeClock()
        server = FakeServer()
        client = client_on(device, server, clock)
        groups = fill(client, clock)
        server.replies = [(200, {}, b"OK")] * accepted + [OSError(111)]
        client.upload()
        assert len(server.points) == accepted * groups
        if closes:
            client.close()
        device = device.revive()
        for _ in range(3):
            clock.wait(86400000)
            client = client_on(device, server, clock)
            client.upload()
        assert client.pending == 0
        assert len(server.points) == PINS * groups, (blocks, accepted, len(server.points) / groups)
        invariants.check(client.ring, 0)


def test_a_drain_ends_where_an_ack_finds_no_room():
    device, server, clock = NorFlash(4), FakeServer(), FakeClock()
    client = client_on(device, server, clock)
    fill(client, clock)
    ring = client.ring
    place = ring.place
    ring.place = lambda kind, *rest: kind != record.STATE and place(kind, *rest)
    result = client.upload()
    assert isinstance(result.error, RingFull), result
    assert len(server.requests) <= 1


def test_where_there_is_no_room_to_note_what_the_time_was_a_drain_goes_on_by_that_time():
    device, server, clock = NorFlash(4), FakeServer(), FakeClock(None)
    client = client_on(device, server, clock)
    groups = fill(client, clock)
    ring = client.ring
    ring.commit()
    while ring.offset < ring.data_end or ring.newest - ring.oldest < ring.medium.slots - 1:
        ring.set(keys.DOUBT, (1, 1))
        try:
            ring.save()  # notes that fill what is kept for acks
        except RingFull:
            break
    clock.wait(DAY_S * 1000)
    clock.now_ms = NOW_MS
    result = client.upload()
    assert (result.error, result.uploaded, result.pending) == (None, groups * PINS, 0), result
    assert len(server.points) == groups * PINS
    first = NOW_MS - clock.uptime_ms + 10000
    assert not [point for point in server.points if point[1] != first + 10000 * point[2]], server.points[:3]


class TakesFew(FakeServer):
    """At most 100 points in a request."""

    def post(self, url, headers, body, timeout_s):
        if body.points > 100:
            return 400, {}, b'{"error":{"message":"Too much data in batch. Maximum batch size is 100 points."}}'
        return super().post(url, headers, body, timeout_s)


def test_where_the_server_takes_small_batches_only_their_acks_neither_fill_a_full_ring_nor_push_readings_out():
    for overwrite in (False, True):
        for pins in (4, 12):
            blynk_batch.client._open_rings.clear()
            clock, server = FakeClock(), TakesFew()
            ring = BlockRing(NorFlash(16), overwrite=overwrite)
            client = blynk_batch.Client("token", ring=ring, transport=server, clock=clock)
            count = 0
            try:
                while ring.newest < 14 or ring.offset < 1000:
                    clock.wait(1000)
                    client.log_group({pin: count for pin in range(pins)})
                    count += 1
            except RingFull:
                pass
            result = client.upload()
            assert (result.error, result.uploaded, result.pending) == (None, count * pins, 0), (pins, count, result)
            assert client.stats()["dropped"] == 0 and len(server.points) == count * pins, client.stats()


def test_the_acks_of_several_pins_push_no_reading_out_of_a_full_ring_that_overwrites():
    pushed = []
    for slots, batch_points, pins, more in ((4, 8, 3, 40), (4, 10000, 20, 7), (6, 10000, 100, 3), (6, 10000, 20, 30)):
        blynk_batch.client._open_rings.clear()
        options = {"ring": BlockRing(NorFlash(slots)), "batch_points": batch_points, "clock": FakeClock()}
        client = blynk_batch.Client("token", transport=FakeServer(), **options)
        for number in range(3600 + more):
            client.log(number % pins, number)
            if client.ring.newest > slots and client.ring.offset > 3900:
                break  # a sector that is full but for one ack or two
        pending, dropped = client.pending, client.stats()["dropped"]
        result = client.upload()
        if (result.error, result.uploaded, result.pending, client.stats()["dropped"]) != (None, pending, 0, dropped):
            pushed.append((slots, batch_points, pins, pending, client.stats()["dropped"] - dropped, result))
    assert not pushed, pushed


def test_a_full_ring_that_may_not_overwrite_keeps_what_is_refused_and_delivers_it_once_it_is_taken():
    clock = FakeClock()
    client = client_on(NorFlash(6), Refuses(), clock)
    count = 0
    try:
        while True:
            client.log(1, "x" * 1000)
            count += 1
    except RingFull:
        pass
    for _ in range(10):
        result = client.upload()
        clock.wait(86400000)
    assert (result.uploaded, result.pending) == (0, count), result
    stats = client.stats()
    assert (stats["held"], stats["rejected"], stats["dropped"]) == (count, 0, 0) and count > 4, stats
    client.transport.refuses = False
    for _ in range(10):
        client.upload()
        clock.wait(86400000)
    assert client.pending == 0, client.stats()


def test_what_the_search_holds_open_while_a_full_ring_has_no_room_is_not_sent_by_the_window_before():
    world = World(words=KNOWN)
    world.log(1, 2, bad=(2,))
    world.drain()
    world.log(2)
    ring, real = world.client.ring, world.client.ring.save

    def save(must=True):
        if keys.BATCH in ring.dirty:
            ring.save = real
            ranges = held(ring)
            ranges[0].kind, ranges[0].end = HELD, OPEN
            store(ring, ranges)
            raise RingFull("acks have filled it")
        real(must)

    ring.save = save
    assert world.drain() == [] and ring.save == real
    assert len(world.check()) == 2


def filled(seed):
    """A ring that may not overwrite, full of readings of which half were refused, after days of trouble."""
    random.seed(seed)
    words = random.choice((KNOWN, UNKNOWN))
    world = World(random.choice((3, 4, 6)), words, overwrite=False, batch_points=16, lost=0.1)
    pins = random.choice((1, 3, 5))
    for _ in range(6):
        for _ in range(random.randrange(600) // pins):
            world.log(*range(1, pins + 1), bad=(1,) if random.random() < 0.5 else ())
        world.wait(DAY_S)
        world.trouble = random.random() < 0.2
        world.drain()
    return world


def test_a_full_ring_of_refused_readings_drains_once_the_server_takes_them():
    full = 0
    for seed in range(5):
        world = filled(seed)
        full += world.client.stats()["refused"] > 0
        world.client.release(1)  # raises nothing, whatever room there is
        world.bad, world.trouble, world.lost = {}, False, 0
        for _ in range(6):
            world.wait(DAY_S)
            world.drain()
        assert not world.check(), seed
    assert full > 1


class Refuses(FakeServer):
    """Every point has the wrong type."""

    refuses = True

    def post(self, *request):
        super().post(*request)
        if not self.refuses:
            return 200, {}, b"OK"
        self.points = []
        return 400, {}, b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}'


class Counts:
    """Takes everything, and keeps only how many points that was."""

    points = 0

    def post(self, url, headers, body, timeout_s):
        for _ in body:
            pass
        self.points += body.sent
        return 200, {}, b"OK"


def test_a_full_ring_drains_in_batches_of_any_size():
    for blocks, pins, points in ((3, 1, 1), (6, 1, 8), (3, 5, 1), (6, 5, 2)):
        blynk_batch.client._open_rings.clear()
        clock, server = FakeClock(), Counts()
        ring = BlockRing(NorFlash(blocks), overwrite=False)
        client = blynk_batch.Client("token", ring=ring, transport=server, clock=clock, batch_points=points)
        count = 0
        try:
            while True:
                client.log(count % pins + 1, count)
                clock.wait(60)
                count += 1
        except RingFull:
            pass
        for _ in range(8):
            clock.wait(3600)
            client.upload()
        assert client.pending == 0 and server.points == count, (blocks, pins, points, client)
        client.log(1, 1)
        invariants.check(ring, 1)
