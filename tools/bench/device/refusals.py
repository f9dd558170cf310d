"""refusals.py SCENARIO [SHARE]: what it costs when a server refuses points for their content, in requests and bytes.

The server is in RAM and says only "no": it refuses a whole batch that holds one such point, as Blynk does. SHARE: so
many times fewer points, to see that it runs.
"""

import json
import sys

import blynk_batch
from cells import cell
from flash import NorFlash

START_MS = 1795000000000
HOUR_S, DAY_S = 3600, 86400
HEAD_BYTES = 190  # of a request, see `make bench ARGS=request`
KNOWN = b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}'
UNKNOWN = b'{"error":{"message":"Something is wrong."}}'


class World:
    """A clock, a server that refuses what `is_bad(pin, number)` says, and a station with its ring on raw flash."""

    streams = True

    def __init__(self, is_bad, words):
        self.is_bad, self.words = is_bad, words
        self.seconds = self.requests = self.bytes = self.good = self.logged = 0
        ring = blynk_batch.BlockRing(NorFlash(64))
        self.client = blynk_batch.Client("T" * 32, ring=ring, transport=self, clock=self)

    def now(self):
        return START_MS + self.seconds * 1000

    def uptime(self):
        return self.seconds * 1000

    def post(self, url, headers, body, timeout_s):
        text = b"".join([bytes(chunk) for chunk in body])
        pin = int(url.split("&pin=v")[1])
        self.requests += 1
        self.bytes += HEAD_BYTES + len(text)
        if [number for _, number in json.loads(text) if self.is_bad(pin, number)]:
            return 400, {}, self.words
        return 200, {}, b"OK"

    def log(self, pins, apart_s=60):
        self.seconds += apart_s
        self.client.log_group({pin: self.logged for pin in pins})
        self.good += len([pin for pin in pins if not self.is_bad(pin, self.logged)])
        self.logged += 1

    def drain(self):
        """(requests, bytes) of one upload."""
        requests, size = self.requests, self.bytes
        self.client.upload()
        return self.requests - requests, self.bytes - size


def scenario(name, share):
    """(the pins of a group, groups, seconds between them, which points are bad, the server's words)"""
    count = 800 // share
    if name == "one bad of 800":
        return (1, 2), count, 60, lambda pin, number: pin == 1 and number == count // 3, KNOWN
    if name == "six strewn in 800":
        strewn = [place // share for place in (3, 99, 204, 405, 500, 700)]
        return (1, 2), count, 60, lambda pin, number: pin == 1 and number in strewn, UNKNOWN
    if name == "the older half of 800":
        return (1, 2), count, 60, lambda pin, number: pin == 1 and number < count // 2, UNKNOWN
    if name == "all 800":
        return (1, 2), count, 60, lambda pin, number: pin == 1, KNOWN
    if name == "35 days of which 30 are taken":
        hours = 35 * 24 // share
        return (1, 2), hours, HOUR_S, lambda pin, number: number < hours // 7, UNKNOWN
    if name == "20 pins without datastream":
        return range(22), 30, 60, lambda pin, number: pin > 1, KNOWN
    if name == "all of everybody":
        return (1, 2), count, 60, lambda pin, number: True, UNKNOWN
    raise ValueError(name)


def main(name, share=1):
    pins, groups, apart_s, is_bad, words = scenario(name, share)
    world = World(is_bad, words)
    for _ in range(groups):
        world.log(pins, apart_s)
    requests, size = world.drain()
    cell("requests, first drain", name, "ours", requests)
    cell("bytes sent, first drain", name, "ours", size)
    cell("good points that wait after it", name, "ours", world.good - world.client.stats()["uploaded"])
    found = []
    for _ in range(4):
        world.seconds += DAY_S
        found.append(world.drain())
    cell("requests, a later day", name, "ours", found[-1][0])
    cell("bytes sent, a later day", name, "ours", found[-1][1])
    cell("good points that wait then", name, "ours", world.good - world.client.stats()["uploaded"])


main(sys.argv[1], *map(int, sys.argv[2:]))
