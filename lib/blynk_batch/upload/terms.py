"""What a drain goes by, and what an acceptance changes of it: the server, a batch's size, the pins that it failed for.

Knows the state and the settings; no frames, no socket, and not what is sent next: uploader.py does.
"""

# pyright: reportAttributeAccessIssue=false
# The other half of these attributes is uploader.py's.

from array import array

from micropython import const

from .. import blynk as api, load
from ..ring import state as keys
from .belief import Belief
from .result import DrainEnds

_HOUR_S = const(3600)
_DAY_MS = const(86400000)
_FAILED_BYTES = const(64)
_IN_DOUBT, _FIRST = const(3), const(1)  # a kind of ranges and a plan for them, see ranges.py
_BUFFERED_BYTES = const(4096)  # of a batch that goes out in one piece


class Terms(Belief):
    """`settings` as Client takes them; `tally` is for the counts of windows."""

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
        """The first acceptance of a drain: what is in doubt was refused for its content. It is searched once the
        windows are through, and open up to there."""
        ring, self.trusted = self.ring, True
        for key in keys.range_keys(ring.state):
            value, pins = ring.state[key], ring.state[key][7:]
            if value[4] & 3 == _IN_DOUBT:
                is_open, end = value[4] & keys.OPEN_END, (value[0] + value[2], value[3])
                places = [self.refused.get(pin, (-1, 0)) for pin in pins]
                unasked = min(places) < value[:2] or not (is_open or max(places) < end)
                ring.set(key, value[:4] + (is_open, 0 if unasked else _FIRST, 0) + pins)
        ring.forget(keys.DOUBT)
