"""Ctrl-C, or no memory left, at any change of the state in an upload that is refused points, or a watchdog that raises:
nothing is lost by it."""

import micropython

import blynk_batch
import invariants
from blynk_batch import load
from ring_checks import raises
from stand_ins import FakeClock, FakeServer

HEAP = "4m"
DAY_MS = 86400000
REFUSAL = 400, {}, b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}'


class Picky(FakeServer):
    """Refuses a batch with one of the `bad` values of V2 in it."""

    bad = (3, 4, 11, 17)

    def close(self):
        if Gone.locks:
            micropython.heap_unlock()
            Gone.locks = 0

    def post(self, url, headers, body, timeout_s):
        text = b"".join([bytes(chunk) for chunk in body])
        is_refused = "pin=v2" in url and [value for value in self.bad if b",%d]" % value in text]
        self.replies = [REFUSAL] if is_refused else []
        return super().post(url, headers, (text,), timeout_s)


class Gone(MemoryError):
    """None is left, not even for what would be done about it, until the transport is closed."""

    locks = 0


def breaking(change, left, error):
    """In place of `ring.set`: raises `error` behind the `left[0]`th change."""

    def breaks(key, value):
        change(key, value)
        left[0] -= 1
        if not left[0]:
            if error is Gone:
                Gone.locks = 1
                micropython.heap_lock()
            raise error

    return breaks


def broken_off(at, error, overwrite, most=12):
    """True if so many changes of the state were made before an upload ended; each reading is accounted for."""
    blynk_batch.client._open_rings.clear()
    ring = blynk_batch.FileRing("ring%d%s%d" % (at, error.__name__, overwrite), overwrite=overwrite)
    clock, server = FakeClock(), Picky()
    client = blynk_batch.Client("token", ring=ring, clock=clock, transport=server, batch_points=most)
    for number in range(20):
        clock.wait(1000)
        client.log_group({1: number, 2: number})
    client.uploader()
    left, real = [at], ring.set
    breaks, dog = breaking(real, left, error), None
    if error is ValueError:
        tick = breaking(lambda *_: None, left, error)
        dog = lambda: tick(0, 0)  # noqa: E731
    else:
        ring.set = breaks
    try:
        client.upload(watchdog=dog)
    except error:
        pass
    ring.set = real
    reached = left[0] <= 0
    for days in range(3):
        found = [(pin, value) for pin, _, value in client.points()]
        stats = client.stats()
        accounted = stats["uploaded"] + stats["pending"] + stats["rejected"] + stats["dropped"] + stats["corrupt"]
        assert len(found) == client.pending and stats["logged"] == accounted, (at, days, len(found), stats)
        sent = {(pin, value) for pin, _, value in server.points}
        assert len(sent.union(found)) == 40, (at, days, sent, found)
        clock.wait(DAY_MS)
        server.bad = ()
        client.upload()
    assert not client.pending and len(sent.union([(pin, value) for pin, _, value in server.points])) == 40, at
    return reached


def at_each_place(is_broken_off, least, errors=(KeyboardInterrupt, MemoryError), step=1):
    """Break off at the first change of the state, the second ..., until there is none: at more than `least`. `step` 2
    leaves out each second."""
    for error in errors:
        at = 1
        while is_broken_off(at, error):
            at += step
        assert at > least, at


def test_wherever_a_watchdog_raises_no_point_is_lost():
    at_each_place(lambda at, error: broken_off(at, error, True, 3), 40, (ValueError,))


def test_wherever_ctrl_c_breaks_a_search_off_no_point_is_lost():
    at_each_place(lambda at, error: broken_off(at, error, True), 40, (KeyboardInterrupt,), 2)


def test_wherever_memory_runs_out_in_a_search_no_point_is_lost():
    at_each_place(lambda at, error: broken_off(at, error, False), 40, (MemoryError,), 2)


def test_wherever_all_memory_is_gone_no_point_is_counted_twice():
    at_each_place(lambda at, error: broken_off(at, error, True, 3), 40, (Gone,))


def test_memory_that_is_short_when_a_batch_is_handed_to_the_transport_is_an_error_of_the_result():
    class Short(load("upload.call", "Call")):
        def short(self):
            if self.was_sent:
                raise MemoryError

        was_sent = False
        _watchdog = property(short, lambda self, value: None)  # which the batch gets too

        def send(self, reply):
            self.was_sent = False
            body = self.steps.send(reply)
            self.was_sent = bool(body)
            return body

    client = blynk_batch.Client("token", ring=blynk_batch.FileRing("hand"), clock=FakeClock(), transport=FakeServer())
    client.log(1, 1)
    call = Short(client, None, None)
    call.steps, call._steps = call._steps, call
    failed = call.run()
    assert type(failed.error) is MemoryError and failed.pending == 1 and failed.retry_after_s, failed
    client.clock.wait(DAY_MS)
    assert client.upload().uploaded == 1


def dropped_at(at, error):
    """True if a full ring made so many changes of the state while it dropped a sector with refused points."""
    blynk_batch.client._open_rings.clear()
    ring = blynk_batch.FileRing("full%d%s" % (at, error.__name__), capacity_bytes=12288)
    clock, server = FakeClock(), Picky()
    client = blynk_batch.Client("token", ring=ring, clock=clock, transport=server)
    server.bad = range(10)
    for number in range(40):
        client.log_group({1: "x" * 90, 2: number % 10})
    client.upload()
    assert client.stats()["held"]
    left, real = [at], ring.set
    breaks = breaking(real, left, error)
    while not client.stats()["dropped"]:
        ring.set = breaks
        try:
            client.log_group({1: "x" * 90, 2: 3})
        except error:
            pass
        ring.set = real
    for _ in range(60):
        client.log_group({1: "x" * 90, 2: 3})
    stats = client.stats()
    accounted = stats["uploaded"] + stats["pending"] + stats["rejected"] + stats["dropped"] + stats["corrupt"]
    assert len(list(client.points())) == client.pending and stats["logged"] == accounted, (at, stats)
    return left[0] <= 0


def test_wherever_ctrl_c_breaks_off_what_drops_a_sector_the_books_add_up():
    at_each_place(dropped_at, 4)


def test_a_drop_that_is_broken_off_keeps_the_count_of_points_that_damage_took():
    ring = blynk_batch.FileRing("seen", capacity_bytes=12288)
    client = blynk_batch.Client("token", ring=ring, clock=FakeClock(), transport=FakeServer())
    for _ in range(60):
        client.log(1, "x" * 90)
    ring.seen_lost, real = 7, ring.set  # as a window's pass found
    before = client.pending
    ring.set = breaking(real, [1], KeyboardInterrupt)
    raises(KeyboardInterrupt, load("ring.room", "drop_oldest"), ring)
    assert (client.pending, ring.seen_lost, ring.oldest) == (before, 7, 0)


def cleared_at(at, error):
    """True if clear() made so many changes of the state before it was broken off, or ended."""
    blynk_batch.client._open_rings.clear()
    ring = blynk_batch.FileRing("clear%d%s" % (at, error.__name__))
    client = blynk_batch.Client("token", ring=ring, clock=FakeClock(), transport=Picky())
    for number in range(20):
        client.log_group({1: number, 2: number})
    client.upload()
    client.log(1, 5)
    left, real, before = [at], ring.set, client.pending
    assert client.stats()["held"]
    ring.set = breaking(real, left, error)
    try:
        client.clear()
    except error:
        pass
    ring.set = real
    for one in (ring, blynk_batch.FileRing("clear%d%s" % (at, error.__name__))):
        invariants.check(one, len(list(client.points())) if one is ring else None)
        assert one.pending in (0, before), one.pending
    return left[0] <= 0


def test_wherever_ctrl_c_or_want_of_memory_breaks_a_clear_off_it_has_cleared_all_or_nothing():
    at_each_place(cleared_at, 3)


def checked_at(at, error):
    """True if the end of opening a ring, in which a drop was noted before the power went, made so many changes."""
    name = "check%d%s" % (at, error.__name__)
    ring, server = blynk_batch.FileRing(name, capacity_bytes=12288), Picky()
    client = blynk_batch.Client("token", ring=ring, clock=FakeClock(), transport=server)
    server.bad = range(10)
    for number in range(40):
        client.log_group({1: "x" * 90, 2: number % 10})
    client.upload()
    ring.medium.drop = lambda _: 1 // 0  # the power goes
    try:
        while True:
            client.log_group({1: "x" * 90, 2: 3})
    except ZeroDivisionError:
        blynk_batch.client._open_rings.clear()
    ring = blynk_batch.FileRing(name)
    left, real = [at], ring.set
    ring.set = breaking(real, left, error)
    try:
        ring.check_books()
    except error:
        pass
    ring.set = real
    for one in (ring, blynk_batch.FileRing(name)):
        client = blynk_batch.Client("token", ring=one, clock=FakeClock(), transport=Picky())
        invariants.check(one, len(list(client.points())))
        assert client.stats()["dropped"]
        blynk_batch.client._open_rings.clear()
    return left[0] <= 0


def test_wherever_ctrl_c_or_want_of_memory_breaks_the_end_of_opening_off_it_is_made_anew_and_the_books_add_up():
    at_each_place(checked_at, 4)
