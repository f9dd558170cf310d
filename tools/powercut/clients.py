"""A whole client as a store for the cuts: its readings leave through upload() to a server in memory.

The server notes what it accepted and when, in changes of the device so far: `batches` of (changes, numbers). Readings
are numbers counted from 0; a frame's points are consecutive and lie on the pins 0, 1, 2 and so on. Knows no cuts.
"""

import json

from stores import START_MS, STEP_MS, RingStore
from workloads import PLANS

NOW_MS = 1795000000000
_DAY_MS = 86400000
_BAD = b'{"error":{"message":"Value doesn\'t match the Datastream data type"}}'
_NO_PIN = b'{"error":{"message":"No datastream setup for that pin."}}'
_TOO_MUCH = b'{"error":{"message":"Too much data in batch. Maximum batch size is 10000 points."}}'


class Clock:
    def __init__(self, now_ms):
        self.now_ms = now_ms

    def now(self):
        return self.now_ms

    def uptime(self):
        return self.now_ms - NOW_MS


class Server:
    """A transport that answers by a plan, and then accepts everything."""

    def __init__(self):
        self.device = None
        self.days = 0
        self.start_over()

    def start_over(self):
        self.batches = []
        self._plan = []
        self._bad = None

    def begin(self, plan):
        self._plan = list(plan)
        self._bad = None

    def post(self, url, headers, body, timeout_s):
        text = b"".join([bytes(chunk) for chunk in body])
        if int(headers["Content-Length"]) != len(text):
            raise AssertionError("Content-Length %s of %d bytes" % (headers["Content-Length"], len(text)))
        points = json.loads(text)
        pin = int(url.split("&pin=v")[1])
        for time, number in points:
            if time != START_MS + (number - pin) * STEP_MS:
                raise AssertionError("number %r at %r on pin %d" % (number, time, pin))
        return self._answer([number for _, number in points])

    def _answer(self, numbers):
        answer = self._plan.pop(0) if self._plan else "ok"
        if answer == "bad value":
            self._bad = numbers[-1]
        if self._bad in numbers:  # held, so that it stays pending until the next plan
            return 400, {}, _BAD
        if answer == "reset":
            raise OSError(104)
        if answer == "busy":
            return 503, {}, b"busy"
        if answer == "refuse pin":
            return 400, {}, _NO_PIN
        if answer == "too much" and len(numbers) > 1:
            return 400, {}, _TOO_MUCH
        self._note(numbers)
        return 200, {}, b"OK"

    def _note(self, numbers):
        journal = self.device.journal if self.device else None
        self.batches.append((len(journal or ()), numbers))


class ClientStore(RingStore):
    """A Client over the ring; each opening is a day after the last, so that no backoff is left."""

    def __init__(self, medium, device, workload, kinds, server):
        import blynk_batch

        super().__init__(medium, device, workload, kinds, server)
        blynk_batch.client._open_rings.clear()  # what a power cut took
        self._server = server
        self._clock = Clock(NOW_MS + server.days * _DAY_MS)
        self._client = blynk_batch.Client("token", ring=self._ring, transport=server, clock=self._clock)
        self._client._settings["batch_points"] = 4

    def log(self, first, count):
        numbers = {index: first + index for index in range(count)}
        self._client.log_group(numbers, timestamp=START_MS + first * STEP_MS)
        return True

    def readings(self):
        """In order of their numbers; order is checked within each pin, for pins are delivered one by one."""
        found, last = [], {}
        for pin, time, number in self._client.points():
            if time != START_MS + (number - pin) * STEP_MS or number <= last.get(pin, -1):
                return ["number %r at %r on pin %d after %r" % (number, time, pin, last.get(pin))]
            last[pin] = number
            found.append(number)
        return sorted(found)

    def upload(self, plan):
        self._server.begin(PLANS[plan])
        self._clock.now_ms += _DAY_MS + _DAY_MS // 24
        self._server.days += 2
        return self._client.upload()

    def drain(self):
        self._server.start_over()
        self._client._settings["batch_points"] = 1000
        for _ in range(5):
            self.upload(0)
            if not self.pending:
                break
        return sorted([number for _, numbers in self._server.batches for number in numbers])

    def close(self):
        self._client.close()
        self.leave()

    @property
    def pending(self):
        return self._client.pending
