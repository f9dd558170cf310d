"""One call of upload(): its time limit, its watchdog, the transport, and the Result. Blocking; run.py is not.

Knows the transport's one method and how to step through a drain; nothing of what a drain decides.
"""

from micropython import const

from .. import let_go, load
from ..blynk import headers
from ..errors import Busy, Error
from .result import OutOfTime, Result, failed

_STEP_S = const(20)  # for one operation on the network
_WATCHED_S = const(7)  # the same where a watchdog waits; the RP2's ends at 8.388 s


def uploader_of(*mine):
    """The policy over `mine`, what a client works with. Each file is loaded with room to compile: the largest first."""
    load("upload.terms")
    load("upload.batch")
    Uploader = load("upload.uploader", "Uploader")
    load("upload.counting")
    load("upload.window")
    return Uploader(*mine)


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

    def _tick(self):
        if self._watchdog:
            self._watchdog()
        if self._end_ms is not None and self._uptime() >= self._end_ms:
            raise OutOfTime("time", None)

    def next(self, reply):
        self._client.check_open()
        try:
            body = self._steps.send(reply)
        except MemoryError as e:
            failed(self._client, e, self.result)
            raise StopIteration
        except OSError as e:  # the medium's
            raise load("words", "explained")(e, self._client.ring.medium.place)
        if body:
            body.tick, body.watchdog = self._tick, self._watchdog
        return body

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

    def checked(self, reply):
        """The transport's reply in the types that are relied on."""
        status, headers, text = reply
        return int(status), {name.lower(): str(headers[name]) for name in headers}, bytes(text)

    def post(self, body):
        """The reply to one batch, or the exception that came instead."""
        try:
            return self.checked(self.transport.post(*self.request(body)))
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
        client, result = self._client, self.result
        client.uploading = None
        self._course.feed = None
        # What few drains need
        for name in ("upload.outcomes", "upload.search", "upload.settled", "upload.held", "upload.ranges"):
            let_go(name)
        try:
            if hasattr(self.transport, "close"):  # where memory is out, all exceptions are one object
                self.transport.close()
        except Exception:  # noqa: BLE001 - a connection that is dead already; the batches had replies
            pass
        try:
            if client.released:
                client.guard.run(load("upload.ranges", "release_of"), (client,))
            client.prepare()
        except (MemoryError, Error) as e:  # log() will erase; but it may also be a callback's reading
            result.error = result.error or e  # pyright: ignore
        result.pending = client.pending
        result.error = result.error or client.guard.failed  # a callback's reading that could not be stored
        client.guard.failed = None
        if result.error:
            try:
                client.last_error = self._uploader.hide(str(result.error))
            except MemoryError:
                client.last_error = type(result.error).__name__
