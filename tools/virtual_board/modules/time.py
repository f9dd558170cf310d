"""The port's `time`, but sleeping does not keep the processor busy and ends with Ctrl-C."""

from utime import *  # noqa: F403

import _board


def sleep(seconds):
    _board.sleep(seconds * 1000)


def sleep_ms(ms):
    _board.sleep(ms)


def sleep_us(us):
    _board.sleep(us / 1000)
