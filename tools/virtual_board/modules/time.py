"""The port's `time`, but sleeping does not keep the processor busy and ends with Ctrl-C."""

from utime import *  # noqa: F403

import _board

_SLICE_MS = 200  # a Ctrl-C that came just before is noticed between two slices


def sleep(seconds):
    sleep_ms(seconds * 1000)


def sleep_ms(ms):
    while ms > 0:
        _board.sleep(min(ms, _SLICE_MS))
        ms -= _SLICE_MS


def sleep_us(us):
    sleep_ms(us / 1000)
