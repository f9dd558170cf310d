"""Damaged rings: opening ends, raises nothing but the library's own error, and no damage becomes a reading.

On files, raw flash and a card: thousands of images with flipped bits, zeroed and blank ranges, and sectors that were
swapped, duplicated or replaced by what stood there before. Each is opened, drained to a server, and its books are
checked: what arrives is what was logged, only readings of the damaged sectors are missing, and those are counted. The
damage is done to the ring's own bytes; what littlefs does with a damaged chip is not judged.
"""

import os
import random
import sys

import blynk_batch
import invariants
from flash import NorFlash, SdCard, mount, umount
from stand_ins import FakeClock, FakeServer

WASM = False
TIMEOUT_S = 600
HEAP = "16m"
START_MS = 1648054765458
DAY_MS = 86400000
READINGS = 420
SETTLED = 300  # readings logged before the only upload
SNAPSHOT = 120  # readings logged when the stale sectors are taken
IMAGES = 170  # per kind of damage and medium, on all ports


def ms_of(number):
    return START_MS + number * 10000


def group_of(number):
    if number % 5 == 0:
        return {1: number, 2: number / 4, 3: (number, -1)}
    return {1: "reading %d of a station" % number}


def client_on(ring, server, days=0):
    blynk_batch.client._open_rings.clear()
    clock = FakeClock()
    clock.now_ms += days * DAY_MS
    return blynk_batch.Client("token", ring=ring, transport=server, clock=clock)


class Bed:
    """A full ring whose bytes lie in `parts`, a list of [sequence, bytes]; `stale` holds other bytes of each part,
    from earlier."""

    in_window = ()  # points delivered in the window that is under way

    def __init__(self):
        self.sequence_of = {}  # of each point (pin, ms)
        self.value_of = {}
        self.device = self.make(None)
        server = FakeServer()
        client = client_on(self.ring(self.device), server)
        for number in range(READINGS):
            if number == SNAPSHOT:
                self.snapshot(client.ring)
            if number == SETTLED:
                client.upload()
            self.log(client, number)
        self.finish(client, server)
        self.newest = client.ring.newest
        self.delivered = {(pin, ms) for pin, ms, _ in server.points}
        self.dropped = client.stats()["dropped"]
        self.logged = client.stats()["logged"]
        client.close()
        self.parts = self.split()
        self.there = {part[0] for part in self.parts}

    def finish(self, client, server):
        """What else is done before the damage."""

    def log(self, client, number):
        group = group_of(number)
        client.log_group(group, timestamp=ms_of(number))
        for pin in group:
            value = group[pin]
            self.value_of[(pin, ms_of(number))] = list(value) if isinstance(value, tuple) else value
            self.sequence_of[(pin, ms_of(number))] = client.ring.newest

    def check(self, parts):
        """Open the ring of these parts, drain it, and judge what came."""
        damaged = {now[0] for now, before in zip(parts, self.parts) if now[1] != before[1]}
        server = FakeServer()
        client = client_on(self.open(parts), server, days=1)
        invariants.check(client.ring, len(list(client.points())), damaged=True)
        client.upload()
        stats = client.stats()
        invariants.check(client.ring, len(list(client.points())), damaged=True)
        self.leave()
        came = [(pin, ms) for pin, ms, _ in server.points]
        for pin, ms, value in server.points:
            assert self.value_of.get((pin, ms)) == value, ("wrong or invented", pin, ms, value)
        assert len(came) == len(set(came)), "twice"
        for pin in (1, 2, 3):
            times = [ms for of, ms in came if of == pin]
            assert times == sorted(times), "out of order"
        came = set(came)
        missing = [
            point
            for point in self.sequence_of
            if point not in came and point not in self.delivered and self.sequence_of[point] in self.there
        ]
        beyond = [point for point in missing if self.sequence_of[point] not in damaged]
        assert not beyond, ("lost outside the damage", len(beyond), beyond[:3], damaged)
        again = [point for point in self.in_window if point not in came and self.sequence_of[point] in damaged]
        self.check_books(stats, len(missing), damaged, len(again))

    def check_books(self, stats, missing, damaged, again):
        assert stats["pending"] == 0, stats
        accounted = sum([stats[name] for name in ("uploaded", "dropped", "corrupt")])
        assert accounted == stats["logged"], stats
        if self.newest in damaged:  # how many its last bytes held is not known: `logged` has only what is left.
            # Nor what of the window was delivered: `again` points of that are lost, too.
            assert missing + again >= stats["corrupt"] and stats["logged"] <= self.logged, (missing, stats)
        else:
            assert stats["logged"] == self.logged, (stats, self.logged)
            # A blank oldest sector of raw flash counts as dropped: it may have been erased to make room.
            assert stats["corrupt"] + stats["dropped"] == missing, (missing, stats)
            assert not stats["dropped"] or min(self.there) in damaged, (damaged, stats)


class Worn(NorFlash):
    """As a real chip it takes a program over bits that are cleared already, and keeps them cleared."""

    def _check_bits(self, *_):
        pass


class RawBed(Bed):
    """BlockRing on flash: a part is a sector."""

    blocks, block_bytes = 5, 4096

    def make(self, image):
        return Worn(self.blocks, image=image)

    def ring(self, device):
        return blynk_batch.BlockRing(device)

    def _pieces(self):
        data = self.device.image()
        size = self.block_bytes
        return [data[at : at + size] for at in range(0, len(data), size)]

    def snapshot(self, _ring):
        self.stale = self._pieces()

    def split(self):
        pieces = self._pieces()
        return [[self._sequence(slot), piece] for slot, piece in enumerate(pieces)]

    def _sequence(self, slot):
        return self.newest - (self.newest - slot) % self.blocks

    def open(self, parts):
        return self.ring(self.make(b"".join([part[1] for part in parts])))

    def leave(self):
        pass


class CardBed(RawBed):
    """BlockRing on a card: a part is a block, the last two are the tails."""

    blocks, block_bytes = 42, 512

    def make(self, image):
        return SdCard(self.blocks, image=image)

    def _sequence(self, block):
        slot = block // 8
        return self.newest - (self.newest - slot) % 5 if slot < 5 else self.newest


class FilesBed(Bed):
    """FileRing on littlefs: a part is a file; the tails, too, hold the newest sector's bytes."""

    def make(self, image):
        return NorFlash(28, image=image)

    def ring(self, device):
        umount("/sim")
        mount(device, "/sim")
        return blynk_batch.FileRing("/sim/ring", capacity_bytes=5 * 4096)

    def _files(self):
        found = {}
        for folder in ("/sim/ring/", "/sim/ring/log/"):
            for entry in os.ilistdir(folder):
                if entry[1] == 0x8000 and entry[0] != "spare":  # that holds nothing
                    with open(folder + entry[0], "rb") as f:
                        found[folder + entry[0]] = f.read()
        return found

    def snapshot(self, ring):
        self._earlier = self._files()

    def split(self):
        files = self._files()
        gone = [name for name in sorted(self._earlier) if name not in files]
        files.update([(name, b"") for name in gone])  # b"" stands for no file
        self._names = sorted(files)
        old = sorted(self._earlier)
        self.stale = [self._earlier.get(name) or self._earlier[random.choice(old)] for name in self._names]
        umount("/sim")
        self._image = self.device.image()
        return [[self._sequence(name), files[name]] for name in self._names]

    def _sequence(self, name):
        name = name.split("/ring/")[1]
        return 0x3FFFFFFF - int(name[4:], 16) if name.startswith("log/") else self.newest

    def open(self, parts):
        device = self.make(self._image)
        mount(device, "/sim")
        for name, part, before in zip(self._names, parts, self.parts):
            if part[1] != before[1]:
                with open(name, "wb") as f:
                    f.write(part[1])
        return self.ring(device)

    def leave(self):
        umount("/sim")


# Damage: parts in, changed parts out


def some(parts):
    """The index of a part that has bytes."""
    return random.choice([index for index in range(len(parts)) if parts[index][1]])


def flip_bits(bed, parts):
    index = some(parts)
    data = bytearray(parts[index][1])
    for _ in range(1 + random.getrandbits(3)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    parts[index][1] = bytes(data)


def fill_range(bed, parts):
    index = some(parts)
    data = parts[index][1]
    start = random.randrange(len(data))
    count = min(len(data) - start, random.choice((1, 40, 600, 4096)))
    parts[index][1] = data[:start] + random.choice((b"\x00", b"\xff")) * count + data[start + count :]


def swap(bed, parts):
    one, other = some(parts), some(parts)
    parts[one][1], parts[other][1] = parts[other][1], parts[one][1]


def duplicate(bed, parts):
    parts[some(parts)][1] = parts[some(parts)][1]


def make_stale(bed, parts):
    index = random.randrange(len(parts))
    parts[index][1] = bed.stale[index]


def damage_and_check(make_bed, changes=(flip_bits, fill_range, swap, duplicate, make_stale), images=IMAGES):
    """`images` of each change, on all ports."""
    first = int(sys.argv[3])
    random.seed(first)
    bed = make_bed()
    bed.check(bed.parts)
    for kind, change in enumerate(changes):
        random.seed(first + kind)
        for number in range(images // int(sys.argv[4])):
            parts = [list(part) for part in bed.parts]
            seed = random.getrandbits(30)
            random.seed(seed)
            change(bed, parts)
            try:
                bed.check(parts)
            except Exception:
                print(make_bed.__name__, change.__name__, "image", number, "seed", seed)
                raise
            random.seed(seed + 1)


def test_damaged_flash_loses_only_its_own_readings_and_counts_them():
    damage_and_check(RawBed)


def test_a_damaged_card_loses_only_its_own_readings_and_counts_them():
    damage_and_check(CardBed)


def test_damaged_files_lose_only_their_own_readings_and_count_them():
    damage_and_check(FilesBed)


def test_the_judge_sees_a_wrong_value():
    bed = RawBed()
    bed.value_of[(1, ms_of(READINGS - 1))] = "another"
    try:
        bed.check(bed.parts)
    except AssertionError:
        return
    raise Exception("a wrong value went unseen")
