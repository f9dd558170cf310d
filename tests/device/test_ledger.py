"""Anything may happen in any order: at the end every reading is accounted for, to the point.

Random sequences of logging, uploads with every kind of answer, restarts, clearing and overwriting, against a server
that keeps a ledger in memory. Each seed is a test case of its own in the loop, named when it fails.
"""

import json
import random
import sys

import blynk_batch
import invariants
from stand_ins import NOW_MS, FakeClock

HEAP = "16m"  # of which the test's own ledger takes most
TIMEOUT_S = 600
SEEDS = 3 if sys.platform == "webassembly" else 7  # there it takes more than twice the time
STEPS = 120
LIST_EVERY = 3  # steps: reading all points of a ring takes most of the time


class LedgerServer:
    """Accepts, refuses and disturbs at random; `stored` counts how often each point arrived."""

    def __init__(self, rng):
        self.rng = rng
        self.stored = {}
        self.lost_replies = 0
        self.repeatable = set()  # points of batches whose reply was lost: they may come once more
        self.twice = []  # points that came again without a lost reply to explain it
        self.calm = False
        self.refused_pin = -1

    def post(self, url, headers, body, timeout_s):
        text = b"".join([bytes(chunk) for chunk in body])
        assert int(headers["Content-Length"]) == len(text)
        pin = int(url.split("&pin=v")[1])
        if self.rng.randrange(4) == 0 and not self.calm:
            self.meanwhile()
        points = [(pin, value) for _, value in json.loads(text)]
        chance = 99 if self.calm else self.rng.randrange(20)
        if pin == self.refused_pin:
            return 400, {}, b'{"error":{"message":"No datastream setup for that pin."}}'
        if not self.calm and [point for point in points if str(point[1]).startswith("bad")]:
            return 400, {}, b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}'
        if chance == 0:
            raise OSError(104)
        if chance == 1:
            return 503, {}, b"busy"
        if chance == 2:
            return 429, {"retry-after": "30"}, b""
        if chance == 3 and len(points) > 1:
            return 400, {}, b'{"error":{"message":"Too much data in batch. Maximum batch size is 10000 points."}}'
        if chance == 4:
            return 400, {}, b'{"error":{"message":"Invalid token."}}'
        if chance == 5:
            return 308, {"location": url.replace("blynk.cloud", "fra1.blynk.cloud")}, b""
        if chance == 6:
            return 200, {}, b"<html>log in</html>"
        for point in points:
            if repr(point) in self.stored and repr(point) not in self.repeatable:
                self.twice.append(point)
            self.stored[repr(point)] = self.stored.get(repr(point), 0) + 1
        self.repeatable.difference_update([repr(point) for point in points])
        if chance == 7:
            self.lost_replies += 1
            self.repeatable.update([repr(point) for point in points])
            raise OSError(110)
        return 200, {}, b"OK"


class Case:
    def __init__(self, seed):
        self.rng = random
        random.seed(seed)
        self.path = "ring%d" % seed
        self.server = LedgerServer(random)
        self.clock = FakeClock()
        self.logged = []
        self.number = self.steps = 0
        self.capacity = random.choice((3, 4, 16)) * 4096
        self.points_per_day = random.choice((None, 500))
        self.max_age_days = random.choice((None, None, 1))
        self.client = None
        self.open()

    def open(self):
        blynk_batch.client._open_rings.clear()
        ring = blynk_batch.FileRing(self.path, capacity_bytes=self.capacity)
        self.client = blynk_batch.Client(
            "token",
            ring=ring,
            transport=self.server,
            clock=self.clock,
            batch_points=150,
            points_per_day=self.points_per_day,
            max_age_days=self.max_age_days,
        )

    def log(self):
        for _ in range(random.randrange(1, 60)):
            self.clock.wait(random.randrange(1, 5000))
            self.number += 1
            chance = random.randrange(10)
            if chance < 6:
                group = {1: self.number}
            elif chance < 8:
                group = {1: self.number, 2: self.number / 4, 3: (self.number, -self.number)}
            elif chance == 8:
                group = {2: "text %d" % self.number}
            else:
                group = {4: "%s %d" % ("good" if random.randrange(6) else "bad", self.number), 1: self.number}
            self.client.log_group(group)
            self.logged.extend([(pin, list(v) if isinstance(v, tuple) else v) for pin, v in group.items()])

    def upload(self):
        if random.randrange(3):
            self.clock.wait(random.randrange(1, 4000) * 1000)
        self.server.meanwhile = self.log if random.randrange(12) else self.clear_and_log
        result = self.client.upload(timeout_s=random.choice((None, None, 0)))
        assert result.pending == self.client.pending
        assert "token" not in str(result.error).replace("Invalid token", "")

    def clear_and_log(self):
        self.client.clear()
        self.log()

    def restart(self):
        if random.randrange(2):
            self.client.close()
        if random.randrange(6) == 0:
            self.clock.now_ms = None if self.clock.now_ms else NOW_MS + self.clock.uptime_ms
        self.open()

    def step(self):
        chance = random.randrange(20)
        if chance < 9:
            self.log()
        elif chance < 16:
            self.upload()
        elif chance < 18:
            self.restart()
        elif chance == 18:
            if not self.clock.now_ms:
                self.clock.now_ms = NOW_MS + self.clock.uptime_ms
            self.server.refused_pin = random.choice((-1, 2, 3))
        elif random.randrange(4) == 0:
            self.client.clear()
        self.check()

    def check(self):
        assert not self.server.twice, self.server.twice
        assert self.client.stats()["logged"] == len(self.logged), (self.client.stats(), len(self.logged))
        self.steps += 1
        listed = None if self.steps % LIST_EVERY and self.client.pending else len([None for _ in self.client.points()])
        invariants.check(self.client.ring, listed)

    def finish(self):
        """Everything is calm: all that is left arrives within a few days."""
        self.server.calm = True
        self.server.refused_pin = -1
        self.clock.now_ms = NOW_MS + self.clock.uptime_ms
        for _ in range(60):
            self.clock.wait(25 * 3600 * 1000)
            self.client.upload()
            if not self.client.pending:
                break
        self.check()
        stats = self.client.stats()
        assert stats["pending"] == 0, stats
        stored = self.server.stored
        for point in stored:
            assert point in self.wanted(), ("never logged", point)
        lost = len(self.wanted()) - len(stored)
        # Dropped points may have been stored too, where the reply was lost.
        assert lost <= stats["dropped"] + stats["rejected"] + stats["expired"], (lost, stats)
        assert len(stored) <= stats["uploaded"] + stats["dropped"] + stats["expired"], (len(stored), stats)
        assert stats["uploaded"] <= sum(stored.values()), stats

    def wanted(self):
        if not hasattr(self, "_wanted"):
            self._wanted = set([repr(point) for point in self.logged])
        return self._wanted


def test_whatever_happens_every_reading_is_accounted_for():
    for seed in range(SEEDS):
        case = Case(seed)
        step = "opening"
        try:
            for step in range(STEPS):  # noqa: B007 - named when it fails
                case.step()
            step = "the end"
            case.finish()
        except Exception:
            print("seed", seed, "at", step, case.client)
            raise
