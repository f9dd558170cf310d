"""client.run(): for ever, whatever raises, waits or is left behind."""

import blynk_batch
from flash import NorFlash
from stand_ins import FakeServer
from small_clients import asyncio_module, client_on, raised, run_for

WASM = False  # it has no asyncio.run
asyncio = asyncio_module()


def test_run_goes_on_after_what_it_was_given_raised_once():
    told = []
    client = client_on(debug=told.append)
    client.log(1, 1)
    calls = []

    def once(result=None):
        calls.append(1)
        if len(calls) == 1:
            raise OSError(1, "Wifi Internal State Error")
        return result

    run_for(client, lambda: once(True), 20)
    assert client.pending == 0 and len(calls) > 2
    assert "Wifi Internal State Error" in client.last_error and "Wifi Internal" in told[0]
    calls.clear()
    client.log(1, 2)
    run_for(client, lambda: True, 20, watchdog=once)
    assert client.pending == 0


def test_run_goes_on_where_no_memory_is_left_to_tell_what_it_was_given_raised():
    import micropython

    client = client_on()
    client.log(1, 1)
    calls = []

    def online():
        calls.append(1)
        if len(calls) == 1:
            micropython.heap_lock()
            raise MemoryError
        return True

    def wait(ms, real=client.clock.wait):  # the others go on meanwhile
        while len(calls) == 1 and not locked:
            locked.append(micropython.heap_unlock())
        real(ms)

    locked = []
    client.clock.wait = wait
    run_for(client, online, 20)
    assert client.pending == 0 and len(calls) > 2 and client.last_error == "MemoryError"


def test_run_tells_of_each_drain_and_goes_on_where_who_is_told_raises():
    client = client_on(transport=FakeServer(OSError(110)))
    client.log(1, 1)
    results = []

    def told(result):
        results.append(result)
        raise ValueError("so much for that")

    run_for(client, lambda: True, 30, on_result=told)
    errors = [type(result.error) for result in results if result.requests]
    assert errors == [blynk_batch.NetworkError, type(None)] and client.pending == 0
    assert "so much for that" in client.last_error


def test_run_goes_on_after_the_flash_failed_once():
    flash = NorFlash(16)
    client = client_on(blynk_batch.BlockRing(flash))
    client.log(1, 1)
    real = client.ring.commit
    failures = [OSError(5), MemoryError("full")]

    def commit():
        if failures:
            raise failures.pop(0)
        real()

    client.ring.commit = commit
    run_for(client, lambda: True, 20)
    assert client.pending == 0 and "full" in client.last_error


def test_run_ends_when_the_client_is_closed():
    client = client_on()
    client.close()
    raised(blynk_batch.Error, lambda: asyncio.run(client.run(lambda: True)), "closed")


def test_a_drain_that_an_event_loop_was_left_with_ends_when_the_next_begins():
    class Waits(FakeServer):
        async def apost(self, *args):
            if not self.requests:
                self.requests.append(None)
                raise_in_main.append(OSError("sensor"))
                await asyncio.sleep(3600)
            return self.post(*args)

    async def main():
        asyncio.create_task(client.run(lambda: True, interval=0, poll_s=0))
        for _ in range(50):
            await asyncio.sleep(0)
            if raise_in_main:
                raise raise_in_main.pop()

    for by_hand in (False, True):
        raise_in_main = []
        client = client_on(transport=Waits())
        client.log(1, 1)
        raised(OSError, lambda: asyncio.run(main()), "sensor")
        raised(blynk_batch.Busy, client.upload, "another task")
        asyncio.new_event_loop()  # as in every tutorial: what waits in the old one goes on no more
        client.clock.wait(3600000)
        if by_hand:
            client.upload()
        else:
            asyncio.run(main())
            asyncio.new_event_loop()
        assert client.pending == 0, client
        client.close()


async def settled(value):
    return value


def test_run_takes_async_functions_too():
    client = client_on()
    online, results = [], []

    async def told(result):
        results.append(result)

    client.log(1, 1)
    run_for(client, lambda: settled(bool(online)), 20, on_result=told)
    assert client.pending == 1 and not results
    online.append(True)
    run_for(client, lambda: settled(bool(online)), 20, on_result=told)
    assert client.pending == 0 and results[0].uploaded == 1


def test_two_that_ask_whether_they_are_online_meanwhile_get_in_nobodys_way():
    class Slow(FakeServer):
        async def apost(self, *request):
            await asyncio.sleep(0)
            return self.post(*request)

    async def online():
        await asyncio.sleep(0)
        return True

    async def both():
        tasks = [asyncio.create_task(client.run(online, interval=0, poll_s=0)) for _ in range(2)]
        for number in range(50):
            client.log(1, number)
            await asyncio.sleep(0)
        while client.pending:
            await asyncio.sleep(0)
        for task in tasks:
            assert not task.done()
            task.cancel()

    client = client_on(transport=Slow())
    asyncio.run(both())
    assert client.last_error is None and len(client.transport.points) == 50, client.last_error


def test_run_looks_again_within_a_day_however_seldom_it_is_to():
    def sleep(seconds):  # a board's knows no more than six days: its ticks wrap
        asked.append(seconds)
        yield

    client, asked, real = client_on(), [], asyncio.sleep
    try:
        asyncio.sleep = sleep
        for poll_s in (0.5, 3600, 600000, 999999999):
            coroutine = client.run(bool, poll_s=poll_s)
            coroutine.send(None)
            coroutine.close()
    finally:
        asyncio.sleep = real
    assert asked == [0.5, 3600, 86400, 86400], asked
