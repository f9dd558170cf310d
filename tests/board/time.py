"""The real `time`, with a wall clock that can be as a board's is after power-on, and that only `ntptime` sets.

    time.forget()    what an RP2 does at every reset: it is 2021-01-01 again
"""

import utime
from utime import *  # noqa: F403

_COLD_S = 1609459200
_behind_ns = 0


def forget():
    global _behind_ns
    _behind_ns = utime.time_ns() - _COLD_S * 1000000000


def set_right():
    global _behind_ns
    _behind_ns = 0


def time_ns():
    return utime.time_ns() - _behind_ns


def time():
    return time_ns() // 1000000000


def gmtime(seconds=None):
    return utime.gmtime(time() if seconds is None else seconds)
