"""The real `time`, but sleeping takes none of this machine's, and the wall clock can be as a board's after power-on.

    time.forget()    what an RP2 does at every reset: it is 2021-01-01 again, until its RTC is set
"""

import utime
from utime import *  # noqa: F403

_COLD_S = 1609459200
_behind_ns = 0
_slept_ms = 0


def forget():
    global _behind_ns
    _behind_ns = utime.time_ns() + _slept_ms * 1000000 - _COLD_S * 1000000000


def set_right():
    global _behind_ns
    _behind_ns = 0


def right_ns():
    return utime.time_ns() + _slept_ms * 1000000


def time_ns():
    return right_ns() - _behind_ns


def time():
    return time_ns() // 1000000000


def gmtime(seconds=None):
    return utime.gmtime(time() if seconds is None else seconds)


def ticks_ms():
    return utime.ticks_add(utime.ticks_ms(), _slept_ms)


def sleep_ms(ms):
    global _slept_ms
    _slept_ms += ms


def sleep(seconds):
    sleep_ms(int(seconds * 1000))
