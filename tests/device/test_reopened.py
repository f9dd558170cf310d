"""A watchdog is fed in each sector also after another ring was opened, which loads anew what reads it."""

import blynk_batch
from flash import NorFlash

HEAP = "300k"  # small enough that what opened a ring is let go of


class Nobody:
    def post(self, url, headers, body, timeout_s):
        raise OSError(110)


class Clock:
    def now(self):
        return None

    def uptime(self):
        return 1000


def opened(name):
    ring = blynk_batch.FileRing(name, capacity_bytes=64 * 1024)
    return blynk_batch.Client("token", ring=ring, transport=Nobody(), clock=Clock())


def fed(name):
    """How often stats(), then upload() feeds a watchdog over a ring of some five sectors, opened just now."""
    client = opened(name)
    for number in range(200):
        client.log(1, "a reading of a hundred bytes and more " * 3 + str(number))
    client.close()
    client, calls, found = opened(name), [], []
    for method in (client.stats, client.upload):
        calls.clear()
        method(watchdog=lambda: calls.append(1))
        found.append(len(calls))
    client.close()
    return found


def test_a_second_ring_of_one_boot_is_gone_through_with_its_watchdog_fed():
    first = fed("first")
    assert min(first) > 4 and fed("second") == first, first


def test_a_ring_that_was_opened_before_another_client_closed_it_is_refused_and_writes_over_nothing():
    def values(ring):
        with blynk_batch.Client("token", ring=ring, transport=Nobody(), clock=Clock()) as client:
            return [value for _, _, value in client.points()]

    parts = [lambda: blynk_batch.FileRing("third", capacity_bytes=64 * 1024, commit_every=8)]
    flash = NorFlash(8)
    parts += [lambda: blynk_batch.BlockRing(flash, commit_every=8)]
    for again in parts:
        client = blynk_batch.Client("token", ring=again(), transport=Nobody(), clock=Clock())
        client.log(1, 1)
        stale = again()
        for words in ("another client has the ring", "was opened before another client closed it"):
            try:
                blynk_batch.Client("token", ring=stale)
            except blynk_batch.Error as e:
                assert words in str(e), e
            else:
                raise AssertionError("it was taken")
            client.close()  # as the first words say; the reading becomes durable by that
        assert values(client.ring) == [1]  # it knows what it wrote
        assert values(again()) == [1]


def test_a_part_of_a_device_is_refused_as_well_where_another_part_that_overlaps_it_was_in_use_since():
    flash = NorFlash(8)
    whole = blynk_batch.BlockRing(flash)
    part = blynk_batch.BlockRing(flash, blocks=4)  # counts once nothing is pending
    blynk_batch.Client("token", ring=part).close()
    try:
        blynk_batch.Client("token", ring=whole)
    except blynk_batch.Error as e:
        assert "was opened before another client closed it" in str(e), e
    else:
        raise AssertionError("it was taken")


def test_a_client_that_was_closed_writes_nothing_over_what_another_has_logged_since():
    client = opened("smaller")
    for number in range(400):
        client.log(1, "a reading of a hundred bytes and more " * 3 + str(number))
    client.close()
    ring = blynk_batch.FileRing("smaller", capacity_bytes=12288)
    closed = blynk_batch.Client("token", ring=ring, transport=Nobody(), clock=Clock())
    closed.log(1, "one")
    closed.close()
    client = opened("smaller")
    client.log(1, "two")
    assert closed.pending < 400 and closed.stats()["pending"] == closed.pending
    blynk_batch.client._open_rings.clear()
    assert [value for _, _, value in opened("smaller").points()][-2:] == ["one", "two"]
