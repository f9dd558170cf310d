"""Drains the ring: what to send next, and what each outcome means for the points. Pure policy.

    backoff? -> begin: commit, note an interrupted request
    windows: count -> for each pin its batches: ask -> accepted: acknowledge | else outcomes.judge()
    search:  the same for what was refused, in this drain or before
    judge:   smaller, elsewhere -> ask again | refused -> a range for the search | later, stop -> DrainEnds
    ends:    all is asked | DrainEnds | OutOfTime | RingFull, where an ack cannot be kept

Knows windows, outcomes and the pace; no socket. `drain()` is a generator: it yields None where others may work, or a
Body to be sent, and is sent back (status, reply headers, reply) or the exception that came instead. So the same
policy serves blocking and asyncio transports, and every test.
"""

from array import array

from micropython import const

from .. import blynk as api, load
from ..ring import state as keys
from .batch import DrainEnds, OutOfTime
from .whole import whole
from ..clock.wall import BUILD_MS
from ..errors import RingFull
from ..ring.log import ENOSPC

_DAY_MS = const(86400000)
_FIVE_YEARS_MS = const(157788000000)
_SAME_CLOCK_MS = const(120000)
_FAILED_BYTES = const(64)
_BUFFERED_BYTES = const(4096)  # of a batch that goes out in one piece


class Uploader:
    """`settings` as Client takes them; `result` is that of the drain under way."""

    def __init__(self, ring, boots, guard, token, server, settings, transport, pace):
        self.ring, self.boots, self._guard = ring, boots, guard
        self._token, self.home = token, server
        self.settings = settings
        self.streams = getattr(transport, "streams", True)
        most_bytes = settings["batch_bytes"] - api.HEAD_BYTES
        self.batch_bytes = most_bytes if self.streams else min(most_bytes, _BUFFERED_BYTES)
        self.verifies = getattr(transport, "verifies", False)
        self.pace = pace
        self.tally = array("i", range(512))  # for windows: kept, since a long-running heap has no such hole again
        self.clock_error_s = None
        self._search = self._window = None  # the window of the last drain, if its time ran out
        if ring.state.get(keys.OWNER) != pace.owner:
            if keys.OWNER in ring.state:
                load("upload.outcomes", "unlearn")(ring)
            ring.set(keys.OWNER, pace.owner)

    def event(self, text):
        if self.settings["debug"]:
            self.settings["debug"](text)

    def hide(self, text):
        """`text` without the token."""
        return load("upload.secret", "hide")(text, self._token)

    @property
    def server(self):
        region = self.ring.state.get(keys.REGION)  # whoever learned it: judged by what is allowed today
        return region and load("upload.secret", "server_of")(region, self.home, self.settings["regions"]) or self.home

    def url(self, pin):
        return api.url(self.server, self._token, pin)

    # The drain

    def drain(self, result, tick):
        """Deliver what is in the ring now. `result` is filled in on the way; `tick` is called between steps and may
        raise OutOfTime. Busy if it interrupts another call."""
        if self._guard.held:
            raise self._guard.busy("only readings can wait for the call that this interrupts")
        wait = self.pace.wait_s()
        if wait:
            result.waiting, result.retry_after_s = "backoff", wait
            return
        self.result, self._tick = result, tick
        self.hops, self.failed = 0, b""  # redirects followed; pins that the server failed on for the first time
        self._search = None  # one that was broken off left it
        self.trusted = self.noted = False  # a batch was accepted; the backoff was noted before the first request
        try:
            self.step(self._begin)
            yield from self._all(self.ring.end())
        except OutOfTime:
            result.waiting = "time"
        except DrainEnds as e:
            if e.args:
                result.waiting, result.retry_after_s = e.args
        except (RingFull, OSError) as e:  # no room for an ack: what comes next would be repeated after a reset
            if isinstance(e, OSError) and e.args[:1] != (ENOSPC,):
                raise
            result.error = e
        finally:
            self._window = self._window if result.waiting == "time" else None
            self._search = None
        if self.noted and self.pace.step() == 1:
            self.pace.proceed()  # it ended for no fault, and there was none before

    def _begin(self):
        ring = self.ring
        ring.defers = True
        if keys.UPLOADED in ring.dirty:
            ring.save()  # an ack that found no room: before anything more is sent
        ring.commit()
        self.boots.anchor()
        self._date_ok = None  # no reply has told yet; what one said before, the clock may have been moved since
        if self.pace.drains() and (keys.WINDOW in ring.state or keys.ASKED in ring.state):
            # The last boot may have ended with a request under way, and so may this one: the first is made at once, but
            # others wait, so that a board that resets in its uploads does not hammer the server.
            self.noted = True
            self.pace.back_off()
            ring.save(must=False)
        if keys.ASKED in ring.state or keys.range_keys(ring.state):
            self.search  # noqa: B018 - it is made

    @property
    def search(self):
        """What deals with refused points in this drain, loaded with the first."""
        if not self._search:
            self._search = load("upload.search", "Search")(self)
        return self._search

    def _all(self, end):
        """Windows up to `end`, then what was refused."""
        if self.boots.now() is None and hasattr(self.boots.clock, "refresh"):
            yield from load("upload.date", "ask")(self)
        before, self.ring.defers = self.result.requests, False
        try:
            yield from self._windows(end)
        except RingFull as e:
            had_room = self.result.requests > before
            if self._search:  # what was refused lies before: it may make room for notes
                yield from self._deliver(self.search)
            if had_room:
                raise e
            self._window = None  # it knows nothing of what the search has changed
            self.ring.defers = True  # else no drain could ever begin
            yield from self._windows(end)
        if self._search:
            yield from self._deliver(self.search)

    def _windows(self, end):
        """All up to `end`, each pin's points of a window in log order."""
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

    def guarded(self, action, *args):
        """Do it while others wait."""
        self._guard.enter()
        try:
            return action(*args)
        finally:
            self._guard.leave()

    def step(self, action, *args):
        """Do it while others wait; broken off, it has not been."""
        return self.guarded(whole, self.ring, action, *args)

    def _through(self, steps):
        """Run a generator that reads the ring to its end, and let others work in between; what it returns."""
        while True:
            try:
                self.step(next, steps)
            except StopIteration as e:
                return e.value
            self._tick()
            yield None

    def _deliver(self, source):
        """Send all batches of a Window or a Search."""
        while True:
            self._tick()
            body = yield from self._through(source.next())
            if not body:
                return
            reply = yield from self.send(body)
            if body.points or not isinstance(reply, tuple):  # else it was a Question
                self.step(self._outcome, source, body, reply)
            yield None

    def send(self, body):
        """The reply to `body`, or the exception that came instead."""
        body.guarded = self.guarded
        reply = yield body
        self.result.requests += 1
        self.ring.add(keys.REQUESTS, 1)
        had_no_room = isinstance(reply, OutOfTime) or (isinstance(reply, MemoryError) and not self.streams)
        if had_no_room and self.result.requests == 1 and body.points > 1:
            # It had the call to itself: as large as it is it may never get through.
            self.step(self.learn, body.points // 2)
        if isinstance(reply, OutOfTime):
            raise reply
        if isinstance(reply, tuple):
            self._date_ok = self._date_ok is not False
            theirs = api.date_ms(reply[1].get("date", ""))
            if theirs is not None:
                self._compare_clock(theirs)
        return reply

    def limit(self):
        """Most points of the next batch."""
        budget = self.pace.budget()
        if budget == 0:
            raise DrainEnds("budget", self.pace.budget_s())
        size = self.ring.get(keys.SIZE) or self.settings["batch_points"]
        return size if budget is None else min(size, budget)

    def learn(self, points, *failed):
        """Batches of `points` from now on, and windows: else acks without end would fill the ring before its oldest
        sector can go. `failed`: they are on trial, since a batch of so many failed; outcomes.py says how."""
        ring = self.ring
        ring.forget(keys.BATCH, keys.ASKED)
        if not ring.get(keys.DELIVERED):
            ring.close_window()
        ring.save_value(keys.SIZE, (max(1, points), 0) + failed)

    def failures(self, pin):
        """How many of the last requests of `pin`, at most 2, failed, perhaps for its own fault."""
        return self.ring.state.get(keys.FAILED, b"").count(bytes((pin,)))

    def set_failures(self, pin, count):
        failed, one = self.ring.state.get(keys.FAILED, b""), bytes((pin,))
        if count or one in failed:
            self.ring.set(keys.FAILED, (failed.replace(one, b"") + one * count)[-_FAILED_BYTES:])

    def cutoff(self):
        """Unix ms before which points have expired, 0 for never: judged by a clock that can be believed."""
        days = self.settings["max_age_days"]
        now = self.boots.now()
        if days is None or now is None or self._date_ok is False or now > BUILD_MS + _FIVE_YEARS_MS:
            return 0
        return max(0, now - int(days * _DAY_MS))

    def question(self, pin, others):
        """A batch of `pin` without points, if some have expired by a clock that no reply of this drain has told of; its
        Date will. Else None."""
        if self._date_ok is None and keys.EXPIRED in others:
            return load("upload.date", "Question")(pin)

    def _outcome(self, source, body, reply):
        """Keep or advance, note what must survive; DrainEnds where that is all for now."""
        if isinstance(reply, tuple) and api.accepted(*reply):
            self._accepted(source, body)
            return
        load("upload.outcomes", "judge")(self, source, body, reply)

    def _accepted(self, source, body):
        ring, result = self.ring, self.result
        self.event("V%d: %d points in %d bytes accepted" % (body.pin, body.sent, body.len_bytes))
        self.noted = False
        self.pace.proceed()
        self.pace.spend(body.sent)
        result.uploaded += body.sent
        if getattr(result.error, "passing", False):
            result.error = None
        self.set_failures(body.pin, 0)
        points, full, *failed = ring.state.get(keys.SIZE, (0, 0))
        if failed:  # one point was accepted: about as many as failed, again; or those were, and are not too many
            ring.set(keys.SIZE, None if 2 * body.points > failed[0] else (failed[0], 0, failed[0]))
        elif 0 < points <= body.points:  # a learned size grows by a quarter after eight full batches of it
            points, full = (points, full + 1) if full < 7 else (points + max(1, points // 4), 0)
            ring.set(keys.SIZE, None if points >= self.settings["batch_points"] else (points, full))
        now = self.boots.now()
        if now is not None:
            ring.set(keys.LAST_SUCCESS, (now // 1000,))
        if self._search and not self.trusted:
            self._search.trust()
        self.trusted = True
        source.accepted(body)

    def _compare_clock(self, theirs):
        clock = self.boots.clock
        settable = hasattr(clock, "refresh")
        if settable:
            if clock.agreed is None or clock.now() is None:
                load("upload.date", "heard")(self, clock, theirs)
            clock.heard_ms = clock.uptime()
        now = self.boots.now()
        if now is None:
            return
        error = now - theirs
        self.clock_error_s = error // 1000 if abs(error) > _SAME_CLOCK_MS else None
        self._date_ok = abs(error) < _DAY_MS
        if settable and clock.agreed is not None:
            if clock.agreed and not self._date_ok:
                clock.ask_ms = 0  # it was put wrong since: the next upload asks NTP
            clock.agreed = self._date_ok
