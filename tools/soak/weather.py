"""What the soak's board measures, and what its network and server do to it: chance decides, by the seed.

Faults are the sandbox's own, switched on over HTTP. Knows no ring.
"""

import random

import board_clock
import requests

HOUR_MS = 3600000
_NO_PIN = '{"error":{"message":"No datastream setup for that pin."}}'
_TOO_MUCH = '{"error":{"message":"Too much data in batch. Maximum batch size is 10000 points."}}'

# (name, settings): each class of fault, some more than once since they are common.
_PLAIN = (
    "offline", "reset_before", "reset_after", "lose_reply", "lose_reply", "truncated_reply", "chunked_reply",
    "unmeasured_reply", "hang_up_after", "garbage", "portal", "portal_redirect", "network_login", "wrong_region",
    "unknown_400", "invalid_token",
)  # fmt: skip
FAULTS = [(name, {}) for name in _PLAIN] + [
    ("reset_within", {"after_bytes": 300}),
    ("slow", {"seconds": 0.05}),
    ("huge_reply", {"bytes": 20000}),
    ("too_many_requests", {"retry_after_s": 600}),
    ("server_error", {"status": 500}),
    ("server_error", {"status": 503, "retry_after_s": 60}),
    ("reply", {"status": 413}),
    ("reply", {"status": 404, "content_type": "text/html", "body": "<html>gone</html>"}),
    ("reply", {"status": 400, "body": _TOO_MUCH}),
    ("reply", {"status": 400, "body": _NO_PIN, "pin": 2, "count": 3}),
]


def readings(serial):
    """{pin: value}, each value naming the serial; V4 takes texts, of which the server refuses none, V5 numbers."""
    group = {1: serial}
    chance = random.randrange(10)
    if chance < 3:
        group[2] = serial + 0.25
    if chance == 3:
        group[3] = [serial / 1000, -serial / 1000]
    if chance in (4, 5):
        group[4] = "event %d" % serial
    if chance == 6:
        group[5] = "wrong %d" % serial if random.randrange(3) == 0 else serial
    if chance == 7:
        group[2] = None  # the sensor failed
    return group


class Weather:
    """`online` is what the Wi-Fi says; outages last from an hour to some days."""

    def __init__(self, station):
        self._station = station
        self.online = True
        self.until = 0
        self._calm = False

    def pass_time(self):
        clock = self._station.clock
        if clock.now_ms < self.until:
            clock.ntp = 0 if self.online else OSError(110)
            return
        self.online = not self.online
        hours = random.choice((2, 6, 24)) if self.online else random.choice((1, 3, 12, 60))
        self.until = clock.now_ms + random.randrange(hours * HOUR_MS)
        clock.ntp = 0 if self.online else OSError(110)
        print("event", "online" if self.online else "offline", "until", self.until)

    def calm(self):
        self.online = self._calm = True
        self._station.clock.ntp = 0

    def prepare(self):
        """Switch on what the next upload meets; the server's Date is the simulated one."""
        faults = self._station.url + "/sandbox/faults"
        requests.request("DELETE", faults).close()
        ahead_ms = self._station.clock.now_ms - board_clock._real.time_ns() // 1000000
        post(faults, {"name": "date_off", "hours": ahead_ms / HOUR_MS})
        if self._station.stays_on:
            post(faults, {"name": self._station.stays_on, "keep": 1})
        elif not self._calm and random.randrange(2):
            name, settings = random.choice(FAULTS)
            print("event", name, settings)
            settings = dict(settings, name=name, skip=random.randrange(3))
            settings["count"] = settings.get("count", random.randrange(1, 3))
            post(faults, settings)


def post(url, data):
    requests.post(url, json=data).close()
