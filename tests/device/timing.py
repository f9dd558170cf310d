"""What the tests of time share: clients as after a reset, boots that never learn the time, boards that sleep."""

import blynk_batch
from stand_ins import NOW_MS, FakeClock, FakeServer

MINUTE = 60000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def client_on(clock, server=None, path="ring", capacity_bytes=32768, **options):
    """A client as after a reset: whatever came before left without closing."""
    blynk_batch.client._open_rings.clear()
    ring = blynk_batch.FileRing(path, capacity_bytes=capacity_bytes)
    return blynk_batch.Client("token", ring=ring, transport=server or FakeServer(), clock=clock, **options)


def unknown_boot(minutes, path="ring"):
    """A boot that never learns the time and logs its uptime in minutes, once a minute."""
    clock = FakeClock(None)
    client = client_on(clock, path=path)
    for minute in range(minutes):
        clock.wait(MINUTE)
        client.log(1, minute + 1)


def sleepy(server, minutes, clock_in_last=True, start=0, unix=NOW_MS):
    """A board that wakes every minute, loses its clock with each sleep, and is awake for two seconds."""
    for minute in range(start, start + minutes):
        clock = FakeClock(None)
        client = client_on(clock, server)
        clock.wait(1000)
        client.log(1, minute)
        if clock_in_last and minute == start + minutes - 1:
            clock.now_ms = unix + minute * MINUTE + 1000
            client.upload()
        clock.wait(1000)
        client.close(sleep_ms=MINUTE - 2000)


def arrived(server):
    """[(ms after NOW_MS, value)] that the server has accepted."""
    return [(ms - NOW_MS, value) for _, ms, value in server.points]


def times(client):
    return [ms if ms is None else ms - NOW_MS for _, ms, _ in client.points()]
