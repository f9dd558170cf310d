"""Runs in MicroPython: drains a ring of plain readings over one transport and tells how it went.

Arguments: library, URL, token, root certificate, transport, "blocking" or "asyncio", number of readings.
Prints `DONE uploaded requests total_ms longest_block_ms`; the last is the longest that another task had to wait.
"""

import sys
import time

library, url, token, ca, name, way, count = sys.argv[1:8]
sys.path.insert(0, library)
import blynk_batch  # noqa: E402

ring = blynk_batch.FileRing("ring", capacity_bytes=256 * 1024)
transport = blynk_batch.HTTPS(ca=ca) if name == "HTTPS" else None
client = blynk_batch.Client(token, ring=ring, server=url, transport=transport)
for number in range(int(count)):
    client.log(1, round(20 + number % 1000 / 100, 2), timestamp=1648054765458 + number * 10000)

started = time.ticks_ms()
longest = 0
if way == "blocking":
    result = client.upload()
    longest = time.ticks_diff(time.ticks_ms(), started)
else:
    import asyncio

    drain = blynk_batch.load("_run", "drain")

    async def watched():
        global longest
        task = asyncio.create_task(drain(client, None, None))
        last = time.ticks_ms()
        while not task.done():
            await asyncio.sleep_ms(0)
            now = time.ticks_ms()
            longest = max(longest, time.ticks_diff(now, last))
            last = now
        return await task

    result = asyncio.run(watched())
if result.error:
    raise result.error
print("DONE", result.uploaded, result.requests, time.ticks_diff(time.ticks_ms(), started), longest)
