"""What a desk does not have, for device tests: a clock that is set by hand and a server without a network.

`FakeServer` is a transport: its `post` takes the same arguments and keeps the same promises as the real ones.
"""

import json

NOW_MS = 1795000000000


class FakeClock:
    """`now_ms` None: the wall clock is not set."""

    def __init__(self, now_ms=NOW_MS, uptime_ms=0):
        self.now_ms = now_ms
        self.uptime_ms = uptime_ms

    def now(self):
        return self.now_ms

    def uptime(self):
        return self.uptime_ms

    def wait(self, ms):
        self.uptime_ms += ms
        if self.now_ms is not None:
            self.now_ms += ms


class FakeServer:
    """Accepts batches, or answers with the next of `replies`: a (status, headers, text) or an exception to raise."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.requests = []  # (url, body) of each
        self.points = []  # (pin, ms, value) accepted

    def post(self, url, headers, body, timeout_s):
        text = b"".join([bytes(chunk) for chunk in body])
        assert headers["Content-Type"] == "application/json"
        assert int(headers["Content-Length"]) == len(text), (headers, len(text))
        self.requests.append((url, text))
        reply = self.replies.pop(0) if self.replies else (200, {}, b"OK")
        if isinstance(reply, Exception):
            raise reply
        if reply[0] == 200 and reply[2] in (b"OK", b""):
            pin = int(url.split("&pin=v")[1])
            for ms, value in json.loads(text):
                self.points.append((pin, ms, value))
        return reply
