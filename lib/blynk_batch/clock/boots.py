"""Boots and uptime: the time that a reading is stored with.

With a trusted wall clock that is Unix ms. Without, it is the number of the boot and its uptime, and as soon as the
clock is known an anchor frame gives the boot's uptime 0 its Unix time (times.py reads it back). A boot takes its
number with the first reading or anchor that needs it. After a planned deep sleep the same boot goes on, and where the
board loses its clock with each sleep (RP2) that is so for ever: a new anchor follows whenever the clock was set again.
Anchors lie in the log, the last one also in each sector's header, so that none is lost with the sector that held it.
"""

from micropython import const

from ..errors import RingFull
from ..point import FIRST_MS, LAST_MS
from ..ring import record
from ..ring.state import ANCHOR, BOOT, SLEEP

_BURST_MS = const(1000)  # that readings within a millisecond may run ahead


class Boots:
    """Stamps readings; holds the boot's number, if it has one, and where its uptime started."""

    def __init__(self, ring, clock):
        self._ring = ring
        self.clock = clock
        # The board goes on from one client to the next, so that the boot does. A clock that only this client has: new.
        self._kept = clock.boots if hasattr(clock, "boots") else {}
        # It woke without the time, and will again | readings have this boot's uptime, or will, or that of the last one,
        # which never knew the time and ended before this one; no anchor follows yet
        is_unknown, chain = self.now() is None, ring.chain
        self.powered_on = hasattr(clock, "powered_on") and clock.powered_on()
        woke = 0 if self.powered_on else getattr(clock, "woke_ms", 0)
        self.boot, self._base, self._forgetful = self._kept.get((ring.key, ring.get(BOOT)), (0, -woke, is_unknown))
        self._open = bool(is_unknown or chain.boot or ring.get(ANCHOR) != ring.get(BOOT))
        if SLEEP in ring.state:
            if self.powered_on:
                self._save(None)  # durable: after a reset in this boot the next cannot know that the power was away
            elif not self.boot:
                note = ring.state[SLEEP]
                if len(note) == 1:  # see sleep()
                    note = chain.boot, chain.time + (note[0] >> 1), note[0] & 1
                self.boot, wake, is_open = note
                self._base = wake - int(woke if hasattr(clock, "woke_ms") else clock.uptime())
                self._open = self._open or is_open
                self._keep()
            ring.forget(SLEEP)
        # The latest stamp, and the pins that have it: of what lies there the last may be of this second
        self._last = chain.time + 1 if chain.pins and chain.boot in (0, self.boot) else FIRST_MS
        self._pins = b""

    def now(self):
        """Unix ms; None while the clock does not know it, or does not answer, as a clock chip may."""
        try:
            now = int(self.clock.now())
        except Exception:  # noqa: BLE001 - None is no number either
            return None
        return now if FIRST_MS <= now < LAST_MS else None  # as a timestamp: else it is in seconds, or broken

    def uptime(self):
        return self._base + int(self.clock.uptime())

    def number(self):
        """This boot's number; it takes one if it has none."""
        if not self.boot:
            ring = self._ring
            self.boot = ring.get(BOOT) + 1
            ring.set(BOOT, (self.boot,))
            self._keep()
        return self.boot

    def _keep(self):
        self._kept[(self._ring.key, self.boot)] = self.boot, self._base, self._forgetful

    def stamp(self, pins, now=None):
        """(0, Unix ms), or (boot, uptime ms) while the wall clock is not known; `now` if that was asked before.

        No pin gets one millisecond twice: a server may keep one value for each."""
        uptime = self.uptime()  # asked each time, before the ticks wrap
        now = now or self.now()
        if now is not None:
            if self._open:
                self.anchor()
            return 0, self._apart(pins, now)
        self._open = True
        return self.number(), self._apart(pins, uptime)

    def _apart(self, pins, time):
        if 0 <= self._last - time < _BURST_MS:
            again = False
            for pin in pins:
                again = again or pin in self._pins
            time = self._last + (1 if again else 0)
            self._pins = pins if again else self._pins + pins
        else:  # later; or the clock was set back
            self._pins = pins
        self._last = time
        return time

    def anchor(self):
        """Note the Unix time of this boot's uptime 0, once it is known and readings need it."""
        now = self.now()
        if self._open and now is not None:
            ring, boot, epoch = self._ring, self.number(), max(0, now - self.uptime())
            payload = bytearray()
            record.put_varint(payload, boot)
            ring.set(ANCHOR, (boot, epoch))
            if self._last < FIRST_MS:  # of uptime
                self._last += epoch
            try:
                ring.put(record.ANCHOR, payload + epoch.to_bytes(6, "little"))
                self._open = False
            except RingFull:
                pass  # noted once there is room; till then it counts in RAM, as acks do

    def mark(self):
        """(boot, uptime ms) to tell later how long ago this was; boot 0 where the wall clock alone will tell."""
        return (self.number() if self._forgetful else self.boot), max(0, self.uptime())

    def sleep(self, sleep_ms):
        """Note that the board wakes `sleep_ms` from now, if only that will tell the time then.

        In the state: (boot, uptime of the wake, 1 if there are readings without an anchor, or 0); shorter behind a
        reading of this boot, since there is a note for each wake: (2 * ms from the reading to the wake + the 1,)."""
        if not self._forgetful and not self._open:
            return
        self.anchor()
        boot, wake, is_open, chain = self.number(), self.uptime() + sleep_ms, int(self._open), self._ring.chain
        is_behind = chain.pins and chain.boot == boot and chain.time <= wake
        if is_behind:
            self._save(((wake - chain.time) * 2 + is_open,))
        if not is_behind or not chain.pins:  # or that reading is in another page now
            self._save((boot, wake, is_open))

    def _save(self, note):
        self._ring.set(SLEEP, note)
        try:
            self._ring.save()
        except RingFull:
            pass  # what room a full ring has is for acks
