"""The facade: what a program calls. It alone knows all other files; logging loads nothing of the upload."""

from . import let_go, load
from .ring import state as keys
from .clock.boots import Boots
from .clock.wall import BOARD
from .errors import Error, RingFull, UploadError
from .guard import Guard
from .point import FIRST_MS, check_ms, check_seconds, check_value, pin_number

_open_rings = {}  # key of the ring: the ring; two clients would write over each other
_closed = {}  # key of a ring that a client has closed: which close it was


class Client:
    """Keeps readings in `ring` until Blynk has accepted them.

    token           the device's auth token
    ring            a FileRing or BlockRing; FileRing("/blynk_batch.ring") if None
    server          "https://blynk.cloud" or the region's own, without a path
    transport       None: Requests(); or HTTPS(ca=...), or anything with its `post` method
    clock           None: the board's own; or an object with now() and uptime(), see clock/wall.py
    batch_points, batch_bytes   most points and bytes in one request (Blynk: 10,000 and 2 MB)
    points_per_day  most points sent in one day (UTC); None: the server decides
    max_age_days    older points are skipped and counted instead of sent; None: never
    regions         hosts, and what is below them, that a redirect may send the token to
    unsynced        "estimate" the time of boots that never learned it, or "drop" their points, counted
    debug           called with one line of text per event, such as print

    Raises ValueError or TypeError for a bad argument, Error if another client has the ring open, or closed it since."""

    def __init__(
        self,
        token,
        *,
        ring=None,
        server="https://blynk.cloud",
        transport=None,
        clock=None,
        batch_points=10000,
        batch_bytes=2000000,
        points_per_day=100000,
        max_age_days=None,
        regions=("blynk.cloud",),
        unsynced="estimate",
        debug=None,
    ):
        self._debug = debug
        arguments = load("arguments")
        arguments.check_token(token)
        self._token, self._server = token, arguments.check_server(server)
        self._settings = {
            "batch_points": batch_points,
            "batch_bytes": batch_bytes,
            "points_per_day": points_per_day,
            "max_age_days": max_age_days,
            "regions": regions,
            "unsynced": unsynced,
            "debug": debug and self.tell,
        }
        arguments.check_limits(self._settings, ring, transport, clock, debug)
        if ring is None:
            ring = load("rings", "FileRing")("/blynk_batch.ring")  # /blynk_batch would hide the library in /lib
        arguments.check_free(ring, _open_rings, _closed)
        let_go("arguments")  # only now: its bundle holds all that opening needs
        self.ring, self.transport, self.clock = ring, transport, clock or BOARD
        self._boots, self.guard = Boots(ring, self.clock), Guard()
        self._uploader = self._pace = self.last_error = self.uploading = None  # uploading: the Call under way
        self.released = b""  # pins whose ranges are to be tried
        self._open = 2  # 1 while it closes, 0 from then on
        _open_rings[ring.key] = ring  # last: a client that cannot be made must not hold the ring

    # Logging

    def log(self, pin, value, *, timestamp=None):
        """Store one reading, durable on return (with commit_every=N, when N have gathered).

        pin        0-255, "V1" or "v1"
        value      int within 64 bits, finite float, bool, str up to 1024 UTF-8 bytes, or (lon, lat);
                   None, NaN and infinities (a failed sensor) are skipped and counted
        timestamp  Unix milliseconds; None: now, also while the clock is not set

        ValueError or TypeError for what cannot be stored, RingFull if the ring refuses, Busy if eight readings
        already wait for a call that this one interrupts, OSError from the flash; then nothing is stored."""
        self.check_open()
        pin = pin_number(pin)  # few names: a function that needs more than 11 words of stack takes them from the heap
        value = check_value(pin, value)
        if value is None:
            return self._log(b"", (), timestamp, 1)
        self._log(bytes((pin,)), (value,), timestamp)

    def log_group(self, values, *, timestamp=None):
        """Store readings of several pins, {pin: value}, with one timestamp in one frame: all of them or none."""
        self.check_open()
        if not isinstance(values, dict):
            raise load("words", "bad_group")(values, 0)
        numbers = {}
        for pin in values:
            number = pin_number(pin)
            if number in numbers:
                raise load("words", "bad_group")(values, number)
            numbers[number] = check_value(number, values[pin])
        pins = bytes(sorted([pin for pin in numbers if numbers[pin] is not None]))
        self._log(pins, list(map(numbers.get, pins)), timestamp, len(numbers) - len(pins))

    def _log(self, pins, values, timestamp, skipped=0):
        check_ms("timestamp", timestamp, FIRST_MS)
        if pins or skipped:
            now = self._boots.now() if self.guard.held else None  # the call that this one interrupts may take a while
            self.guard.run(self._store, (pins, values, timestamp, now, skipped))

    def _store(self, pins, values, timestamp, now, skipped):
        self.check_open(1)  # once more: it may have waited while the client was closed
        if skipped:
            self.ring.add(keys.SKIPPED, skipped)
        if pins:
            boot = 0
            if timestamp is None:
                boot, timestamp = self._boots.stamp(pins, now)
            self.ring.log(boot, timestamp, pins, values)

    def flush(self):
        """With commit_every=N: make the readings that are still in RAM durable."""
        self.check_open()
        self.guard.run(self.ring.commit)

    # What is there

    @property
    def pending(self):
        """Data points that the server has not accepted yet."""
        self.check_books()
        return self.ring.pending

    def check_books(self):
        """Finish opening the ring; guarded, so that no callback's log() turns it meanwhile."""
        if self.ring.unchecked and not self.guard.held:
            self.guard.run(self.ring.check_books)

    def points(self):
        """What is pending, (pin, timestamp, value) in log order, one frame in RAM at a time. A timestamp that is
        not known yet is None. Refused points come first."""
        self.flush()
        return load("report", "client_points")(self, self._boots, self._settings["unsynced"])

    def stats(self, *, watchdog=None):
        """Lifetime counters of points, in a dict: logged, uploaded, dropped (overwritten, or cleared), skipped (no
        value), refused (RingFull), held (refused by the server, tried again daily), rejected (held, then given up),
        expired, estimated (times), corrupt (lost to damaged flash); of requests: requests, retried (later),
        smaller (too large), redirected (followed), stopped (invalid token); and pending, waiting_for_clock, bad_blocks,
        used_bytes, erases, last_success (Unix seconds or None), last_error (text or None), clock_error_s.

        watchdog  called meanwhile: where the clock is not set, a large backlog takes a board seconds to go through"""
        check_seconds("watchdog", 0, watchdog)
        return load("report", "client_stats")(self, self._boots, self._uploader, watchdog)

    def due(self, interval_s=900):
        """True when there is something to send, `interval_s` have passed since the last drain, and neither backoff
        nor budget forbids it. Refused points count once their next try is due. All this is kept across resets, the
        interval only if the clock is kept or the sleep was planned. After power-on the first drain waits at most a
        tenth of it and 30 s; later ones keep to a time in it that the token chooses: see upload/due.py."""
        self.check_open()
        check_seconds("interval_s", interval_s)
        pace = self.pace()
        return self.pending > 0 and self.guard.hold(load("upload.due", "is_due"), pace, interval_s)

    # Upload

    def upload(self, *, timeout_s=None, watchdog=None):
        """Send what is pending now; blocks. The Result says what came of it, for it raises nothing for the network's
        or the server's faults:

        uploaded, requests, pending    points accepted, requests made, points left
        error           None, an UploadError (see errors.py), MemoryError; RingFull or OSError 28: no room for an ack
        waiting         None; "backoff", "budget", "clock" (a point's time is not known yet) or "time" (timeout_s)
        retry_after_s   seconds until the next try makes sense, or None

        timeout_s  ends it between two chunks; a name lookup or TLS handshake under way can exceed it.
        watchdog   called every few milliseconds to seconds, between steps."""
        check_seconds("timeout_s", 0 if timeout_s is None else timeout_s, watchdog)
        call = self.call(timeout_s, watchdog)
        return call.run() if hasattr(call, "run") else call  # a Result: it could not be made

    async def run(self, is_online, *, interval=900, watchdog=None, poll_s=1, on_result=None):
        """Drain whenever `is_online()` is true and a drain is due, for ever; for asyncio. Cancelling it is safe.
        `on_result` is called with the Result of each drain. Either may be an async function.

        With HTTPS it lets other tasks run between chunks; `Requests` blocks for each request."""
        await load("upload.run", "run")(self, is_online, interval, watchdog, poll_s, on_result)

    def release(self, pin):
        """Try with the next upload what the server has refused of `pin`, at once and whole."""
        self.check_open()
        self.released += bytes((pin_number(pin),))
        if not self.uploading:  # else its end does it: until then it may hold them again
            self.guard.run(load("upload.ranges", "release_of"), (self,))

    def pace(self):
        """When to upload. That is all a board needs that wakes for a moment."""
        if self._pace is None:
            Pace = load("upload.pace", "Pace")
            self._pace = Pace(self.ring, self._boots, self._settings["points_per_day"], self._server, self._token)
        return self._pace

    def uploader(self):
        """The policy over this client's ring, loaded when it is first needed."""
        if self._uploader is None:
            if self.transport is None:
                self.transport = load("http.requests", "Requests")()
            uploader_of = load("upload.result", "uploader_of")
            self._uploader = uploader_of(self, self._boots, self._token, self._server, self._settings)
        return self._uploader

    def call(self, timeout_s, watchdog):
        """One upload's Call; a Result with the error if memory or a transport for it is missing."""
        failed = load("upload.result", "failed")  # first: later there may be no room for it
        self.check_open()
        try:
            for name in ("report", "ring.books", "upload.ranges", "upload.secret"):  # an upload takes all room
                let_go(name)
            if self.uploading and self.uploading.loop:  # a run()'s, whose event loop may be gone
                load("upload.run", "end_left")(self)
            self.check_books()  # while there is most room for it
            if hasattr(self.clock, "refresh"):
                self.clock.refresh(self, watchdog)
            self.uploader()
            return load("upload.call", "Call")(self, timeout_s, watchdog)
        except (UploadError, RingFull, MemoryError) as e:  # a callback's reading may have been refused
            return failed(self, e)

    def tell(self, text):
        """Hand `text` without the token to `debug`, whose exceptions count for nothing; return it."""
        text = load("upload.secret", "hide")(text, self._token)
        try:
            if self._debug:
                self._debug(text)
        except Exception:  # noqa: BLE001 - it only looks on
            pass
        return text

    # The end

    def prepare(self):
        """On raw flash erase the next sector ahead, so that no log() waits for it. upload() does it at its end; a
        program that logs for long between uploads can do it while idle."""
        if self._open and self.ring.medium.skips and not self.ring.failed:
            self.guard.run(load("ring.room", "prepare"), (self.ring,))

    def clear(self):
        """Drop everything pending, counted as dropped."""
        self.check_open()
        self.guard.run(self.ring.clear)

    def close(self, *, sleep_ms=None):
        """Make all durable and let go of the ring; before deep sleep note how long it is planned to last, so that
        readings without a clock keep their time. Twice does no harm.

        sleep_ms  int of 0 or more; None: no sleep is planned. ValueError or TypeError for anything else."""
        if self._open:
            check_ms("sleep_ms", sleep_ms)
            self.guard.run(self._close, (sleep_ms,))
            self._open = min(self._open, 1)  # a callback's close waits

    def _close(self, sleep_ms):
        self._open = 1  # from here on a callback's reading is refused; those that wait are stored
        self.guard.finish()
        try:
            if self.released:  # no upload will do it any more
                load("upload.ranges", "release_of")(self)
            if sleep_ms is not None:
                self._boots.sleep(sleep_ms)
        finally:  # also where memory ran out for that
            try:
                self.ring.close(sleep_ms is not None)
            finally:
                if _open_rings.get(self.ring.key) is self.ring:
                    _closed[self.ring.key] = _open_rings.pop(self.ring.key).opened
                self._open = 0  # last: if Ctrl-C comes before, close() can be called again

    def check_open(self, least=2):
        if self._open < least:
            raise Error("the client is closed")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        if not self._open:
            return "<Client closed>"
        ring = self.ring
        text = "<Client %s: %d pending" % (self._server, self.pending)
        held = ring.get(keys.HELD) and load("report", "held")(ring)
        for name, count in (("held", held), ("dropped", ring.get(keys.DROPPED)), ("rejected", ring.get(keys.REJECTED))):
            if count:
                text += ", %d %s" % (count, name)
        return text + (", last error: %s>" % self.last_error if self.last_error else ">")
