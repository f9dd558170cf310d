"""Client.run() and drains under asyncio on a real MicroPython: other tasks go on, and cancelling harms nothing."""

from tests.host.peers import OK, Scripted
from tools.sandbox.testing import Sandbox

TOKEN = "test-token-of-32-characters-0001"

START = """
import asyncio
import sys
import blynk_batch
from blynk_batch.upload.run import drain
url, token, ca = sys.argv[1:4]
class Clock:
    ms = 1795000000000
    def now(self):
        return Clock.ms
    uptime = now
def opened():
    Clock.ms += 86400000  # past any backoff
    ring = blynk_batch.FileRing("ring", capacity_bytes=256 * 1024)
    return blynk_batch.Client(token, ring=ring, server=url, transport=blynk_batch.HTTPS(ca=ca), clock=Clock())
"""

COUNTED = """
class Counted:
    # Drives a coroutine and counts how often it waits; `after` is called each time.
    def __init__(self, coroutine, after=None):
        self.coroutine, self.after, self.waits = coroutine, after, 0
    def __iter__(self):
        return self
    def __next__(self):
        self.waits += 1
        try:
            return self.coroutine.send(None)
        finally:
            if self.after:
                self.after()
    def send(self, value):
        return self.__next__()
    def throw(self, error):
        return self.coroutine.throw(error)
    def close(self):
        self.coroutine.close()
"""

# Each await of the drain in turn: the task is cancelled while it waits there, for the k-th time.
CANCEL = (
    START
    + COUNTED
    + """
async def cancel_at(client, wait):
    counted = Counted(drain(client, None, None))
    task = asyncio.create_task(counted)
    while counted.waits < wait and not task.done():
        await asyncio.sleep_ms(0)
    ended = task.done()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    return ended

number = wait = 0
ended = False
while not ended or wait < 90:  # so often that some are cut between acceptance and reply
    wait += 1
    client = opened()
    for _ in range(30 if wait == 1 else 3):
        client.log(1 + number % 3, number, timestamp=1648054765458 + number)
        number += 1
    ended = asyncio.run(cancel_at(client, wait % 30 + 1 if ended else wait)) or ended
    assert not client.uploading and not client.guard.held
    client.log(1 + number % 3, number, timestamp=1648054765458 + number)
    number += 1
    client.close()
print(wait, number)
client = opened()
print(asyncio.run(drain(client, None, None)))
assert client.pending == 0
"""
)


def test_a_drain_cancelled_at_every_await_in_turn_loses_nothing_and_repeats_at_most_the_batch_in_flight(
    authority, run_on_device
):
    with Sandbox([TOKEN], certificate=authority.chain(), ca=authority.pem) as sandbox:
        url = sandbox.url.replace("127.0.0.1", "localhost")
        counts, result = run_on_device(CANCEL, url, TOKEN, authority.pem).splitlines()
        waits, logged = map(int, counts.split())
        assert waits > 10, "connecting, the handshake, the pieces, the replies and the pauses"
        arrived = {(pin, ms - 1648054765458, value) for pin, ms, value in sandbox.points()}
        assert arrived == {(1 + n % 3, n, n) for n in range(logged)}
        # Every drain but the last was cut once: at most one batch of each came again.
        assert 0 < sum(batch["duplicates"] > 0 for batch in sandbox.batches()) < waits


TICKS = (
    START
    + COUNTED
    + """
import blynk_batch.http.https
reads = most_reads = sent = most_sent = 0

def counted(holder, name, note):
    real = getattr(holder, name)
    def call(self, *args):
        note(args)
        return real(self, *args)
    setattr(holder, name, call)

def read(_):
    global reads
    reads += 1

def written(args):
    global sent
    sent += len(args[0])

def waits():
    global reads, most_reads, sent, most_sent
    most_reads, most_sent = max(most_reads, reads), max(most_sent, sent)
    reads = sent = 0

counted(blynk_batch.http.https.Connection, "write", written)

async def ticking(client):
    task = asyncio.create_task(Counted(drain(client, None, None), waits))
    ticks = 0
    while not task.done():
        client.log(9, ticks, timestamp=1748054765458 + ticks)
        ticks += 1
        await asyncio.sleep_ms(10)
    return ticks, await task

client = opened()
for number in range(10000):
    client.log(4 if number % 3000 == 0 else 1 + number % 3, number, timestamp=1648054765458 + number * 1000)
counted(type(client.ring.medium), "read", read)
ticks, result = asyncio.run(ticking(client))
late = client.upload()
assert client.pending == 0, late
print(ticks, result.uploaded + late.uploaded, most_reads, most_sent)
"""
)


def test_a_task_that_logs_every_10_ms_goes_on_through_a_drain_of_ten_thousand_points(authority, run_on_device):
    with Sandbox([TOKEN], certificate=authority.chain(), ca=authority.pem) as sandbox:
        url = sandbox.url.replace("127.0.0.1", "localhost")
        ticks, uploaded, most_reads, most_sent = map(int, run_on_device(TICKS, url, TOKEN, authority.pem).split())
        assert uploaded == 10000 + ticks and ticks > 10
        assert [value for _, _, value in sandbox.points(9)] == list(range(ticks))
        assert sorted(value for pin in (1, 2, 3, 4) for _, _, value in sandbox.points(pin)) == list(range(10000))
        # What is done without a break: a few reads of 512 bytes, one sector's where a pass starts within it.
        assert 0 < most_reads <= 20 and 0 < most_sent <= 1400


LEFT = (
    START
    + """
transport = blynk_batch.HTTPS()
async def leave(client):
    asyncio.create_task(client.run(lambda: True, interval=0))
    await asyncio.sleep_ms(300)

for number in range(2):
    ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    client = blynk_batch.Client(token, ring=ring, server=url, transport=transport, clock=Clock())
    Clock.ms += 86400000
    client.log(1, number, timestamp=1648054765458 + number)
    asyncio.run(leave(client))
    asyncio.new_event_loop()
    client.close()
print(client.ring.pending)
"""
)


def test_a_connection_whose_reply_is_still_to_come_is_not_used_for_another_request(run_on_device):
    with Scripted(lambda number: "wait" if number == 0 else OK) as server:
        pending = run_on_device(LEFT, "http://127.0.0.1:%d" % server.port, TOKEN, "")
        assert [connection for connection, _, _ in server.requests] == [0, 1, 1]
        assert int(pending) == 0
