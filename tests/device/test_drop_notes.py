"""A sector that is dropped: what is noted before its erase, and what a cut there leaves of the books."""

import micropython

import blynk_batch
import invariants
from blynk_batch import BlockRing
from blynk_batch.ring import sector, state as keys
from flash import NorFlash
from ring_checks import found, log, raises
from stand_ins import NOW_MS, FakeClock, FakeServer

HEAP = "16m"  # of which the points that arrived take most
WASM = False  # minutes there
LONG = "0123456789" * 20  # fills the sectors that do not matter


class DiesErasing(NorFlash):
    """Once armed, the power goes in the midst of the next erase."""

    armed = False
    torn = "prefix"

    def _erase(self, block):
        if self.armed:
            self.cut_at(0, 2000, self.torn)
        super()._erase(block)


def client_on(ring, server=None, clock=None, **options):
    """As after a reset: whatever came before left without closing."""
    blynk_batch.client._open_rings.clear()
    transport, clock = server or FakeServer(), clock or FakeClock()
    return blynk_batch.Client("token", ring=ring, transport=transport, clock=clock, **options)


def test_a_drop_is_noted_before_its_erase_also_where_acks_filled_the_sector():
    cuts = 0
    for fails in (1, 4, 9):
        for skew in (0, 3, 7, 11, 15, 19):
            clock, server, device = FakeClock(), FakeServer(), DiesErasing(4)
            client = client_on(BlockRing(device), server, clock)
            while not (client.ring.newest == 3 and client.ring.offset >= 3900 - 20 * skew):
                client.log(1, 1 if client.ring.newest == 3 else LONG)
                clock.wait(1000)
            for _ in range(fails):
                server.replies = [(503, {}, b"")]
                client.upload()
                clock.wait(4 * 3600000)
            if client.ring.newest != 3:
                continue
            device.armed = True
            try:
                while True:
                    client.log(1, 1)
                    clock.wait(1000)
            except OSError:
                cuts += 1
            client = client_on(BlockRing(device.revive()), server, clock)
            invariants.check(client.ring, len(list(client.points())))
    assert cuts > 5, cuts


def test_a_drop_notes_nothing_that_counts_on_ranges_which_wait_in_ram():
    def hold_all():
        """All that is there was refused."""
        sequence, offset, number = ring.end()
        ring.set(keys.RANGES, (0, 0, sequence, offset, 2, 1795000000, 0, 1))
        ring.set(keys.CURSOR, (sequence, offset, number))
        ring.set(keys.HELD, (number,))

    for more in (1, 16, 40):
        device = DiesErasing(4)
        ring = BlockRing(device)
        logged = 0
        while ring.newest < 2 or ring.offset < 3700:
            ring.log(0, NOW_MS + logged * 1000, b"\x01", [LONG if ring.newest < 2 else 1])
            logged += 1
        hold_all()
        ring.save()
        for _ in range(more):
            ring.log(0, NOW_MS + logged * 1000, b"\x01", [1])
            logged += 1
        hold_all()  # and there is no room to note it
        device.armed = True
        try:
            while True:
                ring.log(0, NOW_MS + logged * 1000, b"\x01", [1])
                logged += 1
        except OSError:
            pass
        client = client_on(BlockRing(device.revive()))
        invariants.check(client.ring, len(list(client.points())))
        assert client.pending + client.stats()["dropped"] == logged, (more, client.stats(), logged)


def test_a_cut_in_the_erase_of_a_sector_that_is_partly_delivered_keeps_the_books():
    wrong, cuts = [], 0
    for number in range(12):
        pins, accepted, skew = (2, 5)[number & 1], (1, 3)[number >> 1 & 1], 4 * (number >> 2)
        device, server, clock = DiesErasing(5), FakeServer(), FakeClock()
        client = client_on(BlockRing(device), server, clock, batch_points=300)
        logged = 0
        while client.ring.newest < 4 or client.ring.offset < 3000 + 100 * skew:
            client.log(logged % pins, logged)
            logged += 1
        server.replies = [(200, {}, b"OK")] * accepted + [OSError(104)]
        uploaded = client.upload().uploaded
        assert uploaded and keys.WINDOW in client.ring.state
        ring = client.ring
        ring.set(keys.RANGES, ring.end()[:2] + (0, 1, 2, 1795000000, 0, 200))  # waits in RAM: the drop is noted alone
        device.armed = True
        try:
            while True:
                client.log(logged % pins, logged)
                logged += 1
        except OSError:
            cuts += 1
        client = client_on(BlockRing(device.revive()), server, clock)
        there = len(list(client.points()))
        if client.pending != there or there + uploaded + client.stats()["dropped"] != logged:
            wrong.append((pins, accepted, skew, client.pending, there, client.stats(), logged))
        invariants.check(client.ring, there)
    assert not wrong and cuts == 12, (wrong, cuts)


def fill_with_notes(ring):
    while ring.place(0xC5, bytes(200)) or ring.place(0xC5, bytes(4)):
        ring.commit()


def hold_before(ring, sequence, *pins):
    """All up to that sector was refused, of the pins; the cursor has passed it."""
    for index in range(len(pins)):
        ring.set(keys.RANGES + index, (0, 0, sequence, 0, 2, 1795000000, 0, pins[index]))
    ring.set(keys.HELD, (sector.number_at(ring, sequence),))
    ring.set(keys.CURSOR, (sequence, 0, ring.get(keys.HELD)))
    ring.save()


def deliver_held(client):
    """What was held is accepted."""
    client.ring.forget(keys.RANGES, keys.HELD)
    client.ring.save()


def test_a_cut_in_the_erase_of_a_sector_that_the_note_under_way_makes_free_keeps_the_books():
    for note in (blynk_batch.Client.clear, blynk_batch.Client.upload, deliver_held):
        for overwrite in (True, False):
            device, server, clock = DiesErasing(4), FakeServer(), FakeClock()
            ring = BlockRing(device, overwrite=overwrite)
            client = client_on(ring, server, clock, batch_points=20)
            while ring.newest < 2 or ring.offset < 3000:
                client.log(1, LONG)
            logged, sequence = client.pending, ring.newest
            ring.turn(data=False)  # notes have filled the sector that is theirs
            if note == deliver_held:
                hold_before(ring, sequence, 1)
            fill_with_notes(ring)
            device.armed = True
            raises(OSError, note, client)  # in the erase
            ring = BlockRing(device.revive(), overwrite=overwrite)
            client = client_on(ring, server, clock)
            there, stats = len(list(client.points())), client.stats()
            assert client.pending == there and stats["corrupt"] == 0, (note, overwrite, there, stats)
            assert there + stats["dropped"] == logged, (note, overwrite, there, stats)
            invariants.check(ring, there)


def test_a_cut_in_the_erase_of_a_sector_whose_held_points_were_just_delivered_keeps_the_books():
    """Another range begins in that sector, and has no point there."""
    for unit, torn in ((1, "prefix"), (1, "late"), (1, "zeros"), (1, "random"), (16, "late"), (16, "zeros")):
        device = DiesErasing(4, unit=unit)
        device.torn = torn
        ring = BlockRing(device, unit=unit)
        client = client_on(ring)
        others = 0
        while ring.newest < 2 or ring.offset < 3000:
            pin = 2 if ring.newest else 1
            client.log(pin, LONG)
            others += pin == 2 and ring.newest < 2
        logged, sequence = client.pending, ring.newest
        ring.turn(data=False)
        hold_before(ring, sequence, 1, 2)
        fill_with_notes(ring)
        device.armed = True
        ring.forget(keys.RANGES)  # what was held of V1 is accepted
        ring.set(keys.HELD, (others,))
        raises(OSError, ring.save)  # in the erase
        ring = BlockRing(device.revive(), unit=unit)
        client = client_on(ring)
        there, stats = len(list(client.points())), client.stats()
        assert client.pending == there and there + stats["dropped"] == logged, (unit, torn, logged, there, stats)
        assert stats["corrupt"] == 0, (unit, torn, stats)
        invariants.check(ring, there)


def test_a_cut_in_the_frame_that_notes_a_drop_leaves_room_for_another():
    for byte in (0, 6, 12):
        for torn in ("prefix", "random", "late", "suffix"):
            device = NorFlash(4)
            ring = BlockRing(device)
            client = client_on(ring)
            while ring.newest < 2 or ring.offset < 3000:
                client.log(1, LONG)
            logged = client.pending
            ring.turn(data=False)  # notes have filled the sector that is theirs
            fill_with_notes(ring)
            device.cut_at(0, byte, torn)
            for _ in range(2):
                raises(OSError, client.clear)  # the cut
                blynk_batch.client._open_rings.clear()
                device = DiesErasing(4, image=device.image())
                device.armed, device.torn = True, "late"
                client = blynk_batch.Client("token", ring=BlockRing(device), transport=FakeServer(), clock=FakeClock())
            there, stats = len(list(client.points())), client.stats()
            assert client.pending == there and stats["corrupt"] == 0, (byte, torn, there, stats)
            assert there + stats["dropped"] == logged, (byte, torn, there, stats)
            invariants.check(client.ring, there)


class RefusesPrograms(NorFlash):
    """So many programs fail, and no erase."""

    left = 0

    def _change(self, operation, address, new):
        if operation == "program" and self.left:
            self.left -= 1
            raise OSError(5)
        super()._change(operation, address, new)


def test_a_sector_that_is_erased_while_its_drop_cannot_be_noted_counts_as_dropped():
    for unit in (1, 16):
        full = RefusesPrograms(4, unit=unit)
        ring, count = BlockRing(full, unit=unit), 0
        while not ring.get(keys.DROPPED):
            before = full.image()
            log(ring, count, 1)
            count += 1
        for left in range(3, 7):
            device = RefusesPrograms(4, unit=unit, image=before)
            ring = BlockRing(device, unit=unit)
            device.left = left
            raises(OSError, log, ring, count - 1, 1)
            again = BlockRing(device.revive(), unit=unit)
            numbers = found(again)
            invariants.check(again, len(numbers))
            assert again.get(keys.DROPPED) == numbers[0] and not again.get(keys.CORRUPT), (unit, left, numbers[0])


def test_a_reading_that_turns_a_full_ring_in_the_midst_of_its_first_look_at_the_books_is_counted_once():
    device = NorFlash(4)
    ring = BlockRing(device)
    while not ring.get(keys.DROPPED) or ring.data_end - ring.offset > 6:
        ring.log(0, NOW_MS, b"\x01", [1])
    for action in (
        lambda client: client.pending,
        lambda client: client.due(0),
        lambda client: list(client.points()),
        lambda client: client.stats(),
        lambda client: client.upload(),
        repr,
    ):
        for calls in range(1, 5):
            ring = BlockRing(device.revive())
            client = client_on(ring)
            left, real = [calls], ring.cursor

            def cursor():
                left[0] -= 1  # noqa: B023
                if not left[0]:  # noqa: B023
                    micropython.schedule(lambda _: client.log(9, 1), None)  # noqa: B023
                return real()  # noqa: B023

            ring.cursor = cursor
            action(client)
            ring.cursor = real
            invariants.check(ring, len(list(client.points())))
