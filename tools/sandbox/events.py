"""Tells every open page what just happened, as server-sent events. Safe to publish from any thread.

A page that reads too slowly loses events rather than memory; it notices by their numbers and asks again.
"""

import asyncio
import json

_QUEUED = 1000


class Events:
    def __init__(self):
        self._queues = set()
        self._loop = None
        self._number = 0

    def publish(self, kind, data):
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._spread, kind, data)

    def _spread(self, kind, data):
        self._number += 1
        text = "id: %d\nevent: %s\ndata: %s\n\n" % (self._number, kind, json.dumps(data))
        for queue in self._queues:
            if not queue.full():
                queue.put_nowait(text.encode())

    def close(self):
        for queue in self._queues:
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    async def stream(self, response):
        """Sends events until the page goes away or the server stops."""
        self._loop = asyncio.get_running_loop()
        queue = asyncio.Queue(_QUEUED)
        self._queues.add(queue)
        try:
            await response.write(b": hello\n\n")
            while (text := await self._next(queue)) is not None:
                await response.write(text)
        except ConnectionError:
            pass
        finally:
            self._queues.discard(queue)

    async def _next(self, queue):
        try:
            return await asyncio.wait_for(queue.get(), 15)
        except asyncio.TimeoutError:
            return b": still here\n\n"
