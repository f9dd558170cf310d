"""FileRing on a littlefs that others have filled: log() goes on, acks are kept, and what is dropped is counted."""

import os

import blynk_batch
import invariants
from blynk_batch import FileRing
from blynk_batch.errors import RingFull
from blynk_batch.ring.state import CURSOR, DROPPED, LAST_SUCCESS, REFUSED
from flash import NorFlash, mount, umount
from stand_ins import FakeClock, FakeServer
from ring_checks import found, log, raises

HEAP = "16m"
WASM = False
BOARDS = ("esp32", 1), ("rp2", 256)


def fill_disk(path="/sim/junk"):
    """Take every block that is free."""
    size = 4096
    with open(path, "wb") as f:
        pass
    while size:
        try:
            with open(path, "ab") as f:
                f.write(b"j" * size)
        except OSError:
            size //= 8


def mounted(board, page, blocks=24):
    umount("/sim")
    device = NorFlash(blocks, page_size=page)
    mount(device, "/sim", board)
    return device


def refusing_ring(before, commit_every):
    """A ring that may not overwrite, with so many readings, on a disk that is full."""
    mounted("esp32", 1)
    ring = FileRing("/sim/ring", capacity_bytes=32768, overwrite=False, commit_every=commit_every)
    log(ring, 0, before)
    ring.commit()
    fill_disk()
    return ring


def in_order(ring, logged):
    """The ring has the last readings up to `logged`; all others are counted as dropped."""
    left = found(ring)
    assert left == list(range(logged - len(left), logged)), (left[:1], left[-1:], len(left))
    assert ring.pending == len(left) and ring.get(DROPPED) == logged - len(left), (ring.get(DROPPED), len(left))
    return len(left)


def test_a_disk_that_others_filled_to_the_last_block_still_logs():
    for board, page in BOARDS:
        for before in (0, 20, 350, 2500):
            mounted(board, page)
            ring = FileRing("/sim/ring", capacity_bytes=32768)
            log(ring, 0, before)
            fill_disk()
            log(ring, before, 900)
            assert in_order(ring, before + 900)
            again = FileRing("/sim/ring")
            assert in_order(again, before + 900)
            os.remove("/sim/junk")
            log(again, before + 900, 700)
            assert in_order(FileRing("/sim/ring"), before + 1600) >= 700


def ack_all(ring):
    end = ring.end()
    ring.set(CURSOR, end)
    ring.save()


def test_on_a_full_disk_what_the_server_has_goes_before_what_is_pending():
    mounted("esp32", 1)
    ring = FileRing("/sim/ring", capacity_bytes=65536)
    log(ring, 0, 2000)
    ack_all(ring)
    first = ring.newest
    fill_disk()
    log(ring, 2000, 200)
    assert ring.get(DROPPED) == 0 and ring.oldest <= first and found(ring) == list(range(2000, 2200))


def test_a_ring_that_may_not_overwrite_refuses_on_a_full_disk_and_still_takes_acks():
    for board, page in BOARDS:
        for before in (30, 800):
            mounted(board, page)
            ring = FileRing("/sim/ring", capacity_bytes=65536, overwrite=False)
            log(ring, 0, before)
            fill_disk()
            count = before
            try:
                while count < before + 3000:
                    log(ring, count, 1)
                    count += 1
            except RingFull as error:
                assert "disk is full" in str(error) and "%d readings" % count in str(error), error
            assert count < before + 3000 and found(ring) == list(range(count)) and ring.get(DROPPED) == 0
            raises(RingFull, log, ring, count, 1)
            ack_all(ring)
            assert FileRing("/sim/ring").pending == 0
            log(ring, count, 1)
            assert found(FileRing("/sim/ring")) == [count]


def station_of(server):
    """A client of the ring as a reset leaves it."""
    blynk_batch.client._open_rings.clear()
    return blynk_batch.Client("token", ring=FileRing("/sim/ring"), transport=server, clock=FakeClock())


def test_an_upload_whose_acks_find_no_block_ends_with_the_reason_and_repeats_one_batch_at_most():
    for board, page in BOARDS:
        mounted(board, page)
        server = FakeServer()
        station = station_of(server)
        for value in range(300):
            station.log(value % 50, value)
        os.remove("/sim/ring/log/spare")
        fill_disk()
        result = station.upload()
        assert isinstance(result.error, OSError) and "disk is full" in str(result.error), result
        sent = len(server.points)
        assert 0 < sent < 300 and result.pending == 300 - sent
        assert station.upload().requests == 0, "an ack that is not kept is no ack"
        os.remove("/sim/junk")
        result = station_of(server).upload()
        assert not result.error and not result.pending
        assert len(server.points) in (300, 306)


def test_a_first_open_on_a_full_disk_says_so():
    mounted("esp32", 1)
    fill_disk()
    text = raises(OSError, FileRing, "/sim/ring")
    assert "/sim/ring" in text and "disk is full" in text and "28" in text


def test_a_drop_on_a_full_disk_that_no_frame_noted_is_counted_at_the_next_open():
    device = mounted("esp32", 1)
    ring = FileRing("/sim/ring", capacity_bytes=32768)
    log(ring, 0, 2500)
    pending, dropped = ring.pending, ring.get(DROPPED)
    os.remove(ring.medium.name(ring.oldest))
    again = FileRing("/sim/ring")
    left = found(again)
    assert again.pending == len(left) < pending
    assert again.get(DROPPED) == dropped + pending - len(left)
    assert device.erases
    again = FileRing("/sim/ring")
    stats = blynk_batch.Client("token", ring=again, transport=FakeServer(), clock=FakeClock()).stats()
    assert stats["logged"] == stats["dropped"] + stats["pending"], stats


def test_so_is_what_was_held_there():
    mounted("esp32", 1)
    server, clock = FakeServer(*[(400, {}, b'{"error":{"message":"No datastream"}}')] * 50), FakeClock()
    options = {"transport": server, "clock": clock}
    client = blynk_batch.Client("token", ring=FileRing("/sim/ring", capacity_bytes=32768), **options)
    for number in range(1500):
        client.log(1, number)
        if number == 700:
            client.upload()
    held = client.stats()["held"]
    os.remove(client.ring.medium.name(client.ring.oldest))
    blynk_batch.client._open_rings.clear()
    client = blynk_batch.Client("token", ring=FileRing("/sim/ring"), **options)
    invariants.check(client.ring, len(list(client.points())))
    assert 0 < client.stats()["held"] < held == 701, client.stats()


def test_readings_keep_their_times_when_held_ones_found_no_room():
    ring = refusing_ring(100, commit_every=4)
    number = 100
    for _ in range(3):
        try:
            while True:
                log(ring, number, 1)
                number += 1
        except RingFull:
            number += 1
    os.remove("/sim/junk")
    log(ring, number, 8)
    assert found(FileRing("/sim/ring"))[-8:] == list(range(number, number + 8))


def test_a_drop_that_a_full_disk_makes_within_a_save_is_noted_by_the_next():
    mounted("esp32", 1)
    ring = FileRing("/sim/ring", capacity_bytes=32768)
    log(ring, 0, 2000)
    fill_disk()
    dropped = ring.get(DROPPED)
    for second in range(2000):
        ring.save_value(LAST_SUCCESS, (second + 1,))
        if ring.get(DROPPED) > dropped:
            break
    assert ring.get(DROPPED) > dropped and {DROPPED, CURSOR} <= set(ring.dirty), ring.dirty
    ring.save()
    assert not ring.dirty and in_order(FileRing("/sim/ring"), 2000)


def test_readings_that_waited_are_counted_as_refused_too_when_there_was_no_room_for_them():
    ring = refusing_ring(100, commit_every=4)
    number = 100
    while not ring.get(REFUSED):
        try:
            log(ring, number, 1)
        except RingFull:
            pass
        number += 1
    assert ring.buffered_points == 0 and len(found(ring)) + ring.get(REFUSED) == number, (number, ring.get(REFUSED))
    try:
        log(ring, number, 2)
        ring.commit()
    except RingFull:
        pass
    assert len(found(ring)) + ring.get(REFUSED) == number + 2


def test_a_full_ring_that_may_not_overwrite_can_be_cleared_with_readings_that_wait():
    for before in (0, 100, 800):
        ring = refusing_ring(before, commit_every=40)
        log(ring, before, 39)
        ring.clear()
        assert (ring.pending, found(ring), FileRing("/sim/ring").pending) == (0, [], 0)
        assert ring.get(DROPPED) + ring.get(REFUSED) == before + 39
        os.remove("/sim/junk")
        log(ring, before, 40)
        assert len(found(FileRing("/sim/ring"))) == 40


def test_a_reset_after_a_drop_that_was_not_noted_loses_count_of_nothing_where_the_disk_is_full_again():
    mounted("esp32", 1)
    logged = 0

    def client_on(*replies):
        blynk_batch.client._open_rings.clear()  # as after a reset
        ring = FileRing("/sim/ring", capacity_bytes=65536)
        return blynk_batch.Client("token", ring=ring, transport=FakeServer(*replies), clock=FakeClock())

    client = client_on((200, {}, b"OK"), OSError(110))
    while client.ring.newest < 4:
        client.log_group({1: logged, 2: logged})
        logged += 2
    assert client.upload().uploaded == logged // 2  # the window is under way
    fill_disk()
    for _ in range(2):
        oldest = client.ring.oldest
        while client.ring.oldest == oldest:
            client.log(3, logged)
            logged += 1
        client = client_on()
    stats = client.stats()
    assert stats["logged"] == stats["uploaded"] + stats["dropped"] + stats["pending"] == logged, (logged, stats)
    assert stats["pending"] == len(list(client.points())) and stats["dropped"] > 300, stats


def test_a_name_that_is_taken_pushes_no_reading_out_of_a_ring_that_may_not_overwrite():
    for taken in (b"", b"mine"):  # what a header for which there was no room leaves; somebody else's
        mounted("esp32", 1)
        ring = FileRing("/sim/ring", capacity_bytes=3 * 4096, overwrite=False)
        raises(RingFull, log, ring, 0, 3000)
        there = found(ring)
        with open(ring.medium.name(ring.newest + 1), "wb") as f:
            f.write(taken)
        if taken:
            raises(RingFull, ring.turn, data=False)
        else:
            ring.turn(data=False)
        again = FileRing("/sim/ring", overwrite=False)
        assert found(again) == there and again.get(DROPPED) == 0, (taken, again.oldest, again.newest)
