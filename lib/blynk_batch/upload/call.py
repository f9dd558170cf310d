"""One call of upload(): its time limit, its watchdog, the transport, and the Result. Blocking; run.py is not.

Knows the transport's one method and how to step through a drain; nothing of what a drain decides.
"""

from micropython import const

from .batch import OutOfTime
from ..errors import Busy

_STEP_S = const(20)  # for one operation on the network
_WATCHED_S = const(7)  # the same where a watchdog waits; the RP2's ends at 8.388 s


class Result:
    """What one upload came to; see Client.upload()."""

    def __init__(self):
        self.uploaded = self.requests = self.pending = 0
        self.error = self.waiting = self.retry_after_s = None

    def __repr__(self):
        text = "<Result uploaded=%d requests=%d pending=%d" % (self.uploaded, self.requests, self.pending)
        for name in ("waiting", "retry_after_s", "error"):
            if getattr(self, name):
                text += " %s=%r" % (name, getattr(self, name))
        return text + ">"


class Call:
    """`next(reply)` is the Body to post, None for a pause, and raises StopIteration at the end; then `end()`."""

    def __init__(self, client, timeout_s, watchdog):
        self._client = client
        self._uploader = client.uploader()
        self.transport = client.transport
        if client.uploading:
            raise Busy("an upload is under way")
        self._uptime = client.clock.uptime
        self._end_ms = None if timeout_s is None else self._uptime() + int(timeout_s * 1000)
        self._watchdog = watchdog
        # A transport that feeds the watchdog while it waits may wait longer.
        step_s = _WATCHED_S if watchdog and not getattr(self.transport, "watchdog", False) else _STEP_S
        self._step_s = step_s if timeout_s is None else max(1, min(step_s, timeout_s))
        self.result = Result()
        self._steps = self._uploader.drain(self.result, self._tick)
        client.uploading = True

    def _tick(self):
        if self._watchdog:
            self._watchdog()
        if self._end_ms is not None and self._uptime() >= self._end_ms:
            raise OutOfTime("timeout_s has passed")

    def next(self, reply):
        self._client.check_open()
        body = self._steps.send(reply)
        if body:
            body.tick, body.watchdog = self._tick, self._watchdog
        return body

    def request(self, body):
        """The arguments of the transport's `post`."""
        return self._uploader.request(body, self._step_s)

    def post(self, body):
        """The reply to one batch, or the exception that came instead."""
        try:
            return self.transport.post(*self.request(body))
        except Exception as e:  # noqa: BLE001 - whatever a transport raises, the data stays and the result says it
            return e

    def end(self):
        client, result = self._client, self.result
        client.uploading = False
        if hasattr(self.transport, "close"):
            self.transport.close()
        try:
            client.prepare()
        except MemoryError as e:  # log() will erase; but it may also be a callback's reading
            result.error = result.error or e  # pyright: ignore
        result.pending = client.pending
        result.error = result.error or client.guard.failed  # a callback's reading that could not be stored
        client.guard.failed = None
        if result.error:
            client.last_error = str(result.error)


def upload(client, timeout_s, watchdog):
    """See Client.upload()."""
    call = Call(client, timeout_s, watchdog)
    reply = None
    try:
        while True:
            body = call.next(reply)
            reply = call.post(body) if body else None
    except StopIteration:
        return call.result
    finally:
        call.end()
