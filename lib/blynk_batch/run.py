"""The asyncio side of the client: drain when due and online, and let other tasks run meanwhile."""

import asyncio


async def run(client, is_online, interval_s, watchdog, poll_s):
    """See Client.run()."""
    while True:
        if is_online() and client.due(interval_s):
            await drain(client, watchdog)
        if watchdog:
            watchdog()
        await asyncio.sleep(poll_s)


async def drain(client, watchdog=None, timeout_s=None):
    """Client.upload() as a coroutine; its Result."""
    uploader = client._upload()
    result, steps, tick = client._start_drain(uploader, timeout_s, watchdog)
    reply = None
    try:
        while True:
            try:
                body = steps.send(reply)
            except StopIteration:
                break
            reply = None
            if watchdog:
                watchdog()
            if body:
                body.tick = tick
                reply = await _post(client, uploader, body)
            else:
                await asyncio.sleep(0)
    finally:
        client._end_drain(result)
    return result


async def _post(client, uploader, body):
    transport = client._transport
    if not hasattr(transport, "apost"):
        return client._post(uploader, body)
    try:
        return await transport.apost(*uploader.request(body, client._step_s))
    except Exception as e:  # noqa: BLE001 - CancelledError is no Exception and goes on up
        return e
