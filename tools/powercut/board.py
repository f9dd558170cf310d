"""A client on simulated flash that does what it is told, one JSON command a line on stdin:

    ["new", medium, salt]                  a blank device, and the salt of the rings on it
    ["open", commit_every, overwrite]      as after a reset, on a copy of the device
    ["log", [[first, count], ...], wide]   frames of points numbered from `first`, on the pins 0, 1, 2 and so on; what
                                           is dropped by then
    ["upload", [answers]]                  a day later than the last; see Server
    ["flush"]  ["clear"]  ["close"]
    ["stats"]                              once invariants.py holds of the ring
    ["dropped"]                            that one of them, at once
    ["points"]                             the numbers pending, in log order
    ["cut", operation, byte, mode, seed]   the power goes in that change from now

Each gets a line on stdout, JSON behind the word ANSWER, since MicroPython itself prints there what went wrong with
files of a device that died: [true, what came of it, batches] or [false, the exception's name, batches, frames logged
before it]. `batches` are those that the server took meanwhile, [acknowledged, numbers] each. Once the power has gone,
all but "open" and "new" fail with OSError. Knows no model: tests/host/test_model.py does.
"""

import json
import sys

import blynk_batch
import invariants
from blynk_batch.ring import sector
from clients import NOW_MS, Clock
from media import MEDIA
from stores import START_MS, STEP_MS

_DAY_MS = 86400000
_PAD = "0123456789abcdef" * 8


class Server:
    """Answers "ok", "reset" (nothing came), "lost" (it came, the reply did not), "busy", "html"; then "ok"."""

    def __init__(self):
        self.answers = []
        self.batches = []

    def post(self, url, headers, body, timeout_s):
        points = json.loads(b"".join([bytes(chunk) for chunk in body]))
        answer = self.answers.pop(0) if self.answers else "ok"
        if answer == "reset":
            raise OSError(104)
        if answer == "busy":
            return 503, {}, b"busy"
        if answer == "html":
            return 200, {}, b"<html>log in</html>"
        pin = int(url.split("&pin=v")[1])
        self.batches.append([answer == "ok", [number_of(pin, time, value) for time, value in points]])
        if answer == "lost":
            raise OSError(110)
        return 200, {}, b"OK"


def value_of(number, wide):
    return "%d %s" % (number, _PAD) if wide else number


def number_of(pin, time, value):
    """The point's number; an exception for one that disagrees with itself."""
    number = int(value.split(" ")[0]) if isinstance(value, str) else value
    if isinstance(value, str) and value != value_of(number, True) or time != START_MS + (number - pin) * STEP_MS:
        raise AssertionError("point %r at %r on pin %d" % (value, time, pin))
    return number


class Board:
    def __init__(self):
        self.server = Server()
        self.client = None
        self.done = 0

    def new(self, medium, salt):
        self._leave()
        sector.draw_salt = lambda: salt
        self._medium = MEDIA[medium]
        self._device = self._medium.make(None)
        self._clock = Clock(NOW_MS)

    def open(self, commit_every, overwrite):
        device = self._device.revive()
        self._leave()
        self._device = device
        blynk_batch.client._open_rings.clear()
        ring = self._medium.open(device, overwrite)
        ring.commit_every = commit_every
        self.client = blynk_batch.Client("token", ring=ring, transport=self.server, clock=self._clock, batch_points=15)

    def _leave(self):
        if self.client:
            self._medium.leave(self.client.ring)
            self.client = None

    def log(self, frames, wide):
        for self.done, (first, count) in enumerate(frames):
            group = {index: value_of(first + index, wide) for index in range(count)}
            self.client.log_group(group, timestamp=START_MS + first * STEP_MS)
        return self.dropped()

    def upload(self, answers):
        self.server.answers = answers
        self._clock.now_ms += _DAY_MS + _DAY_MS // 24
        result = self.client.upload()
        if self._device.dead:
            raise OSError(5)
        return [result.uploaded, result.pending]

    def flush(self):
        self.client.flush()

    def clear(self):
        self.client.clear()

    def close(self):
        self.client.close()

    def points(self):
        return [number_of(*point) for point in self.client.points()]

    def stats(self):
        invariants.check(self.client.ring, len(list(self.client.points())))
        return self.client.stats()

    def dropped(self):
        return self.client.stats()["dropped"]

    def cut(self, operation, byte, mode, seed):
        self._device.cut_at(operation, byte, mode, seed)


def main():
    board = Board()
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        name, *arguments = json.loads(line)
        board.server.batches = batches = []
        try:
            answer = [True, getattr(board, name)(*arguments), batches]
        except Exception as error:
            answer = [False, type(error).__name__, batches, board.done]
            if not isinstance(error, (OSError, blynk_batch.Error)):
                sys.print_exception(error, sys.stderr)
        print("ANSWER " + json.dumps(answer))


main()
