"""The points of one parked pin, from where it was parked to the cursor: delivered when the pin is tried again.

Stands in for a window in the uploader. Knows where the points are; no network, no policy.
"""

from . import ring as keys
from .batch import Body
from .times import Times


class Parked:
    """The parked pin under the state's `key`."""

    unsure = True  # times may have to be resolved

    def __init__(self, ring, key, now, unsynced, cutoff):
        self.ring = ring
        self._key = key
        self._now, self._unsynced = now, unsynced
        self.cutoff = cutoff
        self.order = [ring.state[key][0]]

    def times(self):
        return Times(self.ring, self._now, self._unsynced)

    def body(self, pin, max_points, max_bytes):
        first = tuple(self.ring.state[self._key][1:3])
        body = Body(self, pin, first + (0,), self.ring.cursor(), first)
        body.measure(max_points, max_bytes)
        return body

    def ack(self, pin, body):
        self.ring.add(keys.UPLOADED, body.sent)
        self._advance(pin, body.points, body.after)

    def reject(self, pin, body):
        self.ring.add(keys.REJECTED, 1)
        self._advance(pin, 1, body.after)

    def _advance(self, pin, points, after):
        ring = self.ring
        count, tried = ring.state[self._key][3:5]
        ring.save_value(self._key, (pin,) + after + (max(0, count - points), tried))

    def finish(self, pin):
        """Nothing is left to send: what still counts has expired or was damaged."""
        ring = self.ring
        ring.add(keys.EXPIRED if self.cutoff else keys.CORRUPT, ring.state[self._key][3])
        ring.save_value(self._key, None)
        self.order = []

    def park(self, pin, now):
        """Still refused: try again in a day."""
        ring = self.ring
        ring.save_value(self._key, tuple(ring.state[self._key][:4]) + (now or 1,))
        self.order = []
        return True
