"""Hundreds of drains, failures among them, in a heap a quarter above the least: 196 KB from source, 156 compiled.

Short, and without stand_ins.py, since the test's own code lies in the same heap.
"""

import gc

import blynk_batch

HEAP = "196k"
WASM = False  # its collector cannot look at the stack, so the heap's size says nothing there
FREE = 38 * 1024  # at the tightest place: in a request, where nothing that stats() loaded is left


class Station:
    """Clock and transport; `tightest`: the least that was free in a request."""

    ms = 1795000000000
    status = 200
    tightest = 1 << 29

    def now(self):
        return self.ms

    def uptime(self):
        return self.ms - 1795000000000

    def post(self, url, headers, body, timeout_s):
        for _ in body:
            pass
        gc.collect()
        self.tightest = min(self.tightest, gc.mem_free())
        return self.status, {}, b"OK"


def test_after_five_hundred_drains_there_is_as_much_room_as_after_two_hundred():
    """By then the ring has wrapped, and all is loaded that such a station needs."""
    station = Station()
    ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    client = blynk_batch.Client("token", ring=ring, transport=station, clock=station)
    free = 0
    for cycle in range(500):
        for number in range(8):
            client.log(1, cycle + number / 4)
            station.ms += 60000
        client.log_group({2: cycle, 3: "cycle %d" % cycle, 4: (13.4, cycle % 90)})
        station.ms += 3600000
        station.status = 503 if cycle % 7 == 0 else 200
        result = client.upload()
        assert not isinstance(result.error, MemoryError), (cycle, result, gc.mem_free())
        assert "Memory" not in str(client.stats()["last_error"]), cycle
        gc.collect()
        if cycle == 200:
            free = gc.mem_free()
    assert gc.mem_free() > free - 2048, (free, gc.mem_free())
    assert client.upload().pending == 0 and client.stats()["uploaded"] > 5000, client.stats()
    assert station.tightest >= FREE, station.tightest
