"""What a drain goes by, and what replies change of it: the server, a batch's size, the pins that it failed for, and by
their Date whether the clock can be believed, since no reading expires by one that is wrong. A change is whole or none.

Knows the state and the settings; no frames, no socket, and not what is sent next: uploader.py does. date.py has what is
rare: a clock that is not set, and a question before the first point expires.
"""

from micropython import const

from .. import blynk as api, load
from ..clock.wall import BUILD_MS
from ..errors import Error
from ..ring import state as keys
from .result import DrainEnds, OutOfTime

_HOUR_S = const(3600)
_DAY_MS = const(86400000)
_FIVE_YEARS_MS = const(157788000000)
_SAME_CLOCK_MS = const(120000)
_FAILED_BYTES = const(64)
_IN_DOUBT, _FIRST = const(3), const(1)  # a kind of ranges and a plan for them, see ranges.py
_BUFFERED_BYTES = const(4096)  # of a batch that goes out in one piece


class Terms:
    """`settings` as Client takes them; `tally` is for the counts of windows. `result` is that of the drain under way,
    `trusted` True once it had a batch accepted."""

    clock_error_s = None  # the board's clock less the server's, where they differ
    date_ok = None  # None: no reply of this drain has told
    is_cramped = False  # True: there is little room in the heap
    _meant = (DrainEnds, StopIteration, Error, OSError)  # here, since a tuple takes memory

    def __init__(self, ring, boots, guard, transport, pace, tally, token, server, settings):
        self.ring, self.boots, self._guard, self.guarded = ring, boots, guard, guard.hold
        self._token, self.home = token, server
        self.settings = settings
        self.streams = getattr(transport, "streams", True)
        most_bytes = settings["batch_bytes"] - api.HEAD_BYTES
        self.batch_bytes = most_bytes if self.streams else min(most_bytes, _BUFFERED_BYTES)
        self.verifies = getattr(transport, "verifies", False)
        self.pace, self.tally = pace, tally
        self._window = None  # the window of the last drain, if its time ran out
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

    def size(self):
        """Most points of a batch: what was learned, but no more than are allowed today."""
        most = self.settings["batch_points"]
        return min(self.ring.get(keys.SIZE) or most, most)

    def limit(self):
        """Most points of the next batch."""
        budget = self.pace.budget()
        if budget == 0:
            now = self.boots.now()
            raise DrainEnds("budget", _HOUR_S if now is None else (_DAY_MS - now % _DAY_MS + 999) // 1000)
        return self.size() if budget is None else min(self.size(), budget)

    def learn(self, points, *failed):
        """Batches of `points` from now on, and windows: else acks without end would fill the ring before its oldest
        sector can go. `failed`: they are on trial, since a batch of so many failed; outcomes.py says how."""
        ring = self.ring
        ring.forget(keys.BATCH, keys.ASKED)
        if not ring.get(keys.DELIVERED):
            ring.close_window()
        ring.save_value(keys.SIZE, (max(1, points), 0) + failed)

    def heard(self, body, reply):
        """Take in what the `reply` to `body`, or the exception that came instead, says beside the points; return it.
        None if a smaller batch is to be asked at once. OutOfTime is raised."""
        self.result.requests += 1
        self.ring.add(keys.REQUESTS, 1)
        had_no_room = isinstance(reply, MemoryError) and not self.streams
        is_late = isinstance(reply, OutOfTime)
        # In a call of its own, or for much of one
        had_no_time = is_late and body.cut and (not (self.result.uploaded or self.result.error) or body.is_long())
        if (had_no_room or had_no_time) and body.points > 1:  # as large as it is it may never get through
            self.step(self.learn, body.points // 2)
            if had_no_room:
                return None
        if is_late:
            raise reply
        if isinstance(reply, tuple):
            self.date_ok = self.date_ok is not False
            theirs = api.date_ms(reply[1].get("date", ""))
            if theirs is not None:
                self.compare_clock(theirs)
        return reply

    def failures(self, pin):
        """How many of the last requests of `pin`, at most 2, failed, perhaps for its own fault."""
        return self.ring.state.get(keys.FAILED, b"").count(bytes((pin,)))

    def set_failures(self, pin, count):
        failed, one = self.ring.state.get(keys.FAILED, b""), bytes((pin,))
        if count or one in failed:
            self.ring.set(keys.FAILED, (failed.replace(one, b"") + one * count)[-_FAILED_BYTES:])

    def accepted(self, body):
        """The server has `body`: all that this says of the server, the pin and the size of a batch."""
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
            most = min(failed[0], self.settings["batch_points"])
            ring.set(keys.SIZE, None if 2 * body.points > most else (most, 0, most))
        elif 0 < points <= body.points:  # a learned size grows by a quarter after eight full batches of it
            points, full = (points, full + 1) if full < 7 else (points + max(1, points // 4), 0)
            ring.set(keys.SIZE, None if points >= self.settings["batch_points"] else (points, full))
        now = self.boots.now()
        if now is not None:
            ring.set(keys.LAST_SUCCESS, (now // 1000,))
        if not self.trusted:
            self._trust()

    def _trust(self):
        """The first acceptance of a drain: what is in doubt was refused for its content. It is open up to where the
        windows end, and searched then."""
        ring, self.trusted = self.ring, True
        for key in keys.range_keys(ring.state):
            value, pins = ring.state[key], ring.state[key][7:]
            if value[4] & 3 == _IN_DOUBT:
                is_open, end = value[4] & keys.OPEN_END, (value[0] + value[2], value[3])
                places = [self.refused.get(pin, (-1, 0)) for pin in pins]
                unasked = min(places) < value[:2] or not (is_open or max(places) < end)
                ring.set(key, value[:4] + (is_open, 0 if unasked else _FIRST, 0) + pins)
        ring.forget(keys.DOUBT)

    def begin(self, result, tick):
        """Start a drain, of which `result` tells."""
        self.result, self._tick, ring = result, tick, self.ring
        # Redirects followed; pins that it failed on for the first time | {pin: where a batch of it was refused}
        self.hops, self.failed, self.refused = 0, b"", {}
        # A batch was accepted; the backoff was noted before the first request; one is made without TLS, to hear a Date
        self.trusted = self.noted = self.plain = False
        ring.defers = True
        if keys.UPLOADED in ring.dirty or keys.WINDOW in ring.dirty:
            ring.save()  # what the medium did not take then must be noted before more is sent
        ring.commit()
        self.boots.anchor()
        self.date_ok = None  # no reply has told yet; since an earlier one the clock may have been moved
        if self.pace.drains() and (keys.WINDOW in ring.state or keys.ASKED in ring.state):
            # The last boot may have ended with a request under way, and so may this one: the first is made at once, but
            # others wait, so that a board that resets in its uploads does not hammer the server.
            self.noted = True
            self.pace.back_off()
            ring.save(must=False)

    def step(self, action, *args):
        """Do what saves the state last, if at all, while others wait. Broken off, it leaves nothing: points of a range
        that is half noted would be lost."""
        return self.guarded(self._whole, action, *args)

    def _whole(self, action, *args):
        """If Ctrl-C, want of memory or a watchdog's exception comes before the state is saved, put the state back, but
        for what is void since."""
        ring = self.ring
        before, oldest, newest, at = ring.state.copy(), ring.oldest, ring.newest, ring.offset
        try:
            return action(*args)
        except BaseException as e:
            if not isinstance(e, self._meant) and ring.offset == at and ring.newest == newest and ring.oldest == oldest:
                after, ring.state = ring.state, before  # first: all else takes memory
                ring.dirty.update(after)
                ring.dirty.update(before)
                if keys.VOIDS in after:
                    before[keys.VOIDS] = after[keys.VOIDS]
            raise

    # The clock

    def cutoff(self):
        """Unix ms before which points have expired, 0 for never: judged by a clock that can be believed."""
        days = self.settings["max_age_days"]
        now = self.boots.now()
        if days is None or now is None or self.date_ok is False or now > BUILD_MS + _FIVE_YEARS_MS:
            return 0
        return max(0, now - int(days * _DAY_MS))

    def question(self, others):
        """A batch without points, if some have expired by a clock that no reply of this drain has told of; its Date
        will. Else None."""
        if self.date_ok is None and keys.EXPIRED in others:
            return load("upload.date", "Question")(self)

    def compare_clock(self, theirs):
        """A reply's Date is `theirs`, Unix ms: what it says of the board's clock, which it may set."""
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
        self.date_ok = abs(error) < _DAY_MS
        if settable and clock.agreed is not None:
            if clock.agreed and not self.date_ok:
                clock.ask_ms = 0  # it was put wrong since: the next upload asks NTP
            clock.agreed = self.date_ok
