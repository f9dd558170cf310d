"""Pins that the server has no datastream for: their points stay where they are, and are tried again each day.

`Parked` stands in for a window in the uploader: the points of one parked pin from where it was parked to the cursor.
Knows where they are; no network, no policy.
"""

from micropython import const

from ..ring import state as keys
from .batch import Body
from ..clock.times import Times
from ..ring.reader import DATA

_DAY_MS = const(86400000)


def park(window, pin, now):
    """The cursor will pass the points of `pin`. False if eight pins are parked already."""
    if isinstance(window, Parked):
        return window.refused(now)
    ring = window.ring
    if window.stale():
        window.order = []  # overwritten meanwhile: it is asked anew
        return True
    for key in range(keys.PARKED, keys.PARKED + keys.PARKED_PINS):
        if key not in ring.state:
            ring.set(key, (pin,) + window.first(pin) + (0, now or 1))
            window.park(pin, key)
            return True
    return False


def hold(window, pin):
    """Eight others are parked: `pin` holds the window up, but the other pins in it go first. False if none is left."""
    part = window.ring.state.get(keys.PART)
    window.held += (pin,)
    if not part or part[0] != pin:  # only one pin's progress is kept
        window.order.remove(pin)
        window.order.append(pin)
    return window.order[0] not in window.held


def due(uploader):
    """The parked pins to try now: a day after the last try, or released. Without a clock the day is one of uptime."""
    ring, boots = uploader.ring, uploader.boots
    now = boots.now()
    idle = now is None and boots.uptime() - uploader.tried >= _DAY_MS
    if idle:
        uploader.tried = boots.uptime()
    for key in keys.parked_keys(ring.state):
        tried = ring.state[key][4] if key in ring.state else 1
        if not tried or idle or (now is not None and not 0 <= now - tried < _DAY_MS):
            if key in ring.state:
                uploader.guarded(uploader.resume)
                yield Parked(ring, key, now, uploader.settings["unsynced"], uploader.cutoff())


class Parked:
    """The parked pin under the state's `key`."""

    unsure = True  # times may have to be resolved

    def __init__(self, ring, key, now, unsynced, cutoff):
        self.ring = ring
        self._key = key
        self._now, self._unsynced = now, unsynced
        self.cutoff = cutoff
        self.order = [ring.state[key][0]]

    def stale(self):
        """True once the ring was cleared."""
        return self._key not in self.ring.state

    def times(self, _known=0):
        # All of them are older than the last point delivered, which serves where the clock is not set now.
        times = Times(self.ring, self._now or self.ring.get(keys.KNOWN) or 1, self._unsynced)
        times.known = 0
        return times

    def _first(self):
        return tuple(self.ring.state[self._key][1:3])

    def body(self, pin, _points, _bytes):
        first = self._first()
        return Body(self, pin, first + (0,), self.ring.cursor(), first)

    def ack(self, body, counter=keys.UPLOADED):
        ring, done = self.ring, body.points
        if not self.stale() and self._first() == body.first:
            from ..ring.books import besides

            ring.add(counter, body.sent)
            ring.add(keys.ESTIMATED, besides(self, body)[4])
        else:
            from ..ring.books import ack_overtaken

            done = ack_overtaken(ring, body, counter, self.stale())
        if self.stale():
            self.order = []
        else:
            count, tried = ring.state[self._key][3:5]
            after = max(self._first(), body.after)
            ring.set(self._key, (body.pin,) + after + (max(0, count - done), tried))
        ring.save()

    def finish(self, pin):
        """Nothing is left that could be sent: what still counts has expired, never had a time, or was damaged. But
        what waits for the clock stays."""
        ring = self.ring
        self.order = []
        times = self.times()
        reader = ring.reader(self._first() + (0,), ring.cursor())
        while reader.next():
            if reader.kind == DATA and times.of(reader) is None and pin in reader.chain.pins:
                self.refused(self._now)
                return
        lost = keys.EXPIRED if self.cutoff else keys.DROPPED if self._unsynced == "drop" else keys.CORRUPT
        ring.add(lost, ring.state[self._key][3])
        ring.save_value(self._key, None)

    def refused(self, now):
        """Still no datastream: try again in a day."""
        ring = self.ring
        if not self.stale():
            ring.save_value(self._key, tuple(ring.state[self._key][:4]) + (now or 1,))
        self.order = []
        return True
