"""Pins that the server has no datastream for: their points stay where they are, and are tried again each day.

`Parked` stands in for a window in the uploader: the points of one parked pin from where it was parked to the cursor.
Knows where they are; no network, no policy.
"""

from . import ring as keys
from .batch import Body
from .clock import KNOWN
from .reader import DATA
from .times import Times

_DAY_MS = 86400000


def park(window, pin, now):
    """The cursor will pass the points of `pin`. False if eight pins are parked already."""
    if isinstance(window, Parked):
        return window.refused(now)
    ring = window.ring
    for key in range(keys.PARKED, keys.PARKED + keys.PARKED_PINS):
        if key not in ring.state:
            ring.set(key, (pin,) + window.first(pin) + (0, now or 1))
            window.parked[pin] = key
            window.leave(pin)
            return True
    return False


def count(window):
    """The cursor passes the parked pins' points: they go into their own counts."""
    ring = window.ring
    counts = {}
    reader = ring.reader(end=window.end)
    while reader.next():
        if reader.kind == DATA:
            for pin in reader.chain.pins:
                key = window.parked.get(pin)
                if key in ring.state and reader.position >= tuple(ring.state[key][1:3]):
                    counts[key] = counts.get(key, 0) + 1
    for key, more in counts.items():
        pin, sequence, offset, before, tried = ring.state[key]
        ring.set(key, (pin, sequence, offset, before + more, tried))


def due(uploader):
    """The parked pins to try now: a day after the last try, or released."""
    now = uploader.boots.now()
    for key in keys.parked_keys(uploader.ring.state):
        tried = uploader.ring.state[key][4]
        if not tried or (now is not None and not 0 <= now - tried < _DAY_MS):
            yield Parked(uploader.ring, key, now, uploader.settings["unsynced"], uploader.cutoff())


class Parked:
    """The parked pin under the state's `key`."""

    unsure = True  # times may have to be resolved

    def __init__(self, ring, key, now, unsynced, cutoff):
        self.ring = ring
        self._key = key
        self._now, self._unsynced = now, unsynced
        self.cutoff = cutoff
        self.order = [ring.state[key][0]]

    def times(self, _known=0):
        # All of them are older than the last point delivered, which serves where the clock is not set now.
        times = Times(self.ring, self._now or self.ring.get(KNOWN) or 1, self._unsynced)
        times.known = 0
        return times

    def body(self, pin, max_points, max_bytes):
        first = tuple(self.ring.state[self._key][1:3])
        body = Body(self, pin, first + (0,), self.ring.cursor(), first)
        body.measure(max_points, max_bytes)
        return body

    def ack(self, body, counter=keys.UPLOADED):
        ring = self.ring
        ring.add(counter, body.sent)
        count, tried = ring.state[self._key][3:5]
        ring.save_value(self._key, (body.pin,) + body.after + (max(0, count - body.points), tried))

    def set_aside(self, body):
        self.ack(body, keys.REJECTED)

    def finish(self, pin):
        """Nothing is left to send: what still counts has expired or was damaged."""
        ring = self.ring
        ring.add(keys.EXPIRED if self.cutoff else keys.CORRUPT, ring.state[self._key][3])
        ring.save_value(self._key, None)
        self.order = []

    def refused(self, now):
        """Still no datastream: try again in a day."""
        ring = self.ring
        ring.save_value(self._key, tuple(ring.state[self._key][:4]) + (now or 1,))
        self.order = []
        return True
