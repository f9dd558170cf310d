"""Clients on small rings, for tests that go on after something failed."""

import blynk_batch
from stand_ins import FakeClock, FakeServer


def client_on(ring=None, **options):
    options = dict({"transport": FakeServer(), "clock": FakeClock()}, **options)
    ring = ring or blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    return blynk_batch.Client("token-of-32-characters-123456789", ring=ring, **options)


def asyncio_module():
    """By the name that it has: in MicroPython 1.20 that is uasyncio."""
    try:
        import asyncio
    except ImportError:
        import uasyncio as asyncio
    return asyncio


def run_for(client, is_online, polls, **options):
    asyncio = asyncio_module()

    async def some():
        task = asyncio.create_task(client.run(is_online, interval=0, poll_s=0, **options))
        for _ in range(polls):
            client.clock.wait(1000)
            await asyncio.sleep(0)
        assert not task.done()
        task.cancel()

    asyncio.run(some())


def raised(kind, action, *words):
    try:
        action()
    except kind as e:
        assert all([word in str(e) for word in words]), e
        return
    raise AssertionError("nothing was raised")
