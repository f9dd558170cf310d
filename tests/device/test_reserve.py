"""A ring that may not overwrite keeps one sector free of readings, so that a full one can still be drained."""

import blynk_batch
from blynk_batch import BlockRing
from blynk_batch.errors import RingFull
from flash import NorFlash
from stand_ins import FakeClock, FakeServer

HEAP = "16m"  # of which the points that arrived take most
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


class Refuses(FakeServer):
    """Every point has the wrong type."""

    def post(self, *request):
        super().post(*request)
        self.points = []
        return 400, {}, b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}'


def test_a_full_ring_sets_more_refused_points_aside_than_it_can_note():
    client = client_on(NorFlash(4), Refuses(), FakeClock())
    count = 0
    try:
        while True:
            client.log(1, "x" * 1000)
            count += 1
    except RingFull:
        pass
    result = client.upload()
    assert (result.uploaded, result.pending) == (0, 0), result
    assert client.stats()["rejected"] == count > 4
