"""What is noted of small batches, refusals and failures costs a full ring no reading, and the server few requests."""

import blynk_batch
from blynk_batch.errors import RingFull
from blynk_batch.ring import state as keys
from delivery import DAY_S, HOUR_S, KNOWN, World
from flash import NorFlash
from small_clients import client_on
from stand_ins import NOW_MS, FakeClock, FakeServer

HEAP = "16m"
WASM = False  # minutes there


def filled(bad, batch_points, wide=True):
    world = World(blocks=6 if wide else 4, words=KNOWN, wide=wide, batch_points=batch_points)
    while not world.dropped():
        world.log(1, 2, bad=bad)
    return world


def keeps_all(world):
    dropped = world.dropped()
    for _ in range(5):
        world.drain()
        world.wait(HOUR_S)
    world.check()
    assert world.dropped() == dropped, world.client
    world.bad = {}
    days = 0
    while world.client.pending:
        world.wait(DAY_S)
        world.drain()
        days += 1
        assert days < 12, world.client
    assert world.dropped() == dropped and len(world.got) == world.total() - dropped, world.client


def test_no_note_of_small_batches_pushes_a_reading_out_of_a_full_ring_that_overwrites():
    keeps_all(filled((), 5, wide=False))


def test_so_it_is_where_some_or_all_pins_are_refused():
    for batch_points in (1, 3, 20):
        for bad in ((1,), (1, 2)):
            keeps_all(filled(bad, batch_points))


def test_no_note_of_a_failure_pushes_a_reading_out_of_a_full_ring_that_overwrites():
    world = filled((), 10000)
    dropped = world.dropped()
    world.failing = (1, 2)
    for _ in range(200):
        world.wait(HOUR_S)
        world.drain()
    assert world.dropped() == dropped, world.client


def test_a_server_that_always_asks_for_a_second_is_asked_ever_more_seldom():
    server = FakeServer()
    server.replies = [(429, {"retry-after": "1"}, b"")] * 4000
    client = client_on(transport=server)
    client.log(1, 1)
    for _ in range(3):
        assert client.upload().retry_after_s == 1
        client.clock.wait(1000)
    for _ in range(3600):
        client.clock.wait(1000)
        client.upload()
    assert len(server.requests) < 15, len(server.requests)


def test_a_reading_is_counted_as_refused_where_there_is_no_room_to_note_what_the_time_was():
    ring = blynk_batch.BlockRing(NorFlash(4), overwrite=False)
    client = client_on(ring, clock=FakeClock(None))
    try:
        while True:
            client.log(1, 1)
    except RingFull:
        pass
    try:
        while True:
            ring.save_value(keys.DOUBT, (1, 1))  # notes that fill what is kept for acks
    except RingFull:
        pass
    client.clock.now_ms = NOW_MS
    for count in (2, 3):
        try:
            client.log(1, 1)
            raise AssertionError("it was taken")
        except RingFull:
            assert client.stats()["refused"] == count, client.stats()
