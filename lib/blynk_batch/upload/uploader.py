"""Drains the ring: what to send next, and what each outcome means for the points. Pure policy.

Knows windows, outcomes and the pace; no socket. `drain()` is a generator: it yields None where others may work, or a
Body to be sent, and is sent back (status, reply headers, reply) or the exception that came instead. So the same
policy serves blocking and asyncio transports, and every test.
"""

from micropython import const

from .. import blynk as api, load
from ..ring import state as keys
from .batch import OutOfTime
from ..clock.wall import BUILD_MS
from ..errors import RingFull
from ..ring.state import BAD, HELD, LAST_SUCCESS, OWNER, REGION, SIZE, STRIKES
from .window import Window

_DAY_MS = const(86400000)
_FIVE_YEARS_MS = const(157788000000)
_SAME_CLOCK_MS = const(120000)


class Uploader:
    """`settings` as Client takes them; `result` is that of the drain under way."""

    def __init__(self, ring, boots, guard, token, server, settings, transport, pace):
        self.ring, self.boots, self._guard = ring, boots, guard
        self._token, self.home = token, server
        self.settings = settings
        self.batch_bytes = settings["batch_bytes"] - api.HEAD_BYTES
        self.verifies = getattr(transport, "verifies", False)
        self.pace = pace
        self.clock_error_s = None
        self._date_ok = None  # no reply has told yet
        self.hops = 0  # redirects followed in this drain
        self.tried = boots.uptime()  # when the parked pins were, without a clock
        self._first = True  # no drain yet in this boot
        self.noted = False  # this drain's backoff was noted before its first request
        if ring.state.get(OWNER) != pace.owner:
            if OWNER in ring.state:
                from .outcomes import unlearn

                unlearn(ring)
            ring.set(OWNER, pace.owner)

    def event(self, text):
        if self.settings["debug"]:
            self.settings["debug"](text)

    def hide(self, text):
        """`text` without the token."""
        return load("upload.secret", "hide")(text, self._token)

    @property
    def server(self):
        region = self.ring.state.get(REGION)  # whoever learned it: judged by what is allowed today
        if not region:
            return self.home
        return load("upload.secret", "server_of")(region, self.home, self.settings["regions"]) or self.home

    def request(self, body, timeout_s):
        """The arguments of the transport's `post`."""
        url = getattr(body, "url", None) or api.url(self.server, self._token, body.pin)
        return url, api.headers(body.len_bytes), body, timeout_s

    # The drain

    def drain(self, result, tick):
        """Deliver what is in the ring now. `result` is filled in on the way; `tick` is called between steps and may
        raise OutOfTime. Busy if it interrupts another call."""
        if self._guard.held:
            raise self._guard.busy("this interrupts another call, which only readings can wait for")
        wait = self.pace.wait_s()
        if wait:
            result.waiting, result.retry_after_s = "backoff", wait
            return
        self.result, self._tick = result, tick
        self.hops = 0
        self.guarded(self._begin)
        try:
            yield from self._windows(self.ring.end())
        except OutOfTime:
            result.waiting = "time"
        except RingFull as e:  # no room for an ack: what comes next would be repeated after a reset
            result.error = e
        finally:
            self._first = False
        if self.noted and self.pace.step() == 1:
            self.pace.proceed()  # it ended for no fault, and there was none before

    def _begin(self):
        self.ring.commit()
        self.boots.anchor(self.boots.now())
        self.pace.drains()
        self.noted = False
        if keys.WINDOW in self.ring.state:
            self.resume()

    def resume(self):
        """The last boot may have ended with a request under way, and so may this one: the first is made at once, but
        others wait, so that a board that resets in its uploads does not hammer the server."""
        if self._first:
            self._first = False
            self.noted = True
            self.pace.back_off()
            self.ring.save(must=False)

    def _windows(self, end):
        ring = self.ring
        if self.boots.now() is None and hasattr(self.boots.clock, "ask_ms"):
            if not (yield from load("clock.network", "ask")(self, end)):
                return
        if self._date_ok is None and self.cutoff():
            from .expiry import ask

            if not (yield from ask(self, end)):
                return
        while True:
            if keys.WINDOW not in ring.state and keys.parked_keys(ring.state):
                from .parked import due

                for waiting in due(self):
                    if not (yield from self._deliver(waiting)):
                        return
            if ring.cursor()[:2] >= end[:2]:
                return
            window = Window(ring, end, self.boots.now(), self.cutoff(), self.settings, self.batch_bytes)
            yield from self._through(window.count())
            if not (yield from self._deliver(window)):
                return
            if window.waiting and not window.order:
                self.result.waiting = "clock"
                return

    def guarded(self, action, *args):
        self._guard.enter()
        try:
            return action(*args)
        finally:
            self._guard.leave()

    def _through(self, steps):
        """Run a generator that reads the ring to its end, and let others work in between."""
        while not self.guarded(_step, steps):
            self._tick()
            yield None

    def _deliver(self, window):
        """Send all batches of the window; False to end the drain."""
        while window.order and not window.stale():  # what is overwritten meanwhile: the rest gets a new window
            self._tick()
            pin = window.order[0]
            budget = self.pace.budget()
            if budget == 0:
                self.result.waiting, self.result.retry_after_s = "budget", self.pace.budget_s()
                return False
            limit = self._limit(pin, budget)
            body = self.guarded(window.body, pin, limit, self.batch_bytes)
            if not body.points:
                yield from self._through(body.measure(limit, self.batch_bytes))
            if not body.points:
                self.guarded(window.finish, pin)
                continue
            if body.points == budget and HELD not in self.ring.state:
                self.guarded(self.ring.save_value, HELD, (budget,))
            reply = yield from self.send(body)
            if not self.guarded(self._outcome, window, body, reply):
                return False
            yield None
        return True

    def send(self, body):
        """The reply to `body`, or the exception that came instead."""
        body.guard = self._guard
        reply = yield body
        self.result.requests += 1
        self.ring.add(keys.REQUESTS, 1)
        if isinstance(reply, OutOfTime):
            if self.result.requests == 1 and body.points > 1:
                # It had the call to itself: as large as it is it may never get through.
                self.guarded(self.ring.save_value, SIZE, (body.points // 2, 0))
            raise reply
        if isinstance(reply, tuple):
            self._compare_clock(reply[1].get("date"))
        return reply

    def _limit(self, pin, budget):
        size = self.ring.get(SIZE) or self.settings["batch_points"]
        bad = self.bad(pin)
        if bad:
            size = min(size, max(1, bad // 2))
        return min(size, self.ring.get(HELD) or size, size if budget is None else budget)

    def bad(self, pin):
        """How many of the next points of `pin` are known to hold a refused one, 0 if none is known to."""
        saved = self.ring.state.get(BAD)
        return saved[0] if saved and saved[1] == pin else 0

    def cutoff(self):
        """Unix ms before which points have expired, 0 for never: judged by a clock that can be believed."""
        days = self.settings["max_age_days"]
        now = self.boots.now()
        if days is None or now is None or self._date_ok is False or now > BUILD_MS + _FIVE_YEARS_MS:
            return 0
        return max(0, now - int(days * _DAY_MS))

    def _outcome(self, window, body, reply):
        """Keep or advance, note what must survive; False to end the drain."""
        if isinstance(reply, tuple) and api.accepted(*reply):
            self._accepted(window, body)
            return True
        try:
            judge = load("upload.outcomes", "judge")
        except MemoryError as e:
            # No room even for what a fault asks for: so do as after most of them, keep all and try later.
            self.result.error, self.result.retry_after_s = e, self.pace.back_off(None, 0 if self.noted else 1)
            self.noted = False
            self.ring.save(must=False)
            return False
        return judge(self, window, body, reply)

    def _accepted(self, window, body):
        ring, result = self.ring, self.result
        self.event("V%d: %d points in %d bytes accepted" % (body.pin, body.sent, body.len_bytes))
        self.noted = False
        self.pace.proceed()
        self.pace.spend(body.sent)
        result.uploaded += body.sent
        if getattr(result.error, "passing", False):
            result.error = None
        ring.forget(STRIKES, HELD)
        bad = self.bad(body.pin)
        if bad:
            ring.set(BAD, (bad - body.points, body.pin) if bad > body.points else None)
        size = ring.state.get(SIZE)
        if size and not bad and body.points >= size[0]:
            self._grow(size)
        now = self.boots.now()
        if now is not None:
            ring.set(LAST_SUCCESS, (now // 1000,))
        window.ack(body)

    def _grow(self, size):
        """A learned size grows by a quarter after eight full batches of it."""
        points, accepted = size[0], size[1] + 1
        if accepted >= 8:
            points, accepted = points + max(1, points // 4), 0
        full = points >= self.settings["batch_points"]
        self.ring.set(SIZE, None if full else (points, accepted))

    def _compare_clock(self, date):
        theirs = api.date_ms(date) if date else None
        self._date_ok = self._date_ok is not False
        clock = self.boots.clock
        settable = hasattr(clock, "ask_ms")
        if theirs is not None and settable:
            if clock.unproven or clock.now() is None:
                load("clock.network", "heard")(self, clock, theirs)
            clock.heard_ms = clock.uptime()
        now = clock.now()
        if theirs is None or now is None:
            return
        error = now - theirs
        self.clock_error_s = error // 1000 if abs(error) > _SAME_CLOCK_MS else None
        self._date_ok = abs(error) < _DAY_MS
        if settable:
            clock.agreed = self._date_ok


def _step(steps):
    """Run a generator to its next stop; True at its end."""
    try:
        next(steps)
        return False
    except StopIteration:
        return True
