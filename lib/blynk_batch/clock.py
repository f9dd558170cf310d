"""Wall clock, uptime and boots: the time that a reading is stored with.

With a trusted wall clock that is Unix ms. Without, it is the number of the boot and its uptime, and as soon as the
clock is known an anchor frame gives the boot's uptime 0 its Unix time (times.py reads it back). A boot takes its
number with the first reading that needs it. After a planned deep sleep the same boot goes on.
"""

import time

from micropython import const

from . import record

# State keys: the last boot's number; (boot, Unix ms of its uptime 0); (boot, uptime ms at the planned wake)
BOOT, ANCHOR, SLEEP = const(64), const(65), const(66)
KNOWN = const(67)  # Unix ms of the last point delivered: what comes later is never older

BUILD_MS = 1793491200000  # 2026-11-01: a clock that shows less is not set
_EPOCH_MS = 946684800000 if time.gmtime(0)[0] == 2000 else 0
_PERIOD = time.ticks_add(0, -1) + 1  # of ticks_ms  # pyright: ignore


class SystemClock:
    """The board's own clock. `now()` is Unix ms, or None while the wall clock is not set (an ESP32 starts in 2000,
    an RP2 in 2021 after every hard reset: both are before this library was built)."""

    def __init__(self):
        self._ticks = time.ticks_ms()
        self._uptime_ms = 0

    def now(self):
        if hasattr(time, "time_ns"):
            now = time.time_ns() // 1000000 + _EPOCH_MS
        else:
            now = int(time.time()) * 1000 + _EPOCH_MS
        return now if now >= BUILD_MS else None

    def uptime(self):
        """Milliseconds since the object was made; right as long as it is asked once in 12 days."""
        ticks = time.ticks_ms()
        passed = time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        self._uptime_ms += passed if passed >= 0 else passed + _PERIOD
        return self._uptime_ms

    def powered_on(self):
        """True if the board came from power-off, so that no planned sleep explains the time in between."""
        try:
            import machine

            return machine.reset_cause() == machine.PWRON_RESET
        except (ImportError, AttributeError):
            return False


class Boots:
    """Stamps readings; holds the boot's number, if it has one, and where its uptime started."""

    def __init__(self, ring, clock):
        self._ring = ring
        self._clock = clock
        self.boot = self._base = 0
        self._anchored = False
        slept = ring.state.get(SLEEP)
        if slept:
            ring.set(SLEEP, None)
            # A mark that readings have passed is from an earlier sleep.
            stale = slept[0] < ring.boot or (ring.boot == slept[0] and ring.boot_time > slept[1])
            cold = hasattr(clock, "powered_on") and clock.powered_on()
            if not stale and not cold:
                self.boot, self._base = slept
                self._base -= clock.uptime()
                anchor = ring.state.get(ANCHOR)
                self._anchored = bool(anchor and anchor[0] == self.boot)

    def now(self):
        return self._clock.now()

    def uptime(self):
        return self._base + self._clock.uptime()

    def stamp(self):
        """(0, Unix ms), or (boot, uptime ms) while the wall clock is not known."""
        now = self._clock.now()
        if now is not None:
            self.anchor(now)
            return 0, now
        if not self.boot:
            ring = self._ring
            self.boot = max(ring.get(BOOT), ring.boot) + 1
            ring.set(BOOT, (self.boot,))
        return self.boot, self.uptime()

    def anchor(self, now):
        """Note the Unix time of this boot's uptime 0, once it is known and needed."""
        if self.boot and not self._anchored and now is not None:
            epoch = max(0, now - self.uptime())
            payload = bytearray()
            record.put_varint(payload, self.boot)
            payload.extend(epoch.to_bytes(6, "little"))
            self._ring.put(record.ANCHOR, payload)
            self._ring.set(ANCHOR, (self.boot, epoch))
            self._anchored = True

    def sleep(self, sleep_ms):
        """Note that the board wakes `sleep_ms` from now, if there are readings whose time hangs on it."""
        if self.boot and not self._anchored:
            self._ring.save_value(SLEEP, (self.boot, self.uptime() + sleep_ms))


def set_clock():
    """Set the wall clock from the internet (NTP, by the firmware's ntptime): True if that worked."""
    try:
        import ntptime

        ntptime.settime()
        return True
    except (ImportError, OSError, OverflowError, IndexError):
        return False
