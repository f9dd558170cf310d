"""A refusal where the code that deals with refusals finds no room in the heap: no other pin waits for that."""

import blynk_batch
from blynk_batch.upload import uploader
from stand_ins import FakeClock, FakeServer

REFUSED = (400, {}, b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}')
SEARCH = "upload.search"
HOUR_MS = 3600000
real = uploader.load


class Refusing(FakeServer):
    """Takes nothing of pin 1 until `mended`."""

    mended = False

    def post(self, url, headers, body, timeout_s):
        self.replies = [REFUSED] if url.endswith("=v1") and not self.mended else []
        return super().post(url, headers, body, timeout_s)


def room_for_all_but(*names):
    def load(module, name=None):
        if module in names:
            raise MemoryError
        return real(module, name)

    uploader.load = load


def client_at(server, clock):
    ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    return blynk_batch.Client("token", ring=ring, transport=server, clock=clock)


def drain(client, clock):
    """The Results of some uploads within a day."""
    results = []
    for _ in range(4):
        results.append(client.upload())
        clock.wait(6 * HOUR_MS)
    return results


def days(names, day_without):
    """Pin 1 is refused, and from a day on the modules `names` find no room: pin 2 arrives each day all the same, and
    both once there is room and the server takes them."""
    server, clock = Refusing(), FakeClock()
    client = client_at(server, clock)
    for day in range(6):
        client.log(1, "x%d" % day)
        client.log(2, day)
        if day == day_without:
            room_for_all_but(*names)
        results = drain(client, clock)
        assert [point[2] for point in server.points] == list(range(day + 1)), (day, server.points)
        told = [result for result in results if isinstance(result.error, MemoryError)]
        assert bool(told) == (day >= day_without), (day, results)
    uploader.load, server.mended = real, True
    for _ in range(3):
        drain(client, clock)
    assert sorted([point[2] for point in server.points if point[0] == 1]) == ["x%d" % day for day in range(6)]
    assert len(server.points) == 12 and client.pending == client.stats()["held"] == 0


def test_a_refusal_whose_search_finds_no_room_lets_the_other_pins_go_first():
    days((SEARCH,), 0)


def test_refused_points_that_find_no_room_later_hold_up_no_other_pin():
    days((SEARCH,), 3)


def test_what_comes_after_the_refused_points_arrives_once_it_is_taken_though_there_is_no_room_yet():
    server, clock = Refusing(), FakeClock()
    client = client_at(server, clock)
    client.log(1, "x")
    room_for_all_but(SEARCH)
    for result in drain(client, clock):
        assert isinstance(result.error, MemoryError) and result.pending == 1, result
    server.mended = True
    client.log(1, "y")
    drain(client, clock)
    assert [point[2] for point in server.points] == ["y"] and client.pending == client.stats()["held"] == 1
    uploader.load = real
    for _ in range(2):
        drain(client, clock)
    assert [point[2] for point in server.points] == ["y", "x"] and client.pending == 0
