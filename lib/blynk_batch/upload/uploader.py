"""Drains the ring: what to send next, and what each outcome means for the points. Pure policy.

Knows windows, outcomes and the pace; no socket. terms.py has what all that goes by."""

# backoff? -> begin: commit, note an interrupted request
# windows: count -> for each pin its batches: ask -> accepted: acknowledge | else outcomes.judge()
# search:  the same for what was refused, in this drain or before
# judge:   smaller, elsewhere -> ask again | refused -> a range for the search | later, stop -> DrainEnds
# ends:    all is asked | DrainEnds | OutOfTime | RingFull, where an ack cannot be kept
#
# `drain()` is a generator: it yields None where others may work, or a Body to be sent, and is sent back (status, reply
# headers, reply) or the exception that came instead. So the same policy serves blocking and asyncio transports, and
# every test.

from .. import blynk as api, load
from ..errors import RingFull
from ..ring import state as keys
from ..ring.sector import ENOSPC
from .result import DrainEnds
from .terms import Terms


class Uploader(Terms):
    def drain(self, result, tick):
        # Deliver what is in the ring now. `result` is filled in on the way; `tick` is called between steps and may
        # raise OutOfTime. Busy if it interrupts another call.
        if self._guard.held:
            raise self._guard.busy("only log() may interrupt a call")
        wait = self.pace.wait_s()
        if wait:
            result.waiting, result.retry_after_s = "backoff", wait
            return
        try:
            self.step(self.begin, result, tick)
            yield from self._all(self.ring.end())
        except DrainEnds as e:
            if e.args:
                result.waiting, result.retry_after_s = e.args
        except (RingFull, OSError) as e:  # no room for an ack: what comes next would be repeated after a reset
            if isinstance(e, OSError) and e.args[:1] != (ENOSPC,):
                raise
            result.error = e
        finally:
            if result.waiting != "time":  # else the next drain goes on in it
                self._window = None
        if self.noted and self.pace.step() == 1:
            self.pace.proceed()  # it ended for no fault, and there was none before

    def _all(self, end):
        # Deliver windows up to `end`, then what was refused.
        if self.boots.now() is None and hasattr(self.boots.clock, "refresh"):
            yield from load("upload.date", "ask")(self)
        search = None
        for defers in (False, True):  # True: a full ring had no room to note a window; its notes wait in RAM
            before, self.ring.defers, full = self.result.requests, defers, None
            try:
                yield from self._windows(end)
            except RingFull as e:
                full, had_room, self._window = e, self.result.requests > before, None
            # Refused points lie before the new ones: if they are delivered, there may be room for notes
            if keys.ASKED in self.ring.state or keys.range_keys(self.ring.state):
                try:
                    search = search or load("upload.search", "Search")(self)
                    self.step(search.load)
                except MemoryError as e:  # they wait for another drain
                    self.result.error = e
                else:
                    yield from self._deliver(search)
            if not full:
                break
            if had_room or defers:
                raise full

    def _windows(self, end):
        # Deliver all up to `end`, each pin's points of a window in log order.
        ring = self.ring
        while ring.cursor()[2] < end[2] or keys.WINDOW in ring.state:
            self._window = window = self._window or load("upload.window", "Window")(self, end)
            yield from self._through(window.counting)
            if window.order:
                yield from self._deliver(window)
            self._window = None
            if window.waiting and not window.order:
                self.result.waiting = "clock"
                break
        if ring.cursor()[0] < end[0] and ring.cursor()[2] == end[2]:
            ring.set(keys.CURSOR, end)  # nothing but notes in between

    def _through(self, steps):
        # Run a generator that reads the ring, let others work in between, and return what it returns.
        while True:
            try:
                self.step(next, steps)
            except StopIteration as e:
                return e.value
            self._tick()
            yield None

    def _deliver(self, source):
        # Send all batches of a Window or a Search.
        while True:
            self._tick()
            body = yield from self._through(source.next())
            if not body:
                return
            reply = yield from self.send(body)
            if reply and (body.points or not isinstance(reply, tuple)):  # a Question needs its reply's Date alone
                self.step(self._outcome, source, body, reply)
            yield None

    def send(self, body):
        # The reply to `body`, or the exception that came instead; None if a smaller one is to be asked at once.
        body.guarded = self.guarded
        return self.heard(body, (yield body))

    def _outcome(self, source, body, reply):
        # Act on the reply and note what must survive; DrainEnds if that is all for now.
        if isinstance(reply, tuple) and body.cut is False and api.accepted(*reply):  # False: all of it was sent
            self.accepted(body)
            source.accepted(body)
            return
        load("upload.outcomes", "judge")(self, source, body, reply)
