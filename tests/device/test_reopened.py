"""A watchdog is fed in each sector also after another ring was opened, which loads anew what reads it."""

import blynk_batch

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
