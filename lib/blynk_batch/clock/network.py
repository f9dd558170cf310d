"""Sets the board's clock from the internet, by NTP. Loaded when that is due; date.py serves where NTP is blocked.

No answer is believed before it is checked, so a bad one moves nothing: ntptime.settime() takes the zero that an
overloaded server sends for 2036-02-07, and in some versions sets 1902 for what lies behind it.
"""

import time

from micropython import const

from .wall import BUILD_MS, EPOCH_MS, SystemClock

_HOUR_MS = const(3600000)
_DAY_MS = const(86400000)
_TWENTY_YEARS_MS = const(631152000000)
_NTP_ZERO_MS = const(2085978496000)  # 2036-02-07 06:28:16
_FIRST_S, _STEPS = const(10), const(9)  # of the backoff, see upload/pace.py
_CYCLE_S = const(883612800)  # 28 years, after which days of the week and leap years are the same


def set_clock():
    """Set the wall clock from the internet (NTP, by the firmware's ntptime): True if it is right then.

    Raises nothing. Not believed is a time before the library's build or 20 years after it, or within a day of
    2036-02-07: the clock stays as it is."""
    return set_to(_ntp())


def _ntp():
    """Unix ms by NTP, or None."""
    try:
        import ntptime

        return ntptime.time() * 1000 + EPOCH_MS
    except Exception:  # noqa: BLE001 - a short reply raises IndexError or ValueError, a network anything
        return None


def set_to(now):
    """Set the RTC to this Unix time in ms, or None, if it can be believed. True if the clock shows it then."""
    if now is None or not BUILD_MS <= now < BUILD_MS + _TWENTY_YEARS_MS or -_DAY_MS < now - _NTP_ZERO_MS < _DAY_MS:
        return False
    if not _shows(now, 1000):
        try:
            import machine

            machine.RTC().datetime(_fields(now // 1000))
        except Exception:  # noqa: BLE001 - no RTC, or one that takes no such date
            pass
    return _shows(now, 3000)


def _shows(now, within):
    shown = SystemClock().now()
    return shown is not None and -within < shown - now < within


def _fields(seconds):
    """(year, month, day, weekday from Monday = 1, hours, minutes, seconds, 0): gmtime() ends in 2038 on some boards."""
    later = seconds >> 31
    found = time.gmtime(seconds - EPOCH_MS // 1000 - later * _CYCLE_S)
    return (found[0] + 28 * later,) + found[1:3] + (found[6] + 1,) + found[3:6] + (0,)


def _note(ring, key, value):
    from ..errors import Error  # here: set_clock() alone loads neither them nor a ring

    ring.set(key, value)
    try:
        ring.save(must=False)
    except (Error, OSError):  # what comes next says so
        pass


def ask(clock, client, watchdog):
    """Before a drain, when it is due: ask NTP. A line a day while nothing at all tells the time."""
    from ..ring.state import BACKOFF

    tell, run, ring = client.tell, client.guard.run, client.ring
    before, step = ring.state.get(BACKOFF), min(_STEPS, ring.get(BACKOFF) + 1)
    if watchdog:  # it may bite in the name lookup: the boot after that waits before it looks up again, ever longer
        run(_note, (ring, BACKOFF, (step, 0, _FIRST_S << (step - 1))))
        watchdog()
    now, uptime, answer = clock.now(), clock.uptime(), _ntp()
    if watchdog:
        watchdog()
        run(_note, (ring, BACKOFF, before))
    if answer and now is not None and clock.agreed and not -_DAY_MS < answer - now < _DAY_MS:
        answer = None  # the server's word is on the clock's side
    if set_to(answer):
        clock.ask_ms, clock.heard_ms = uptime + _DAY_MS, uptime
        tell("clock set by NTP")
        return
    clock.ask_ms = uptime + _HOUR_MS
    if uptime - clock.heard_ms >= _DAY_MS:
        clock.heard_ms = uptime
        what = "wait on the flash until there is one" if now is None else "get the time that the clock keeps alone"
        tell("no network time for a day, neither by NTP nor from the server: readings " + what)
