"""The books after damage, with a window under way: logged = uploaded + dropped + corrupt + pending.

A station that was offline, whose last upload failed, has whole sectors swapped, copied, cut short, or without their
header. What is delivered then is what was logged, and what is not is counted. The judge is test_corruption.py's.
"""

import random

import blynk_batch
import invariants
from blynk_batch.ring.state import EXPIRED, UPLOADED, WINDOW
from flash import NorFlash
from stand_ins import FakeClock, FakeServer
from test_corruption import CardBed, FilesBed, RawBed, damage_and_check, some, swap

WASM = False
HEAP = "16m"
IMAGES = 60  # per kind of damage and medium, on all ports


def fail_an_upload(bed, client, server):
    before = len(server.points)
    server.replies = [(200, {}, b"OK"), (503, {}, b"busy")]
    client.upload()
    bed.in_window = [(pin, ms) for pin, ms, _ in server.points[before:]]
    assert bed.in_window and WINDOW in client.ring.state and client.pending


class RawWindow(RawBed):
    finish = fail_an_upload


class CardWindow(CardBed):
    finish = fail_an_upload


class FilesWindow(FilesBed):
    finish = fail_an_upload


def spoil_two_headers(bed, parts):
    for _ in range(2):
        index = some(parts)
        data = parts[index][1]
        parts[index][1] = data[:5] + bytes([data[5] ^ 4]) + data[6:]


def copy(bed, parts):
    one, other = some(parts), some(parts)
    parts[one][1] = parts[other][1]


def cut_short(bed, parts):
    """As a file that lost its end; flash is blank there."""
    index = some(parts)
    data = parts[index][1]
    start = random.randrange(1, len(data))
    parts[index][1] = data[:start] + b"\xff" * (0 if isinstance(bed, FilesBed) else len(data) - start)


def flip_one_bit(bed, parts):
    index = some(parts)
    data = bytearray(parts[index][1])
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    parts[index][1] = bytes(data)


def damage_window(make_bed):
    damage_and_check(make_bed, (spoil_two_headers, swap, copy, cut_short, flip_one_bit), IMAGES)


def test_the_books_of_damaged_flash_add_up_with_a_window_under_way():
    damage_window(RawWindow)


def test_the_books_of_a_damaged_card_add_up_with_a_window_under_way():
    damage_window(CardWindow)


def test_the_books_of_damaged_files_add_up_with_a_window_under_way():
    damage_window(FilesWindow)


def test_so_do_those_of_a_ring_that_overwrites_the_sector_before_one_that_is_lost():
    """What the window has delivered of the lost one goes out of the books with the cursor, which passes it."""
    for lost in (1, 2, 3):
        device, clock = NorFlash(5), FakeClock()
        server = FakeServer((200, {}, b"OK"), (503, {}, b"busy"))
        client = blynk_batch.Client("token", ring=blynk_batch.BlockRing(device), transport=server, clock=clock)
        while client.ring.newest < 4:
            client.log_group({1: 1, 2: 2} if client.ring.newest < 1 else {1: 1})
            clock.wait(60000)
        client.upload()
        assert len(server.points) > client.pending > 0 and WINDOW in client.ring.state
        client.close()
        device = device.revive()
        device.data[lost * 4096 : lost * 4096 + 4096] = bytes(4096)
        client = blynk_batch.Client("token", ring=blynk_batch.BlockRing(device), transport=server, clock=clock)
        for newest in range(5, 12):
            while client.ring.newest < newest:
                client.log_group({1: 3, 2: 4})
                clock.wait(60000)
            invariants.check(client.ring, len(list(client.points())), damaged=True)
        client.upload()
        invariants.check(client.ring, 0, damaged=True)


def without_some_of_what_was_done(expired):
    """The sector that was erased since goes out of the books, and what damage took of the window waits to be passed."""
    device, clock = NorFlash(5), FakeClock()
    server = FakeServer((200, {}, b"OK"), (503, {}, b"busy"))
    client = blynk_batch.Client("token", ring=blynk_batch.BlockRing(device), transport=server, clock=clock)
    while client.ring.newest < 3:
        client.log_group({1: 1, 2: 2} if client.ring.newest else {1: 1})
        clock.wait(60000)
    client.upload()
    if expired:  # as if none of it had been sent
        client.ring.set(EXPIRED, client.ring.state[UPLOADED])
        client.ring.set(UPLOADED, None)
    client.ring.turn(data=False)
    start = client.ring.offset
    clock.wait(60000)
    assert not client.upload().error and not client.pending
    client.ring.save()
    client.prepare()
    client.close()
    device = device.revive()
    assert device.data[:4096] == b"\xff" * 4096  # erased ahead
    device.data[4 * 4096 + start : 5 * 4096] = bytes(4096 - start)
    device.data[2 * 4096 + 1000] ^= 1
    client = blynk_batch.Client("token", ring=blynk_batch.BlockRing(device), transport=server, clock=clock)
    invariants.check(client.ring, len(list(client.points())), damaged=True)
    clock.wait(86400000)
    client.upload()
    invariants.check(client.ring, 0, damaged=True)


def test_so_do_those_of_one_that_lost_the_note_of_what_was_delivered_and_some_of_that():
    for expired in (False, True):
        without_some_of_what_was_done(expired)
        blynk_batch.client._open_rings.clear()


def test_a_clear_counts_what_a_pass_found_lost_to_damage():
    device, clock = NorFlash(5), FakeClock()
    server = FakeServer((200, {}, b"OK"), (503, {}, b"busy"))
    ring = blynk_batch.BlockRing(device)
    client = blynk_batch.Client("token", ring=ring, transport=server, clock=clock)
    for _ in range(400):
        client.log_group({1: 1, 2: 2})
        clock.wait(60000)
    device.data[1000] ^= 1
    client.upload()
    before = client.stats()
    assert before["corrupt"] == ring.seen_lost > 0 and WINDOW in ring.state, before
    client.clear()
    stats = client.stats()
    assert (stats["pending"], stats["corrupt"]) == (0, before["corrupt"]), stats
    assert stats["uploaded"] + stats["dropped"] + stats["corrupt"] == stats["logged"] == 800, stats
    invariants.check(client.ring, 0, damaged=True)
