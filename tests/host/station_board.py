"""The station's board, in MicroPython: the library on a medium that outlives resets and power cuts.

A test's script gets `board` and `say` from here (station.py starts it). `board.boot()` is a reset: whatever was in
RAM is gone, what the medium holds stays. `say(...)` hands values back to the test. Knows nothing of any test.
"""

import gc
import json
import os
import random
import sys

import blynk_batch
from flash import NorFlash, mount, umount
from stand_ins import FakeClock

_MOUNT = "/flash"


def say(*values):
    print("@" + json.dumps(values[0] if len(values) == 1 else values))


class Board:
    """`medium`: "folder" of this machine, "littlefs" as an ESP32 mounts it, or "raw" flash for a BlockRing.

    clock   set by hand: wait(ms), now_ms = None        client  of the last boot()
    chip    the simulated flash, None for a folder
    """

    def __init__(self, url, token, medium):
        self.url, self.token, self.medium = url, token, medium
        self.clock = FakeClock()
        self.chip = self.client = None
        self._fresh = 0
        self._filesystem = None

    def new(self, blocks=32):
        """Another board, with nothing on its flash."""
        self._fresh += 1
        self.chip = None if self.medium == "folder" else NorFlash(blocks)
        self._put_in()

    def _put_in(self):
        if self.medium == "littlefs":
            if self._filesystem:
                self._let_go_of_files()
                umount(_MOUNT)
            self._filesystem = mount(self.chip, _MOUNT, "esp32")

    def _let_go_of_files(self):
        """A file that is collected after its filesystem would crash MicroPython."""
        if self.client:
            try:
                self.client.ring.medium.close()
            except OSError:
                pass
        self.client = None
        gc.collect()

    def boot(self, capacity=None, uptime_ms=0, **options):
        """Reset, and open a client; `capacity` bytes of the medium, or 64 KiB."""
        self.clock.uptime_ms = uptime_ms
        if not self._fresh:
            self.new()
        elif self.chip:
            self.chip = self.chip.revive()
            self._put_in()
        self.client = None
        blynk_batch.client._open_rings.clear()
        gc.collect()
        if self.medium == "raw":
            ring = blynk_batch.BlockRing(self.chip, blocks=(capacity or 65536) // 4096)
        else:
            place = _MOUNT + "/ring" if self.chip else "ring%d" % self._fresh
            ring = blynk_batch.FileRing(place, capacity_bytes=capacity or 65536)
        options = dict({"server": self.url, "clock": self.clock}, **options)
        token = options.pop("token", self.token)
        self.client = blynk_batch.Client(token, ring=ring, **options)
        return self.client

    def calm(self, number):
        """Switch the sandbox's fault of that number off."""
        import requests

        requests.delete("%s/sandbox/faults/%d" % (self.url, number)).close()

    def drain(self, most=100, **options):
        """Upload, until nothing is pending but what waits for its day, waiting as long as each result says, or an
        hour; the results."""
        results = []
        while self.client.pending and len(results) < most:
            if results and not results[-1].waiting and not self.client.due(0):
                break
            result = self.client.upload(**options)
            results.append(result)
            self.clock.wait((result.retry_after_s or 3600) * 1000)
        return results


def outcome(result):
    """A result as a test compares it: error's type and status, and the rest."""
    error = result.error
    return [type(error).__name__ if error else None, error.status if error else 0, result.uploaded, result.pending]


def log_many(count, pin=1, first=0, step_ms=1000):
    """Log `count` ints from `first` on, a second apart by the board's clock."""
    for number in range(first, first + count):
        board.client.log(pin, number)
        board.clock.wait(step_ms)


def every_cut(fill, **options):
    """For each flash operation of a drain a board of its own: `fill(client)`, drain and die there, boot, drain to the
    end. Says [number, whether it died, [uploaded, rejected, pending, logged, requests]]; the clocks of two boards are
    1,000,000 s apart."""
    number, died, start = 0, True, board.clock.now_ms
    while died:
        board.clock.now_ms = start + number * 1000000000
        board.new(16)
        fill(board.boot(capacity=32768, **options))
        board.chip.cut_at(number, number % 4, "random" if number & 1 else "prefix", number)
        try:
            board.drain()
            died = False
        except OSError:
            assert board.chip.dead
        client = board.boot(capacity=32768, **options)
        board.drain()
        stats = client.stats()
        say(number, died, [stats[name] for name in ("uploaded", "rejected", "pending", "logged", "requests")])
        number += 1


def open_files():
    """File descriptors that this process holds, sockets among them."""
    return len(os.listdir("/proc/self/fd"))


random.seed(int(sys.argv[5]))
board = Board(*sys.argv[1:4])
arguments = json.loads(sys.argv[4])
