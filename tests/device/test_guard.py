"""log() from a soft timer callback, at any place of any other call: stored when that call returns, or refused loudly.

The callbacks are the firmware's own, by micropython.schedule; a stand-in on the ring's medium, the clock or the
transport schedules them, so that each place is reached for certain.
"""

import micropython

import blynk_batch
from flash import NorFlash, SdCard
from stand_ins import NOW_MS, FakeClock, FakeServer

WASM = False  # it runs no scheduled callbacks


class Interrupter:
    """Schedules a log() of the next number whenever the wrapped object's methods are called; takes no part else."""

    def __init__(self, inner, names):
        self.inner = inner
        self.names = names
        self.client = None
        self.logged = self.left = 0
        self.refused = []

    def __getattr__(self, name):
        if name in self.names and self.left:
            self.left -= 1
            micropython.schedule(self.log, None)
        return getattr(self.inner, name)

    def log(self, _):
        try:
            self.client.log(9, self.logged)
            self.logged += 1
        except blynk_batch.Error as e:
            self.refused.append(e)


def interrupted_client(names, clock=None):
    ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    medium = ring.medium = Interrupter(ring.medium, names)
    server = FakeServer()
    medium.client = blynk_batch.Client("token", ring=ring, transport=server, clock=clock or FakeClock())
    return medium.client, medium, server


def interrupt(client, callback):
    """Schedule it once, when the client asks its clock within the store: there it finds the guard taken."""
    clock = client.clock

    def now():
        if client.guard.held:
            clock.now = lambda: NOW_MS
            micropython.schedule(callback, None)
        return NOW_MS

    clock.now = now


def reopened():
    blynk_batch.client._open_rings.clear()  # as after a power cut: nothing was closed
    return blynk_batch.Client("token", ring=blynk_batch.FileRing("ring"), transport=FakeServer(), clock=FakeClock())


def readings(client, pin):
    return [value for found, _, value in client.points() if found == pin]


def test_a_reading_that_interrupts_log_is_durable_when_that_returns():
    client, medium, _ = interrupted_client(("append", "begin", "slot", "unit"))
    for number in range(400):
        medium.left = 1
        client.log(1, number)
        assert client.pending == number + 1 + medium.logged
    medium.left = 0
    assert medium.logged > 300 and medium.refused == []
    again = reopened()
    assert readings(again, 1) == list(range(400))
    assert readings(again, 9) == list(range(medium.logged))


def test_readings_that_interrupt_a_drain_are_stored_and_the_batch_is_whole():
    client, medium, server = interrupted_client(("append", "read", "slot"))
    for number in range(300):
        client.log_group({1: number, 2: -number})
    medium.left = 200
    result = client.upload()
    medium.left = 0
    assert result.error is None, result
    while client.pending:
        assert client.upload().error is None
    assert medium.logged > 100 and medium.refused == [], (medium.logged, medium.refused)
    assert [value for pin, _, value in server.points if pin == 1] == list(range(300))
    assert [value for pin, _, value in server.points if pin == 2] == [-number for number in range(300)]
    assert sorted([value for pin, _, value in server.points if pin == 9]) == list(range(medium.logged))


def test_readings_that_interrupt_any_other_call_are_stored():
    client, medium, server = interrupted_client(("append", "read", "slot", "begin", "seal", "drop", "unit"))
    calls = (
        lambda: client.flush(),
        lambda: client.due(1),
        lambda: client.stats(),
        lambda: list(client.points()),
        lambda: client.release(1),
        lambda: repr(client),
        lambda: client.clear(),
    )
    for call in calls:
        client.log(1, 1)
        before = client.stats()["logged"], medium.logged
        medium.left = 5
        call()
        medium.left = 0
        assert client.stats()["logged"] - before[0] == medium.logged - before[1], call
    assert medium.logged >= 8 and medium.refused == [], (medium.logged, medium.refused)
    logged = client.stats()["logged"]
    assert logged == reopened().stats()["logged"]


def test_a_reading_that_interrupts_close_is_stored_or_refused_but_never_half():
    client, medium, _ = interrupted_client(("append", "close"), FakeClock(None))
    client.log(1, 1)  # its time is not known, so that the planned sleep is noted
    medium.left = 3
    client.close(sleep_ms=60000)
    assert medium.logged + len(medium.refused) > 0
    again = reopened()
    assert readings(again, 1) == [1] and readings(again, 9) == list(range(medium.logged))


def test_the_ninth_reading_that_waits_is_refused_and_the_eight_are_stored():
    refused = []
    ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    client = blynk_batch.Client("token", ring=ring, transport=FakeServer(), clock=FakeClock())

    def burst(_):
        for number in range(10):
            try:
                client.log(9, number, timestamp=NOW_MS)
            except blynk_batch.Busy as e:
                refused.append(str(e))

    interrupt(client, burst)
    client.log(1, 1)
    assert len(refused) == 2 and "8 readings wait" in refused[0]
    assert readings(client, 9) == list(range(8)) and readings(client, 1) == [1]


def test_a_waiting_reading_that_cannot_be_stored_is_told_by_the_call_it_interrupted_and_the_others_are_stored():
    ring = blynk_batch.FileRing("ring", capacity_bytes=12 * 1024, overwrite=False)
    client = blynk_batch.Client("token", ring=ring, transport=FakeServer(), clock=FakeClock())
    stored = 0
    texts = "x" * 900
    try:
        while True:
            client.log(1, texts, timestamp=NOW_MS)
            stored += 1
    except blynk_batch.RingFull:
        pass

    def burst(_):
        client.log(2, texts, timestamp=NOW_MS)  # too long for what is left
        client.log(3, 7, timestamp=NOW_MS)

    interrupt(client, burst)
    try:
        client.log(1, 8)
        raise AssertionError("nothing was raised")
    except blynk_batch.RingFull:
        pass
    assert readings(client, 3) == [7] and readings(client, 1)[-1] == 8 and readings(client, 2) == []
    result = client.upload()
    assert (result.error, client.pending) == (None, 0)


def test_a_waiting_reading_that_an_upload_could_not_store_is_told_by_its_result_on_raw_flash_too():
    ring = blynk_batch.BlockRing(NorFlash(3), overwrite=False)
    client = blynk_batch.Client("token", ring=ring, transport=FakeServer(OSError(110)), clock=FakeClock())
    text = "x" * 900
    try:
        while True:
            client.log(1, text, timestamp=NOW_MS)
    except blynk_batch.RingFull:
        pass

    interrupt(client, lambda _: client.log(2, text, timestamp=NOW_MS))
    result = client.upload()
    assert result.requests == 1 and result.error and client.guard.failed is None
    assert client.upload().waiting == "backoff"


def test_ctrl_c_in_a_reading_that_waited_does_not_leave_the_client_locked():
    client, medium, _ = interrupted_client(("append",))

    def interrupt(_):
        raise KeyboardInterrupt

    client.guard.enter()
    client.guard.run(interrupt, (None,))
    client.log(1, 1)  # waits behind it
    try:
        client.guard.leave()
        raise AssertionError("it was swallowed")
    except KeyboardInterrupt:
        pass
    client.log(1, 2)
    assert sorted(readings(reopened(), 1)) == [1, 2], "durable when log() returns"


def test_a_reading_that_ctrl_c_kept_waiting_is_stored_by_the_close_that_follows():
    client, medium, _ = interrupted_client(("append",))

    def interrupt(_):
        raise KeyboardInterrupt

    client.guard.enter()
    client.guard.run(interrupt, (None,))
    client.log(1, 1)
    try:
        with client:
            client.guard.leave()
        raise AssertionError("it was swallowed")
    except KeyboardInterrupt:
        pass
    assert readings(reopened(), 1) == [1]


def test_a_close_that_ctrl_c_breaks_off_at_its_end_can_be_made_again_and_lets_go_of_the_ring():
    class Breaks(dict):
        def get(self, key):
            blynk_batch.client._open_rings = plain
            raise KeyboardInterrupt

    client, medium, _ = interrupted_client(())
    client.log(1, 1)
    plain = blynk_batch.client._open_rings
    blynk_batch.client._open_rings = Breaks()
    try:
        client.close()
        raise AssertionError("it was swallowed")
    except KeyboardInterrupt:
        pass
    try:
        client.log(1, 2)
        raise AssertionError("it was taken")
    except blynk_batch.Error:
        pass
    client.close()
    again = blynk_batch.Client("token", ring=blynk_batch.FileRing("ring"), transport=FakeServer(), clock=FakeClock())
    assert readings(again, 1) == [1]


def test_ctrl_c_at_any_look_at_the_guard_leaves_nothing_locked():
    class Breaks(type(interrupted_client(())[0].guard)):
        """Ctrl-C breaks in where MicroPython looks for it, at a jump: at the look at `held` that `left` counts down to.
        None of these is what counts one up or down."""

        left = 0

        def look(self):
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt

    class Held:
        def __init__(self, guard, count):
            self.guard, self.count = guard, count

        def __bool__(self):
            self.guard.look()
            return self.count > 0

        def __eq__(self, other):
            self.guard.look()
            return self.count == other

        def __gt__(self, other):
            self.guard.look()
            return self.count > other

        def __sub__(self, other):
            return Held(self.guard, self.count - other)

        def __add__(self, other):
            return Held(self.guard, self.count + other)

    guard = Breaks()

    def action():
        guard.held = Held(guard, 1)

    for left in range(1, 9):
        guard.left = left
        try:
            guard.run(action)
            broken = False
        except KeyboardInterrupt:
            broken = True
        guard.left = 0
        assert not guard.held, left
        guard.held = 0
    assert not broken, "all looks were met"


def test_ctrl_c_between_the_making_of_an_upload_and_its_start_locks_no_other_out():
    client, _, server = interrupted_client(())
    client.log(1, 1)
    real = client.call

    def call(*args):
        real(*args)
        raise KeyboardInterrupt

    client.call = call
    try:
        client.upload()
    except KeyboardInterrupt:
        pass
    client.call = real
    assert client.upload().uploaded == 1


def test_a_reading_that_interrupts_a_look_at_the_newest_sector_hides_none_that_were_there():
    client, medium, _ = interrupted_client(())
    files = medium.inner
    real = files._opened

    class Interrupted:
        def __init__(self, sequence):
            self.file = real(sequence)
            self.seek = self.file.seek

        def readinto(self, view):
            done = self.file.readinto(view)
            if medium.left and len(view) > 128:
                medium.left = 0
                micropython.schedule(log, None)
            return done

    def log(_):
        client.log(9, "x" * 120)  # more than a tail holds: all tails go to the file

    client.log(1, "x" * 120)
    for number in range(5):
        client.log(1, number)
    medium.left = 1
    files._opened = Interrupted
    assert readings(client, 1) == ["x" * 120, 0, 1, 2, 3, 4]
    assert medium.left == 0 and client.stats()["logged"] == 7


class Turning(Interrupter):
    """Behind the `left`th read, and `later` ones, eight readings at once: a sector turns."""

    later = 0

    def readblocks(self, *where):
        self.inner.readblocks(*where)
        self.left -= 1
        if self.left in (0, -self.later):
            micropython.schedule(lambda _: [self.log(_) for _ in range(8)], None)


def test_readings_that_interrupt_a_look_at_a_card_hide_none_that_were_there():
    """They have the medium read another block than the one that it was about to hand out."""
    base, looks = SdCard(50), 0
    ring, logged = blynk_batch.BlockRing(base), 0
    while ring.offset < ring.medium.sector_bytes - 90:
        ring.log(0, NOW_MS, b"\x01", [logged])
        logged += 1
    for look in (list, next, lambda _: None):
        for read in range(1, 10):
            blynk_batch.client._open_rings.clear()
            card, server = Turning(base.revive(), ()), FakeServer()
            ring = blynk_batch.BlockRing(card)
            card.client = client = blynk_batch.Client("token", ring=ring, transport=server, clock=FakeClock(None))
            assert client.pending == logged
            card.left = read
            look(client.points())
            client.stats()
            looks += card.left <= 0 and ring.newest
            card.left = 0
            client.upload()
            assert [value for pin, _, value in server.points if pin == 1] == list(range(logged)), (look, read)
    assert looks > 20, looks


def test_readings_that_interrupt_a_long_look_turn_sectors_one_after_the_other():
    """Eight can wait: more are stored as the look goes from sector to sector, and drop those that it comes from."""
    refusal = 400, {}, b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}'
    device = Turning(NorFlash(6), ())
    ring = blynk_batch.BlockRing(device)
    device.client = client = blynk_batch.Client("token", ring=ring, transport=FakeServer(refusal), clock=FakeClock())
    client.log_group({1: 1, 2: 2})
    client.upload()
    client.clock.now_ms = None
    while ring.newest < 8:
        client.log(2, "y" * 200)
    for look in client.stats, lambda: list(client.points()), lambda: client.stats(watchdog=int):
        device.later = 25
        logged, before = client.stats()["logged"], device.logged
        for left in range(1, 60, 7):
            device.left = left
            look()
        device.left = device.later = 0
        stats = client.stats()
        assert stats["logged"] - logged == device.logged - before > 32 and not device.refused, (look, device.logged)
        accounted = [stats[name] for name in ("uploaded", "dropped", "rejected", "expired", "corrupt", "pending")]
        assert sum(accounted) == stats["logged"] and len(list(client.points())) == client.pending, stats


def test_so_do_those_that_wait_at_the_end_of_a_look():
    client, _, _ = interrupted_client(())
    store, under_way = client.ring.log, []

    def log(*args):
        under_way.append(args)
        client.ring.reader()  # a way through sectors, as a full ring may have to take
        assert under_way.pop() is args and not under_way
        store(*args)

    client.ring.log = log
    interrupt(client, lambda _: [client.log(9, number) for number in range(3)])
    client.stats()
    assert client.guard.failed is None and readings(client, 9) == [0, 1, 2]


def test_a_reading_that_interrupts_the_opening_of_a_file_spoils_no_look_at_it():
    client, medium, _ = interrupted_client(())
    real = medium.inner._opened

    def opened(sequence):
        if medium.left:
            medium.left -= 1
            micropython.schedule(medium.log, None)
        return real(sequence)

    for number in range(200):
        client.log(1, number)
    medium.left = 5
    medium.inner._opened = opened
    assert readings(client, 1) == list(range(200))
    assert medium.logged > 1 and not medium.refused


def test_a_reading_that_interrupts_stats_is_in_all_of_them_or_in_none():
    client, medium, _ = interrupted_client(())
    client.log(1, 1)
    real = client.ring.check_books

    def check_books():
        if medium.left:
            medium.left -= 1
            micropython.schedule(medium.log, None)
        real()

    client.ring.check_books = check_books
    for count in range(1, 5):
        medium.left = count
        found = client.stats()
        assert found["logged"] == found["pending"], found
