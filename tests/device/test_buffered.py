"""A transport of one's own that takes whole bodies only: as large as there is room for."""

import sys

import blynk_batch
from stand_ins import NOW_MS, FakeClock

HEAP = "156k"  # from source, with the test
WASM = False  # its heap grows


class Whole:
    """Takes bodies in one piece; keeps nothing but what tells that all came in order."""

    streams = False

    def __init__(self):
        self.requests = self.points = self.largest = 0

    def post(self, url, headers, body, timeout_s):
        pieces = [piece for piece in body]
        assert len(pieces) == 1 and len(pieces[0]) == int(headers["Content-Length"])
        text = b"".join(pieces)
        del pieces
        assert text.startswith(b"[[%d," % (NOW_MS + self.points * 10000)) and text.endswith(b"]]"), text[:40]
        self.points += text.count(b"[") - 1
        self.requests += 1
        self.largest = max(self.largest, len(text))
        return 200, {"content-length": "2"}, b"OK"


def drained(count, transport, uploads=8):
    ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    clock = FakeClock()
    client = blynk_batch.Client("x" * 32, ring=ring, transport=transport, clock=clock)
    for number in range(count):
        client.log(1, (2000 + number % 900) / 100)
        clock.wait(10000)
    for _ in range(uploads):
        result = client.upload()
        if not client.pending:
            break
        clock.wait(4000000)
    return result


def test_six_hundred_points_leave_from_source_in_a_small_heap():
    transport = Whole()
    result = drained(600, transport)
    assert (result.error, result.pending, transport.points) == (None, 0, 600), result
    assert transport.largest <= 4096


class Small(Whole):
    """Has room for 1,500 bytes."""

    def post(self, url, headers, body, timeout_s):
        if int(headers["Content-Length"]) > 1500:
            raise MemoryError("no room")
        return super().post(url, headers, body, timeout_s)


def test_where_a_buffer_finds_no_room_the_batches_are_smaller_and_the_drain_goes_on():
    transport = Small()
    result = drained(600, transport)
    assert (result.error, result.pending, transport.points) == (None, 0, 600), result
    assert 500 < transport.largest <= 1500, transport.largest


def test_they_are_smaller_at_once_and_nothing_is_loaded_for_that_where_there_is_so_little_room():
    transport = Small()
    result = drained(600, transport, uploads=1)
    assert (result.error, result.pending, transport.points) == (None, 0, 600), result
    assert "blynk_batch.upload.outcomes" not in sys.modules and "blynk_batch._refused" not in sys.modules
