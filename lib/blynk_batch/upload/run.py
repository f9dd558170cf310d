"""The asyncio side of call.py: drain when due and online, and let other tasks run meanwhile."""

import asyncio

from .. import load
from ..point import check_seconds


async def run(client, is_online, interval_s, watchdog, poll_s):
    """See Client.run()."""
    check_seconds("interval", interval_s, watchdog)
    check_seconds("poll_s", poll_s)
    if not callable(is_online):
        raise TypeError("is_online=%r: must be a function, such as wifi.online" % (is_online,))
    while True:
        if watchdog:
            watchdog()
        # A program may also call upload() itself.
        if not client.uploading and is_online() and client.due(interval_s):
            await drain(client, None, watchdog)
        await asyncio.sleep(poll_s)


async def drain(client, timeout_s, watchdog):
    """Client.upload() as a coroutine; its Result."""
    client.uploader(watchdog)  # loaded in its own order
    call = load("upload.call", "Call")(client, timeout_s, watchdog)
    streams = hasattr(call.transport, "apost")
    reply = None
    try:
        while True:
            body = call.next(reply)
            reply = None
            if not body:
                await asyncio.sleep(0)
            elif streams:
                # No pause between a reply and its ack: a task cancelled there would send the batch again.
                reply = await _post(call, body)
            else:
                reply = call.post(body)
    except StopIteration:
        return call.result
    finally:
        call.end()


async def _post(call, body):
    try:
        return await call.transport.apost(*call.request(body))
    except Exception as e:  # noqa: BLE001 - CancelledError is no Exception and goes on up
        return e
