"""Stands for the firmware's `asyncio`, with what programs for boards use most: run, gather, create_task, sleep.

The build's own leaves the loop to the browser. Tasks that sleep are kept in a list and run when their time has come.
"""

import time


class CancelledError(BaseException):
    pass


class _Sleep:
    """What a task that sleeps gives to the loop: the tick at which it goes on."""

    def __init__(self, until):
        self.until = until

    def __iter__(self):
        yield self

    __await__ = __iter__


class Task:
    def __init__(self, coroutine):
        self._coroutine = coroutine
        self._until = time.ticks_ms()
        self._cancelled = False
        self._done = False
        self._result = self._error = None

    def done(self):
        return self._done

    def cancel(self):
        self._cancelled = True
        self._until = time.ticks_ms()

    def _step(self):
        try:
            if self._cancelled:
                self._cancelled = False
                asked = self._coroutine.throw(CancelledError())
            else:
                asked = self._coroutine.send(None)
            self._until = asked.until if isinstance(asked, _Sleep) else time.ticks_ms()
        except StopIteration as e:
            self._done, self._result = True, e.value
        except (Exception, CancelledError) as e:
            self._done, self._error = True, e

    def __iter__(self):
        while not self._done:
            yield _Sleep(time.ticks_ms())
        if self._error:
            raise self._error
        return self._result

    __await__ = __iter__


_tasks = []


def create_task(coroutine):
    task = Task(coroutine)
    _tasks.append(task)
    return task


def sleep_ms(ms):
    return _Sleep(time.ticks_add(time.ticks_ms(), max(0, int(ms))))


def sleep(seconds):
    return sleep_ms(seconds * 1000)


async def gather(*coroutines, return_exceptions=False):
    results = []
    for task in [each if isinstance(each, Task) else create_task(each) for each in coroutines]:
        try:
            results.append(await task)
        except Exception as e:
            if not return_exceptions:
                raise
            results.append(e)
    return results


def run(coroutine):
    main = create_task(coroutine)
    try:
        while not main.done():
            now = time.ticks_ms()
            waits = [time.ticks_diff(task._until, now) for task in _tasks]
            if min(waits) > 0:
                time.sleep_ms(min(waits))
                continue
            for task in [task for task, wait in zip(list(_tasks), waits) if wait <= 0]:
                task._step()
                if task.done():
                    _tasks.remove(task)
                    if task is not main and task._error and not isinstance(task._error, CancelledError):
                        main._error, main._done = main._error or task._error, True
    finally:
        _tasks.clear()
    if main._error:
        raise main._error
    return main._result
