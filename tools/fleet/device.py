"""Runs in MicroPython: a fleet of stations that got their power at the same moment, each with the library's own Pace.

Arguments: what happens ("power", "away" or "busy"), stations, interval in s, hours, seed. Prints a JSON list of the
requests that reached the server in each 10 s, and the shortest and longest time between a station's first two drains.
A station asks its Pace as Client.run() does, but only when it can have an answer: that is all that is left out.
"""

import json
import random
import sys

from blynk_batch.upload.due import due_s, may_start
from blynk_batch.upload.pace import Pace

WHAT = sys.argv[1]
STATIONS, INTERVAL_S, HOURS, SEED = [int(word) for word in sys.argv[2:6]]
START_MS = 1795000000000
AWAY_S = (3600, 7 * 3600)  # the server says nothing
BUSY_S = (3600, 5400)  # the server answers 429
RETRY_AFTER_S = 600
BIN_S = 10


class Ring:
    """What of a ring its Pace uses: the state."""

    def __init__(self):
        self.state = {}

    def get(self, key):
        return self.state.get(key, (0,))[0]

    def set(self, key, value):
        self.state[key] = value

    def forget(self, *keys):
        for key in keys:
            self.state.pop(key, None)


class Boots:
    """The time, which is the same for all."""

    boot = 1
    powered_on = True
    second = 0

    def now(self):
        return START_MS + Boots.second * 1000

    def uptime(self):
        return Boots.second * 1000

    def mark(self):
        return 1, self.uptime()


def answer(pace):
    """What the server makes of a request now."""
    second = Boots.second
    if WHAT == "away" and AWAY_S[0] <= second < AWAY_S[1]:
        pace.back_off()
    elif WHAT == "busy" and BUSY_S[0] <= second < BUSY_S[1]:
        pace.back_off(RETRY_AFTER_S)
    else:
        pace.proceed()


random.seed(SEED)
boots = Boots()
waiting = {0: [Pace(Ring(), boots, None, "https://blynk.cloud", "token-%08d" % n) for n in range(STATIONS)]}
drains = {}  # id of a Pace: the second of its first drain, None after its second
apart = []
requests = [0] * (HOURS * 3600 // BIN_S)
for second in range(HOURS * 3600):
    Boots.second = second
    for pace in waiting.pop(second, ()):
        if may_start(pace, INTERVAL_S):
            requests[second // BIN_S] += 1
            first = drains.get(id(pace), second)
            if first is not None:
                if first < second:
                    apart.append(second - first)
                drains[id(pace)] = None if first < second else second
            pace.drains()
            answer(pace)
            due_s(pace, INTERVAL_S)  # run() asks every second: so what follows is asked a moment later
        again = second + max(1, due_s(pace, INTERVAL_S), pace.wait_s())
        waiting.setdefault(again, []).append(pace)
print(json.dumps([requests, min(apart), max(apart)]))
