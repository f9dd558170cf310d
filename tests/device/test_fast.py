"""Runs of plain frames taken at once are the frames that a reader finds one by one: in a real ring, over pages and
sectors, with pins that change, texts and unknown times between them."""

import gc
import random
import sys
from array import array

import blynk_batch
from blynk_batch.clock.times import Times
from blynk_batch.ring import fast, record
from blynk_batch.ring.fast import EACH, Pass
from blynk_batch.report import to_value
from blynk_batch.ring.reader import DATA, Reader
from blynk_batch.ring.record import MARK
from blynk_batch.upload import batch
from delivery import DAY_S, KNOWN, UNKNOWN, World
from flash import NorFlash

HEAP = "8m"
WASM = False  # it has no machine code
PINS = (1, 2, 7, 200)
NOW_MS = 1700000000000


def ring_of(rnd, frames):
    ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    now = 1648054765458
    pins = bytes((1,))
    for _ in range(frames):
        if rnd.random() < 0.3:
            pins = bytes([pin for pin in PINS if rnd.random() < 0.4]) or bytes((7,))
        now += rnd.choice((0, 1000, 1000, 1001, 70000))
        texts = ("%.2f" % 21.5, "x")
        values = [rnd.choice((21.5, 22.25, -3, 7, 100000, texts[1] if rnd.random() < 0.1 else 5)) for _ in pins]
        ring.log(0 if rnd.random() < 0.98 else 1, now, pins, values)
    return ring


def after(reader):
    return (reader.sequence, reader.next_at)


def one_by_one(ring):
    """[(position, number, time, pins, texts)] of all data frames."""
    reader, found = ring.reader(), []
    while reader.next():
        if reader.kind == DATA:
            found.append((after(reader), reader.number, reader.chain.time, reader.chain.pins, reader.values()))
    return found


def test_counting_by_runs_gives_what_counting_one_by_one_does():
    rnd = random
    rnd.seed(7)
    ring = ring_of(rnd, 3000)
    frames = one_by_one(ring)
    reader = ring.reader()
    tally = array("i", [0] * 512)
    run = Pass(reader, 0, None, None, tally, EACH, 1 << 29, 1 << 29)
    taken = slow = 0
    while True:
        before = [(tally[pin], tally[256 + pin]) for pin in PINS]
        count = run.take()
        if count:
            for pin, (old, old_bytes) in zip(PINS, before):
                of = [frame for frame in frames[taken : taken + count] if pin in frame[3]]
                assert tally[pin] - old == len(of)
                sizes = [17 + len(frame[4][frame[3].find(bytes((pin,)))]) for frame in of]
                assert tally[256 + pin] - old_bytes == sum(sizes)
            taken += count
            last = frames[taken - 1]
            assert (after(reader), reader.number, reader.chain.time, reader.chain.pins) == last[:4]
        if not reader.next():
            break
        if reader.kind == DATA:
            last = frames[taken]
            assert (after(reader), reader.number, reader.chain.time, reader.chain.pins, reader.values()) == last
            taken += 1
            slow += 1
    assert taken == len(frames) and slow < taken // 5, (taken, slow)


def wrong_frame(rnd, ring):
    """(kind, payload) that no ring writes: a time or a number of more than 32 bits or behind the one before, a delta of
    nothing, a mark that does not end, pins without an end."""
    far = bytearray()
    record.put_varint(far, rnd.choice((60000, (1 << 31) + 5, (1 << 32) + 60000, 10**7 << 32, 1 << 63)))
    page = bytes((ring.offset // 512,))
    points = ring.number - ring.first_number
    if rnd.random() < 0.6:
        value = b"\x1d" * rnd.choice((1, 1, 2))
        pins = rnd.choice((b"", b"\x01", b"\x07"))
        return 0, rnd.choice((b"\x00", b"\x41", bytes((0x80 + len(pins),)) + far + pins, b"\x8e" + far)) + value
    number = bytearray()
    record.put_varint(number, points + rnd.choice((0, 1 << 32)))
    return MARK, page + number + rnd.choice((b"\x00", b"\x00", b"\xff" * 12))


def test_frames_that_no_ring_writes_are_taken_by_runs_as_one_by_one():
    rnd = random
    taken = wrong = 0
    for seed in range(100):
        rnd.seed(seed)
        ring = blynk_batch.BlockRing(NorFlash(4))
        for number in range(120):
            pins = rnd.choice((b"\x01", b"\x01", b"\x01\x07"))
            ring.log(0, NOW_MS + number * 1000, pins, [5] * len(pins))
            for _ in range(rnd.randrange(1, 4) if rnd.random() < 0.05 else 0):
                ring.put(*wrong_frame(rnd, ring))
                wrong += 1
                if rnd.random() < 0.5:
                    ring.chain.reset()  # an absolute frame follows
        frames = {frame[0]: frame for frame in one_by_one(ring)}
        reader = ring.reader()
        run = Pass(reader, 0, None, None, array("i", [0] * 512), EACH, 1 << 29, 1 << 29)
        while True:
            count = run.take()
            taken += count
            if count or (reader.next() and reader.kind == DATA):
                found = after(reader), reader.number, reader.chain.time, reader.chain.pins
                assert found == frames[after(reader)][:4], (seed, found, frames[after(reader)])
            if not (count or reader.kind):
                break
    assert taken > 5000 and wrong > 900, (taken, wrong)


def test_a_reader_takes_plain_frames_the_quick_way_too():
    ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    for number in range(60):
        ring.log(0, 1648054765458 + number * 10000, b"\x01", [20 + number])
    reader = ring.reader()
    assert reader.next() == DATA and reader.next() == DATA  # the first is absolute, the second in another step
    taken = 0
    while reader.next_delta():
        taken += 1
        assert (reader.number, reader.chain.time) == (1 + taken, 1648054775458 + taken * 10000)
        assert [to_value(text) for text in reader.values()] == [21 + taken]
    assert taken == 58
    run = Pass(ring.reader(), 0, None, None, array("i", [0] * 512), EACH, 1 << 29, 1 << 29)
    assert run.take() > 50  # from the first on


def test_writing_by_runs_gives_the_points_of_one_pin_and_stops_where_told():
    rnd = random
    rnd.seed(8)
    ring = ring_of(rnd, 1500)
    for pin in PINS:
        wanted = [(frame[2], frame[4][frame[3].find(bytes((pin,)))]) for frame in one_by_one(ring) if pin in frame[3]]
        reader = ring.reader()
        out = bytearray(700)
        run = Pass(reader, 0, None, None, out, pin)
        found = b""
        left = len(wanted) - 5
        while left:
            run.take(left, 0)
            found += bytes(out[: run.filled])
            left = run.points
            if run.filled < 400 and left and reader.next() and reader.kind == DATA and pin in reader.chain.pins:
                text = reader.values()[reader.chain.pins.find(bytes((pin,)))]
                text = b'"x"' if isinstance(text, tuple) else text
                found += b",[%d,%s]" % (reader.chain.time, text)
                left -= 1
        texts = [b'"x"' if isinstance(text, tuple) else text for _, text in wanted]
        assert found == b"".join([b",[%d,%s]" % (time, text) for (time, _), text in zip(wanted, texts)][:-5])


class Source:
    """As a Window or a Search is to its batches."""

    def __init__(self, ring, cutoff, unsure):
        self.ring, self.cutoff, self.unsure = ring, cutoff, unsure

    def times(self):
        return Times(self.ring, NOW_MS, "estimate")


def measured(ring, pin, start, limits, cutoff=0, unsure=False):
    """All that measuring and then sending a batch says of it."""
    body = batch.Body(Source(ring, cutoff, unsure), pin, start, ring.end())
    for _ in body.measure(*limits):
        pass
    body.guarded = lambda action, *args: action(*args)
    found = (body.points, body.len_bytes, body.end, body.last, body.others)
    text = b"".join([bytes(piece) for piece in body]) if body.points else b""
    assert len(text) == body.len_bytes or not body.points
    return found + (text, body.sent)


def test_a_batch_is_measured_and_sent_by_runs_as_one_by_one():
    rnd = random
    rnd.seed(9)
    ring = ring_of(rnd, 800)
    frames = one_by_one(ring)
    take = fast.take
    for case in range(25):
        pin, at = rnd.choice(PINS), rnd.choice(frames)
        limits = rnd.choice((None, 1, 7, 300)), rnd.choice((None, 100, 2000, 9000))
        options = (pin, at[0], limits, rnd.choice((0, frames[400][2])), rnd.random() < 0.5)
        try:
            fast.take = None
            wanted = measured(ring, *options)
        finally:
            fast.take = take
        assert measured(ring, *options) == wanted, (case, options)


class Counted:
    """How many frames are read one by one, in `with`."""

    def __enter__(self):
        self.frames, self._next = 0, Reader.next

        def counted(reader):
            self.frames += 1
            return self._next(reader)

        Reader.next = counted
        return self

    def __exit__(self, *_):
        Reader.next = self._next


def test_with_little_room_the_machine_code_is_left_to_whom_it_serves():
    try:
        from blynk_batch.ring import hot
    except (ImportError, SyntaxError):
        return  # another processor's
    here, names = fast.take, ("blynk_batch.ring.fast", "blynk_batch.ring.hot")
    assert here == hot.take
    for name in names:
        del sys.modules[name]
    gc.collect()
    taken = bytearray(gc.mem_free() - 60000)
    from blynk_batch.ring.fast import Pass as slow, take

    assert take is None and names[1] not in sys.modules
    reader = ring_of(random, 100).reader()
    run, frames = slow(reader, 0, None, None, bytearray(600), 1), 0
    while reader.next():
        frames += 1
        assert not run.take(50, 0)
    assert frames >= 100 and taken


def test_a_search_reads_few_frames_one_by_one_also_behind_some_whose_time_was_not_known():
    for unknown in (0, 5):
        world = World(words=UNKNOWN)
        now = world.now
        world.now = lambda: None
        for _ in range(unknown):
            world.log(1, 2)
        world.now = now
        for number in range(2000):
            world.log(1, 2, bad=(1,) if number < 1000 else ())
        with Counted() as count:
            world.drain()
        assert not [point for point in world.missing() if point[1] >= 1005]
        assert 20 < len(world.requests) < 40 and count.frames < 300 * len(world.requests), count.frames


def test_runs_of_other_pins_are_passed_without_a_pause_after_each():
    ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    for number in range(1600):
        ring.log(0, 1648054765458 + number * 10000, bytes((number % 16,)), [20 + number % 9])
    body = batch.Body(Source(ring, 0, False), 3, (0, 0), ring.end())
    pauses = len(list(body.measure()))
    assert body.points == 100 and 0 < pauses < 15, pauses


def test_a_window_that_was_left_open_is_counted_again_by_runs_and_so_are_pins_that_are_not_asked():
    world = World(words=KNOWN)
    for _ in range(1500):
        world.log(1)
        world.log(2)
    world.silent = (2,)
    world.drain()
    assert world.requests == [(1, 0, 1500, 200), (2, 0, 1500, 0)]
    for happens in ("reset", "held open"):
        world.silent = ()
        world.boot()
        if happens == "held open":
            for number in range(1500):
                world.log(2, bad=(2,))
                if number % 500 == 0:
                    world.drain()
            world.log(1)
        world.wait(DAY_S)
        with Counted() as count:
            world.drain()
        world.check()
        assert not world.missing() and 0 < count.frames < 500, (happens, count.frames)
