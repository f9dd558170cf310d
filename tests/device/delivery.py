"""A station and a server for tests of what is delivered: both in RAM, every request judged against what was logged.

`World` logs numbers, each once, so that a value names its point. `bad` says which (pin, value) the server refuses.
It checks at every request that no point comes twice but as the very batch that was in flight, and that no refused
point is asked for before all pins had their turn; `check()` that the books add up.
"""

import json
import random

import blynk_batch
from blynk_batch.errors import RingFull
from blynk_batch.ring.state import DROPPED
from flash import NorFlash

START_MS = 1795000000000
HOUR_S, DAY_S = 3600, 86400
UNKNOWN = b'{"error":{"message":"Something is wrong."}}'
KNOWN = b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}'
_TEXT = "0123456789" * 6


def in_order(found):
    """True if ascending. MicroPython's sorted() takes the square of their number where they are."""
    return not [1 for index in range(1, len(found)) if found[index - 1] > found[index]]


def place(point):
    """What stands for a (pin, value) in a dict of several pins: MicroPython's hash of a tuple is the sum of its items,
    so that (1, 8), (2, 7) and (3, 6) would lie in each other's way."""
    return point[0] << 20 | point[1]


class Cut(BaseException):
    """The power went between two steps of the delivery."""


class _Batch:
    """One that the server has, and of which the device does not know yet."""

    answered = False  # True: asked for once more, and not accepted, so it need not be the same again

    def __init__(self, points, dropped):
        self.points, self.dropped = points, dropped


class World:
    def __init__(self, blocks=64, words=UNKNOWN, cut=0, lost=0, arrive=0, cut_at=0, wide=False, **options):
        self.flash, self.words, self.cut, self.lost, self.arrive, self.cut_at = (
            NorFlash(blocks), words, cut, lost, arrive, cut_at,
        )  # fmt: skip
        self.wide = wide  # a value is a number with so much text behind it that few fill the ring
        self.options = options
        self.seconds, self.uptime_ms = 1000, 0
        self.bad = {}  # {(pin, value): True}
        self.trouble = False  # everything is refused
        self.failing = ()  # pins that are answered 500
        self.astray = ()  # pins that are sent to a foreign host
        self.dying = ()  # pins in whose batches the connection ends
        self.most = 0  # points of a batch, if not 0: larger ones are answered 504
        self.silent = ()  # pins whose batches get no reply, and are not stored
        self.cut_off = False  # nobody gets a connection
        self.takes_s, self.timeout_s = 0, None  # for a request; for a drain
        self.connects_s = self.chunk_s = 0  # before the first byte of a request; for each chunk of it
        self.clockless = False  # nobody has set the clock
        self.logged = {}  # {pin: how many}
        self.got = {}  # {place((pin, value)): how often}
        self.order = []
        self.flying = []  # batches that the server has and the device may not know of
        self.accepted = set()  # of the last reply
        self.requests = []  # (pin, first value, how many, status)
        self.steps = self.cuts = 0
        self.client = None
        self.boot()

    def now(self):
        return None if self.clockless else START_MS + self.seconds * 1000

    def uptime(self):
        return self.uptime_ms

    def wait(self, seconds):
        self.seconds += seconds
        self.uptime_ms += seconds * 1000

    def boot(self):
        blynk_batch.client._open_rings.clear()
        self.uptime_ms = 0
        ring = blynk_batch.BlockRing(self.flash, overwrite=self.options.get("overwrite", True))
        options = dict(self.options)
        options.pop("overwrite", None)
        token = options.pop("token", "token")
        self.client = blynk_batch.Client(token, ring=ring, transport=self, clock=self, **options)

    def log(self, *pins, bad=()):
        group = {}
        for pin in pins:
            value = self.logged.get(pin, 0)
            self.logged[pin] = value + 1
            group[pin] = "%d %s" % (value, _TEXT) if self.wide else value
            if pin in bad:
                self.bad[pin, value] = True
        self.seconds += 1
        try:
            self.client.log_group(group)
        except RingFull:
            for pin in group:
                self.logged[pin] -= 1
                self.bad.pop((pin, group[pin]), None)

    def number(self, value):
        return int(value.split(" ")[0]) if self.wide else value

    # The server

    def step(self):
        self.steps += 1
        if self.steps == self.cut_at or (self.cut and random.random() < self.cut):
            self.cuts += 1
            raise Cut

    def turn(self):
        self.turns += 1
        assert self.turns < 20000, "the drain does not end"
        if self.cut or self.cut_at:
            self.step()

    def post(self, url, headers, body, timeout_s):
        pin = int(url.split("&pin=v")[1])
        if self.cut_off or pin in self.dying:
            if not self.cut_off:
                next(iter(body))
                self.answer([batch for batch in self.flying if (pin, 0) <= min(batch.points) < (pin + 1, 0)])
            self.requests.append((pin, None, 0, 0))
            raise OSError(104)
        self.wait(self.connects_s)
        text = b""
        tick = getattr(body, "tick", None)
        for chunk in body:
            text += bytes(chunk)
            self.wait(self.chunk_s)
            if self.chunk_s and tick:  # as HTTPS does while it waits
                tick()
        assert int(headers["Content-Length"]) == len(text)
        points = [(pin, self.number(value)) for _, value in json.loads(text)]
        self.known()
        self.wait(self.takes_s)
        if not points:
            return 200, {}, b"OK"  # a question for the Date, which this server does not tell
        assert in_order(points)
        here = set(points)
        for batch in self.flying:
            if here & batch.points and not batch.answered:
                same = here == batch.points or (self.dropped() > batch.dropped and here <= batch.points)
                assert same, ("not the batch that was in flight", points, sorted(batch.points))
        for point in points:
            if place(point) in self.got:
                assert [batch for batch in self.flying if point in batch.points], ("again", point)
        status = self.judge(pin, points)
        self.requests.append((pin, points[0][1], len(points), status))
        if status == 200:
            for point in points:
                self.got[place(point)] = self.got.get(place(point), 0) + 1
            self.order.extend(points)
        for _ in range(random.randrange(self.arrive) if self.arrive and random.random() < 0.3 else 0):
            self.log(random.choice(sorted(self.logged)))
        if status == 200:
            self.flying.append(_Batch(here, self.dropped()))
        else:
            self.answer([batch for batch in self.flying if here & batch.points])
        self.step()
        if status == 0 or (self.lost and random.random() < self.lost):
            raise OSError(110)
        if status == 200:
            self.accepted = here
            return 200, {}, b"OK"
        headers = {"location": "https://elsewhere.example/"} if status == 308 else {}
        return status, headers, self.words if status == 400 else b""

    def answer(self, batches):
        for batch in batches:
            batch.answered = True

    def dropped(self):
        return self.client.ring.get(DROPPED)  # not stats(): within an upload that feeds its watchdog, which may cut

    def known(self):
        """The device has noted what was last accepted."""
        for batch in self.flying:
            batch.points -= self.accepted
        self.flying = [batch for batch in self.flying if batch.points]
        self.accepted = set()

    def judge(self, pin, points):
        if pin in self.failing:
            return 500
        if pin in self.astray:
            return 308
        if 0 < self.most < len(points):
            return 504
        if pin in self.silent:
            return 0
        if self.trouble:
            return 400
        for point in points:
            if self.bad.get(point):
                return 400
        return 200

    # What happens

    def drain(self, flash_cut=None):
        """The requests of one upload(); `flash_cut`: the flash dies at that write."""
        before = len(self.requests)
        arrive = self.arrive
        if flash_cut is not None:
            self.arrive = 0  # what log() has not acknowledged may be there or not
            self.flash.cut_at(flash_cut, 2, "random", flash_cut)
        self.turns = 0
        try:
            self.step()
            self.result = self.client.upload(timeout_s=self.timeout_s, watchdog=self.turn)
            assert not isinstance(self.result.error, (TypeError, AttributeError, AssertionError)), self.result
            assert "AssertionError" not in str(self.result.error), self.result  # post()'s, taken for no reply
            self.known()
            if self.flash.dead:
                raise Cut  # in what is done ahead, which tells nobody
        except (Cut, OSError):
            self.accepted = set()
            self.flash = self.flash.revive()
            self.boot()
        finally:
            self.arrive = arrive
            self.flash.cut_at(1 << 29)
        return self.requests[before:]

    def total(self):
        return sum(self.logged.values())

    def good(self):
        return [
            (pin, value) for pin in self.logged for value in range(self.logged[pin]) if (pin, value) not in self.bad
        ]

    def missing(self):
        return [point for point in self.good() if place(point) not in self.got]

    def check(self):
        """The books add up; the points that are pending."""
        stats = self.client.stats()
        listed = [(pin, self.number(value)) for pin, _, value in self.client.points()]
        assert len(listed) == len(set(map(place, listed))) == stats["pending"] == self.client.pending, (
            len(listed),
            self.client.ring.state,
            stats,
        )
        names = ("uploaded", "dropped", "rejected", "expired", "pending", "corrupt")
        assert sum([stats[name] for name in names]) == stats["logged"] == self.total(), stats
        return listed
