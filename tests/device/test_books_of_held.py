"""The books after damage where refused points are held: the state is too large for the mark of a page, so that damage
can take one frame of it and leave the next, and sectors with held points are overwritten.

Many pins are refused and the server fails now and then. The ring is then damaged, opened, logged to until it turns, and
drained: the books add up after each step, nothing is invented, nothing stays pending, and what was there is delivered.
"""

import random
import sys

import blynk_batch
import invariants
from blynk_batch.ring import state as keys
from blynk_batch.ring.books import standing
from blynk_batch.ring.reader import DATA
from flash import SdCard
from stand_ins import FakeClock, FakeServer
from test_corruption import DAY_MS, Worn

WASM = False
HEAP = "16m"
IMAGES = 60  # on all ports
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


def filled(device, server, after_upload=invariants.check):
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
            after_upload(client.ring)
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
            held += standing(ring.state, pin, reader.position) == "held"
    assert held == ring.get(keys.HELD), (held, ring.get(keys.HELD))
    invariants.check(ring)


def damaged(image):
    """`image` with some bits flipped, a range of zeros, or two sectors swapped."""
    data = bytearray(image)
    draw = random.randrange(3)
    if draw == 0:
        for _ in range(random.choice((1, 5, 30))):
            data[random.randrange(SLOTS * 4096)] ^= 1 << random.randrange(8)
    elif draw == 1:
        start = random.randrange(SLOTS * 4096 - 600)
        data[start : start + 600] = bytes(600)
    else:
        one, other = random.randrange(SLOTS) * 4096, random.randrange(SLOTS) * 4096
        data[one : one + 4096] = image[other : other + 4096]
        data[other : other + 4096] = image[one : one + 4096]
    return data


def points_of(client, logged):
    found = [(pin, value) for pin, _, value in client.points()]
    assert not [point for point in found if point not in logged], "invented"
    assert len(set(found)) == len(found), "twice"
    invariants.check(client.ring, len(found), damaged=True)
    return set(found)


def judge(make):
    opened = 0
    for number in range(IMAGES // int(sys.argv[4])):
        random.seed(number)
        device = make(None)
        server = Moody()
        logged, clock = filled(device, server)
        try:
            opened += judge_image(make(damaged(device.image())), logged, clock)
        except Exception:
            print("seed", number)
            raise
    assert opened


def judge_image(device, logged, clock):
    server = Moody()
    server.kind = True
    try:
        ring = blynk_batch.BlockRing(device)
    except (blynk_batch.CorruptRing, blynk_batch.WrongDevice):
        return False
    client = blynk_batch.Client("token", ring=ring, transport=server, clock=clock)
    there = points_of(client, logged)
    for number in range(40):
        client.log(1, 100000 + number)
        logged.add((1, 100000 + number))
    there &= points_of(client, logged)
    given_up = client.ring.get(keys.DROPPED) + client.ring.get(keys.REJECTED)
    for _ in range(20):
        clock.wait(DAY_MS)
        client.upload()
        points_of(client, logged)
        if not client.pending:
            break
    assert not client.pending, client.stats()
    came = [(pin, value) for pin, _, value in server.points]
    assert len(set(came)) == len(came), "sent twice"
    assert not [point for point in there if point not in came] or given_up < client.ring.get(
        keys.DROPPED
    ) + client.ring.get(keys.REJECTED), "lost"
    blynk_batch.client._open_rings.clear()
    return True


def test_a_search_ends_where_its_range_gives_way_to_others():
    for seed in (700, 701, 702):  # in the first its last request brought a point back that was given up
        random.seed(seed)
        filled(SdCard(SLOTS * 8 + 2), Moody(), check_held)


def test_the_books_of_damaged_flash_add_up_with_held_points():
    judge(lambda image: Worn(SLOTS, image=image))


def test_the_books_of_a_damaged_card_add_up_with_held_points():
    judge(lambda image: SdCard(SLOTS * 8 + 2, image=image))
