"""One call of upload(): its time limit, its watchdog, each batch to the transport and its reply back, and the Result.
Blocking; run.py is not.

Knows the transport's one method and how to step through a drain; nothing of what a drain decides.
"""

import gc

from micropython import const

from .. import load
from ..blynk import headers
from ..errors import Busy
from .result import OutOfTime, Result, checked, ended, failed

_STEP_S = const(20)  # for one operation on the network
_WATCHED_S = const(7)  # the same where a watchdog waits; the RP2's ends at 8.388 s


class Call:
    """`next(reply)` is the Body to post, None for a pause, and raises StopIteration at the end; then `end()`."""

    loop = None  # asyncio's, of a run()

    def __init__(self, client, timeout_s, watchdog):
        self._client = client
        self._uploader = client.uploader()
        self.transport = client.transport
        if client.uploading:
            raise Busy("another task uploads")
        self._uptime = client.clock.uptime
        self._end_ms = None if timeout_s is None else self._uptime() + int(timeout_s * 1000)
        self._watchdog = watchdog
        self._course = load("ring.course", "Course")  # that of today: to open another ring lets go of it
        self._course.feed = watchdog
        # A transport that feeds the watchdog while it waits may wait longer.
        step_s = _WATCHED_S if watchdog and not getattr(self.transport, "watchdog", False) else _STEP_S
        self._step_s = step_s if timeout_s is None else max(1, min(step_s, timeout_s))
        self.result = Result()
        self._steps = self._uploader.drain(self.result, self._tick)
        self._threshold = gc.threshold()
        if self._uploader.is_cramped:  # else what lasts comes to lie between garbage, and leaves no hole for a batch
            gc.collect()
            gc.threshold(gc.mem_free() // 4)

    def _tick(self):
        if self._watchdog:
            self._watchdog()
        if self._end_ms is not None and self._uptime() >= self._end_ms:
            raise OutOfTime("time", None)

    def next(self, reply):
        self._client.check_open()
        try:
            body = self._steps.send(reply)
            if body:
                body.tick, body.watchdog = self._tick, self._watchdog
            return body
        except MemoryError as e:
            failed(self._client, e, self.result)
            raise StopIteration
        except OSError as e:  # the medium's
            raise load("words", "explained")(e, self._client.ring.medium.place)

    def request(self, body):
        """The arguments of the transport's `post`."""
        url = body.url or self._uploader.url(body.pin)
        return url, headers(body.len_bytes), body if self._uploader.streams else self._piece(body), self._step_s

    def _piece(self, body):
        """All of the body in one buffer of its size."""
        piece, at = bytearray(body.len_bytes), 0
        for chunk in body:
            piece[at : at + len(chunk)] = chunk
            at += len(chunk)
        return (piece,)

    def post(self, body):
        """The reply to one batch, or the exception that came instead."""
        try:
            return checked(self.transport.post(*self.request(body)))
        except Exception as e:  # noqa: BLE001 - whatever a transport raises, the data stays and the result says it
            return e

    def run(self):
        """To the end, blocking; the Result."""
        reply = None
        try:
            self._client.uploading = self  # here, so that Ctrl-C leaves it in no case behind
            while True:
                body = self.next(reply)
                reply = self.post(body) if body else None
        except StopIteration:
            return self.result
        finally:
            self.end()

    def end(self):
        gc.threshold(self._threshold)
        self._client.uploading = None
        self._course.feed = None
        try:
            if hasattr(self.transport, "close"):  # where memory is out, all exceptions are one object
                self.transport.close()
        except Exception:  # noqa: BLE001 - a connection that is dead already; the batches had replies
            pass
        ended(self._client, self.result)
