"""The books where more points are refused than the table of ranges has places for: what is held is counted exactly."""

import random

import blynk_batch
import invariants
from blynk_batch.ring import state as keys
from blynk_batch.ring.books import is_held
from blynk_batch.ring.reader import DATA
from flash import SdCard
from stand_ins import FakeClock, FakeServer
from test_corruption import DAY_MS

WASM = False
HEAP = "16m"
WORDS = (b"No datastream with pin", b"Value doesn't match the Datastream data type", b"Hmm")
SLOTS = 4


class Moody(FakeServer):
    """Accepts, refuses or fails as chance has it; accepts everything once it is `kind`."""

    kind = False

    def post(self, url, headers, body, timeout_s):
        draw = 9 if self.kind else random.getrandbits(3)
        if draw < 3:
            self.replies = [(400, {}, b'{"error":{"message":"%s"}}' % WORDS[draw])]
        elif draw < 5:
            self.replies = [(503, {}, b"busy")]
        return super().post(url, headers, body, timeout_s)


def filled(device, server):
    """({(pin, value)} that were logged) after some days of readings and bad uploads."""
    clock = FakeClock()
    client = blynk_batch.Client(
        "token", ring=blynk_batch.BlockRing(device), transport=server, clock=clock, batch_points=7
    )
    logged = set()
    for number in range(random.choice((80, 300, 500))):
        clock.wait(60000)
        pin = random.randrange(20)
        value = number if random.getrandbits(1) else "%d of a station" % number + "." * random.randrange(120)
        client.log(pin, value)
        logged.add((pin, value))
        if not random.getrandbits(5):
            clock.wait(DAY_MS)
            client.upload()
            check_held(client.ring)
    clock.wait(DAY_MS)
    client.upload()
    blynk_batch.client._open_rings.clear()
    return logged, clock


def check_held(ring):
    """What counts as held are the points of the ranges, no more and no fewer."""
    held = 0
    reader = ring.reader((ring.oldest, 0))
    while reader.next():
        for pin in reader.chain.pins if reader.kind == DATA else ():
            held += is_held(ring.state, pin, reader.position)
    assert held == ring.get(keys.HELD), (held, ring.get(keys.HELD))
    invariants.check(ring)


def test_a_search_ends_where_its_range_gives_way_to_others():
    for seed in (700, 701, 702):  # in the first its last request brought a point back that was given up
        random.seed(seed)
        filled(SdCard(SLOTS * 8 + 2), Moody())
