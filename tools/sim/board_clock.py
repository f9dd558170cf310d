"""A simulated board's sense of time: true time, what its clock shows, its ticks, and what a reset does to them.

    clock = BoardClock("rp2", now_ms)          just powered on, at true Unix ms `now_ms`
    clock.install()                            `time`, `machine` and `ntptime` are the board's from here on
    clock.wait(ms)                             time passes
    clock.reset(clock.DEEPSLEEP_RESET)         an ESP32 keeps the time then, an RP2 does not

Programs see only the modules. machine.deepsleep() raises Asleep. Runs on MicroPython; knows nothing of flash or rings.
"""

import sys
import time as _real

_COLD_MS = {"esp32": 946684800000, "rp2": 1609459200000}
_EPOCH_2000_MS = 946684800000
PERIOD = 1 << 30  # of a board's ticks
_OWN_EPOCH_S = _EPOCH_2000_MS // 1000 if _real.gmtime(0)[0] == 2000 else 0  # of the MicroPython that simulates
_MONTHS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)  # days before each


def date_of(unix_s):
    """gmtime() of seconds since 1970, whatever this MicroPython counts from."""
    return _real.gmtime(unix_s - _OWN_EPOCH_S)


class Asleep(BaseException):
    """The program has called machine.deepsleep(`ms`)."""

    def __init__(self, ms):
        self.ms = ms


class BoardClock:
    """
    now_ms      true Unix ms        shown_ms  what the board's clock shows
    starting_ms  from reset to main.py, of which the ticks see all but the last reset's `unseen_ms`
    ntp         the ms by which its answer differs from the true time; an exception, which is raised; or the Unix ms
                of an answer, as a str
    """

    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5

    def __init__(self, port, now_ms, starting_ms=800):
        self.port = port
        self.now_ms = now_ms
        self.starting_ms = starting_ms
        self.ntp = 0
        self.reset(self.PWRON_RESET)

    def reset(self, cause):
        self.cause = cause
        if self.port == "rp2" and cause != self.SOFT_RESET or cause == self.PWRON_RESET:
            self.shown_ms = _COLD_MS[self.port]
        if cause != self.SOFT_RESET:
            self.ticks = 0
        self.wait(self.starting_ms)

    def wait(self, ms):
        self.now_ms += ms
        self.shown_ms += ms
        self.ticks += ms

    def sleep(self, ms):
        """Deep sleep of `ms`, and the wake after it."""
        self.wait(ms)
        self.reset(self.DEEPSLEEP_RESET if self.port == "esp32" else self.WDT_RESET)

    def off(self, ms):
        """Without power for `ms`."""
        self.wait(ms)
        self.reset(self.PWRON_RESET)

    def answer_ms(self):
        if isinstance(self.ntp, Exception):
            raise self.ntp
        return int(self.ntp) if isinstance(self.ntp, str) else self.now_ms + self.ntp

    def settime(self):
        """What the firmware's ntptime does: whatever the answer is, that is the time."""
        self.shown_ms = self.answer_ms()

    def deepsleep(self, ms):
        raise Asleep(ms)

    def install(self):
        modules = {"time": Time(self), "machine": Machine(self), "ntptime": Ntp(self)}
        sys.modules.update(modules)


class Ntp:
    def __init__(self, clock):
        self._clock = clock
        self.settime = clock.settime
        self.asked = 0

    def time(self):
        """Seconds since the board's epoch."""
        self.asked += 1
        epoch_ms = _EPOCH_2000_MS if self._clock.port == "esp32" else 0
        return (self._clock.answer_ms() - epoch_ms) // 1000


class Rtc:
    """Takes a date as a board does: fields that are none are an error, and so is a weekday of another date."""

    def __init__(self, clock):
        self._clock = clock

    def datetime(self, fields):
        year, month, day, weekday, hours, minutes, seconds, _ = fields
        days = (year - 1970) * 365 + (year - 1969) // 4 + _MONTHS[month - 1] + day - 1 + (month > 2 and year % 4 == 0)
        unix = days * 86400 + hours * 3600 + minutes * 60 + seconds
        back = date_of(unix)
        assert tuple(back[:6]) == (year, month, day, hours, minutes, seconds) and back[6] + 1 == weekday, fields
        self._clock.shown_ms = unix * 1000


class Machine:
    """Resets and sleep; give it more attributes for a program that asks for more."""

    def __init__(self, clock):
        self._clock = clock
        self.deepsleep = clock.deepsleep
        self.RTC = lambda: Rtc(clock)
        for name in ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET"):
            setattr(self, name, getattr(clock, name))

    def reset_cause(self):
        return self._clock.cause


class Time:
    def __init__(self, clock):
        self._clock = clock
        self._epoch_ms = _EPOCH_2000_MS if clock.port == "esp32" else 0

    def _shown_ms(self):
        return self._clock.shown_ms - self._epoch_ms

    def time(self):
        return self._shown_ms() // 1000

    def time_ns(self):
        return self._shown_ms() * 1000000

    def gmtime(self, seconds=None):
        if seconds is None:
            seconds = self._shown_ms() // 1000
        elif seconds >> 31:  # as on some boards
            raise OverflowError("overflow converting long int to machine word")
        return date_of(seconds + self._epoch_ms // 1000)

    def ticks_ms(self):
        return self._clock.ticks % PERIOD

    def ticks_us(self):
        return self._clock.ticks * 1000 % PERIOD

    def ticks_add(self, ticks, delta):
        return (ticks + delta) % PERIOD

    def ticks_diff(self, a, b):
        half = PERIOD // 2
        return (a - b + half) % PERIOD - half

    def sleep_ms(self, ms):
        self._clock.wait(ms)

    def sleep(self, seconds):
        self._clock.wait(int(seconds * 1000))
