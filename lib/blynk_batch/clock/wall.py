"""The board's own clock: wall clock and uptime, and whether the wall clock can be believed. Knows no ring.

network.py sets it; boots.py makes timestamps of it.
"""

import time

from micropython import const

from .. import let_go, load

BUILD_MS = 1793491200000  # 2026-11-01: a clock that shows less is not set
EPOCH_MS = 946684800000 if time.gmtime(0)[0] == 2000 else 0
_LAST = time.ticks_add(0, -1)  # of ticks_ms before they wrap: all its bits are set  # pyright: ignore
_STARTING_MS = const(60000)  # more than any board takes to get here from its reset


class SystemClock:
    """The board's own clock. `now()` is Unix ms, or None while the wall clock is not set (an ESP32 starts in 2000,
    an RP2 in 2021 after every hard reset: both are before this library was built)."""

    woke_ms = 0  # what uptime() was when the board woke
    # For network.py and date.py: the uptime from which to ask for the time again, and at which it was last heard | a
    # reply's Date agrees; None: only an unverified one says so
    ask_ms = heard_ms = 0
    agreed = False

    def __init__(self):
        self.boots = {}  # see boots.py
        self._ticks = ticks = time.ticks_ms()
        # They count from the reset, so that the seconds of starting up are no gap between sleeps; not so after a soft
        # reset, where they have gone on, or in a later client of the boot: up for a minute at least, it woke just now.
        try:
            import machine

            cause = machine.reset_cause()
        except (ImportError, AttributeError):
            machine = cause = None
        self._is_power_on = getattr(machine, "PWRON_RESET", -1) == cause
        is_soft = getattr(machine, "SOFT_RESET", -1) == cause
        if 0 <= ticks < _STARTING_MS and not is_soft:  # pyright: ignore
            self._uptime_ms = ticks
        else:
            self._uptime_ms = self.woke_ms = _STARTING_MS

    def now(self):
        now = time.time_ns() // 1000000 + EPOCH_MS
        return now if now >= BUILD_MS else None

    def uptime(self):
        """Milliseconds since the board was reset; right as long as it is asked once in 12 days."""
        ticks = time.ticks_ms()
        self._uptime_ms += time.ticks_diff(ticks, self._ticks) & _LAST  # no jump: a callback may ask in between
        self._ticks = ticks
        return self._uptime_ms

    def refresh(self, client, watchdog):
        """Ask the network for the time if it was not asked yet in this boot, or not for a day (an hour where NTP did
        not answer), or none is known; not while uploads wait."""
        if (self.uptime() >= self.ask_ms or self.now() is None) and not client.uploading and not client.pace().wait_s():
            try:
                load("clock.network", "ask")(self, client, watchdog)
            except MemoryError:  # then the clock goes on as it does
                pass
            let_go("clock.network")

    def powered_on(self):
        """True if the board came from power-off, so that no planned sleep explains the time in between."""
        return self._is_power_on


BOARD = SystemClock()  # one for all clients: its ticks count on from one to the next
