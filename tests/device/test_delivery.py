"""The whole delivery at random, against a model of what must hold: refusals of every kind, resets and power cuts at any
step, lost replies, readings that arrive meanwhile, a ring that overwrites, days that pass.

`World` (delivery.py) judges each request; here is what must be true after each drain, after quiet days, and after the
server takes all. By hand, more of it: tools/micropython tests/device/test_delivery.py FIRST LAST, with MICROPYPATH as
tests/device/conftest.py sets it.
"""

import gc
import random
import sys

from blynk_batch.errors import RingFull
from delivery import DAY_S, HOUR_S, KNOWN, UNKNOWN, World

HEAP = "8m"  # the points that World keeps lie strewn over it
WASM = False  # minutes there
TIMEOUT_S = 600
SEQUENCES = 320  # in each test but the first, on all ports


PATTERNS = (
    lambda count: [],
    lambda count: [random.randrange(count)],
    lambda count: [random.randrange(count) for _ in range(6)],
    lambda count: range(count // 2),
    lambda count: range(count // 2, count),
    lambda count: range(count // 3, count // 2 + 1),
    lambda count: range(count),
    lambda count: range(0, count, 2),
    lambda count: [0, count - 1],
    lambda count: [number for number in range(count) if random.random() < 0.1],
)


def sequence(seed):
    random.seed(seed)
    count = random.choice((1, 2, 3, 7, 12, 30))
    pins = random.randrange(1, 4)
    small = random.randrange(8) == 0  # a ring that overwrites
    world = World(
        blocks=3 if small else 8,
        words=random.choice((KNOWN, UNKNOWN)),
        batch_points=random.choice((16, 64, 10000)),
        lost=random.choice((0, 0.05, 0.2)),
        arrive=random.choice((0, 0, 4)),
        max_age_days=None if random.randrange(8) else 2,
    )
    cuts = random.randrange(2)
    share = random.choice((0, 0.1, 0.5, 1))
    bad = random.choice(PATTERNS)(count)
    for number in range(count):
        world.log(*range(1, pins + 1), bad=(1,) if number in bad else ())
    for _ in range(random.randrange(2, 6)):
        world.wait(random.choice((900, HOUR_S, HOUR_S, DAY_S)))
        for _ in range(random.randrange(200 if small else 6)):
            pin = random.randrange(1, pins + 1)
            world.log(pin, bad=(1,) if pin == 1 and random.random() < share else ())
        world.trouble = random.random() < 0.1
        world.failing = (random.randrange(1, 4),) if random.random() < 0.1 else ()
        world.dying = (random.randrange(1, 4),) if random.random() < 0.1 else ()
        world.silent = (random.randrange(1, 4),) if random.random() < 0.05 else ()
        world.most = 3 if random.random() < 0.1 else 0
        world.cut_off = random.random() < 0.05
        world.takes_s, world.timeout_s = random.choice(((0, None),) * 8 + ((3, 10), (12, 5)))
        world.clockless = random.random() < 0.05
        if random.random() < 0.05:
            world.client.release(random.randrange(1, pins + 1))
        flash_cut = None
        if cuts and random.randrange(2):
            if random.randrange(2):
                world.cut_at = world.steps + random.randrange(1, 12)
            else:
                flash_cut = random.randrange(40)
        world.drain(flash_cut)
        world.check()
    world.trouble = world.cut_at = world.lost = world.arrive = world.most = 0
    world.failing = world.dying = world.silent = ()
    world.cut_off = world.clockless = False
    world.takes_s, world.timeout_s = 0, None
    for day in range(5):  # one drain each: a day for each range in doubt, then one that may end for want of requests
        pending = quiet_day(world, pins, small)
        assert pins == 1 or day < 4 or not [point for point in pending if point[0] != 1], "another pin waits"
    world.bad = {}
    for _ in range(3):
        pending = quiet_day(world, pins, small)
    assert not pending, pending
    stats = world.client.stats()
    assert len(world.got) + stats["dropped"] + stats["rejected"] + stats["expired"] >= world.total(), stats


def quiet_day(world, pins, small):
    world.wait(DAY_S)
    for _ in range(40 if small else 0):
        world.log(pins)  # where the ring is full there is room for a note only as it turns
    for _ in range(4):
        world.drain()
        if not isinstance(world.result.error, RingFull):  # else its last ack had no room: the next drains go on
            break
    return world.check()


def run(first, last):
    for seed in range(first, last):
        gc.collect()
        try:
            sequence(seed)
        except Exception:
            print("seed", seed)
            raise


def test_everything_good_arrives_once_and_the_books_add_up():
    run(0, SEQUENCES // 2)


def test_so_it_does_with_the_seeds_of_today_0():
    run_of_today(0)


def test_so_it_does_with_the_seeds_of_today_1():
    run_of_today(1)


def test_so_it_does_with_the_seeds_of_today_2():
    run_of_today(2)


def test_so_it_does_with_the_seeds_of_today_3():
    run_of_today(3)


def run_of_today(part):
    first = int(sys.argv[3]) // 4 + part * SEQUENCES  # small enough for the last of them, too
    run(first, first + SEQUENCES // int(sys.argv[4]))


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]))
    print("all right")
