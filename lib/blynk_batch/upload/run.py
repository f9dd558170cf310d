"""The asyncio side of call.py: drain when due and online, and let other tasks run meanwhile."""

try:
    import asyncio
except ImportError:  # its name until MicroPython 1.21
    import uasyncio as asyncio  # pyright: ignore

from ..point import check_seconds
from .result import checked


async def run(client, is_online, interval_s, watchdog, poll_s, on_result):
    """See Client.run()."""
    check_seconds("interval", interval_s, watchdog)
    check_seconds("poll_s", poll_s)
    if not callable(is_online):
        raise TypeError("is_online=%r: must be a function, such as wifi.online" % (is_online,))
    if on_result is not None and not callable(on_result):
        raise TypeError("on_result=%r: must be a function of a Result, or None" % (on_result,))
    while True:
        client.check_open()
        try:
            if watchdog:
                watchdog()
            end_left(client)
            # A program may also call upload() itself, or another run(), meanwhile too.
            if await _value(is_online()) and not client.uploading and client.due(interval_s):
                result = await drain(client, None, watchdog)
                if on_result:
                    await _value(on_result(result))
        except Exception as e:  # noqa: BLE001 - the radio's, the flash's: it may pass, and all else is kept till then
            try:
                client.last_error = client.tell("%s: %s" % (type(e).__name__, e))
            except Exception:  # noqa: BLE001 - memory may still be short, and it must not end for want of words
                client.last_error = type(e).__name__
        await asyncio.sleep(min(poll_s, 86400))  # a board's ticks tell no more than six days


async def _value(found):
    """What a function gave; of an async one that is what it comes to."""
    return await found if hasattr(found, "send") else found


async def drain(client, timeout_s, watchdog):
    """Client.upload() as a coroutine; its Result."""
    call = client.call(timeout_s, watchdog)
    if not hasattr(call, "run"):  # a Result already
        return call
    reply = None
    try:
        call.loop = _loop()
        client.uploading = call
        while True:
            body = call.next(reply)
            # No pause between a reply and its ack: a task cancelled there would send the batch again.
            reply = await _post(call, body) if body else await asyncio.sleep(0)
    except StopIteration:
        return call.result
    finally:
        call.end()


def _loop():
    """What tells one event loop from the next."""
    return getattr(getattr(asyncio, "core", None), "_task_queue", None)


def end_left(client):
    """End a drain that was left behind: asyncio.new_event_loop() takes another queue, and the old one's tasks wait for
    ever where they are."""
    call = client.uploading
    if call and call.loop not in (None, _loop()):
        call.end()


async def _post(call, body):
    if not hasattr(call.transport, "apost"):
        return call.post(body)
    try:
        return checked(await call.transport.apost(*call.request(body)))
    except Exception as e:  # noqa: BLE001 - CancelledError is no Exception and goes on up
        return e
