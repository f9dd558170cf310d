"""The stretch of the ring that a drain is delivering: which pins still have points in it, and what became of them.

Its end, the cutoff and the resolved times are fixed in the state before anything is sent, so that a retry, also after a
reset, holds the same points. Pins are delivered one after the other, each in log order; each outcome is one state
frame. Knows no JSON, no network, no policy.
"""

from .. import load
from ..ring import state as keys
from .batch import Body
from .counting import Counting


class Window(Counting):
    """What Counting has counted, batch by batch."""

    def times(self):
        """The Times for a new pass from the cursor on."""
        from ..clock.times import Times

        return Times(self.ring, self.now, self._uploader.settings["unsynced"], self._seen)

    def next(self):
        """The next Body to send, or None at the window's end: a generator that lets others work in between."""
        uploader, state = self._uploader, self.ring.state
        if self._question and self.order:  # its reply decides what has expired: then all is counted anew
            self.order, self.waiting = [], False
            return self._question
        while self.order and not self.stale():  # if it is, the rest gets a new window
            pin = self.order[0]
            points, len_bytes, others = self.pins[pin]
            part, first = state.get(keys.PART, (-1,)), self._cursor[:2]
            if part[0] == pin:
                first = max(first, part[1:3])
            body = Body(self, pin, first, self.end)
            batch = state.get(keys.BATCH, (-1,))
            again = batch[0] == pin  # it was sent before
            failures = uploader.failures(pin)
            noted = pin in self.last or failures  # BATCH is saved first: a request that is not noted is not repeated
            may_wait = pin in self.last or (failures and not uploader.trusted)
            if may_wait and points and not again and load("upload.hold", "waits")(self, body):
                yield None  # each step saves once: see Terms.step()
                continue
            limit = uploader.limit() if points else 0
            if again:
                body.end = batch[1:]
                yield from body.measure()
            elif points > limit or len_bytes > uploader.batch_bytes:
                yield from body.measure(limit, uploader.batch_bytes)
                noted = True
            else:
                body.points, body.len_bytes, body.others = points, len_bytes, others
            if noted and body.points and not again and not self.stale():
                self.ring.save_value(keys.BATCH, (pin,) + body.end)
            if body.points:
                return body
            self.accepted(body)  # there was nothing to send
            yield None

    def stale(self):
        """True once the ring has overwritten, or was cleared of, what was counted."""
        return self.ring.cursor() != self._cursor or keys.WINDOW not in self.ring.state

    def accepted(self, body):
        """Nothing of `body` is left to send in this window. One state frame."""
        ring, pin = self.ring, body.pin
        done = body.leave(ring)
        ring.forget(keys.BATCH)
        if keys.WINDOW in ring.state:
            ring.add(keys.DELIVERED, done)
            if body.end == self.end[:2]:
                self.leave(pin)
            else:
                ring.set(keys.PART, (pin,) + body.end)
        if pin in self.order and not self.stale():
            entry = self.pins[pin]
            entry[0] -= body.points
            entry[1] -= body.len_bytes - 1  # the bracket stays
            for key in body.others:
                entry[2][key] = entry[2].get(key, 0) - body.others[key]
        ring.save()

    def leave(self, pin):
        """Nothing of `pin` is left to send in this window: go on to the next pin, or close the window."""
        ring = self.ring
        ring.set(keys.DONE, keys.with_done(ring.state.get(keys.DONE, b""), pin))
        ring.forget(keys.PART, keys.BATCH)
        if pin in self.order:
            self.order.remove(pin)
        if not self.order and not self.stale():
            self.close()
