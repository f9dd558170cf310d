"""Sets the board's clock from the internet: by NTP, else by the Date of the server's reply. Loaded when that is due.

No answer is believed before it is checked, so a bad one moves nothing: ntptime.settime() takes the zero that an
overloaded server sends for 2036-02-07, and in some versions sets 1902 for what lies behind it.
"""

from micropython import const

from .wall import BUILD_MS, EPOCH_MS, SystemClock

_MINUTE_MS = const(60000)
_HOUR_MS = const(3600000)
_DAY_MS = const(86400000)
_TWENTY_YEARS_MS = 631152000000
_NTP_ZERO_MS = 2085978496000  # 2036-02-07 06:28:16
_MARCH_2000 = const(11017)  # in days since 1970


def set_clock():
    """Set the wall clock from the internet (NTP, by the firmware's ntptime): True if it is right then.

    Raises nothing. Not believed is a time before the library's build or 20 years after it, or within a day of
    2036-02-07: the clock stays as it is."""
    return _set(_ntp())


def _ntp():
    """Unix ms by NTP, or None."""
    try:
        import ntptime

        return ntptime.time() * 1000 + EPOCH_MS
    except Exception:  # noqa: BLE001 - a short reply raises IndexError or ValueError, a network anything
        return None


def believable(ms):
    return BUILD_MS <= ms < BUILD_MS + _TWENTY_YEARS_MS and not -_DAY_MS < ms - _NTP_ZERO_MS < _DAY_MS


def _set(ms):
    """Set the RTC to Unix `ms`, or None, if that can be believed. True if the clock shows it then."""
    if ms is None or not believable(ms):
        return False
    if not _shows(ms, 1000):
        try:
            import machine

            machine.RTC().datetime(_fields(ms // 1000))
        except Exception:  # noqa: BLE001 - no RTC, or one that takes no such date
            pass
    return _shows(ms, 3000)


def _shows(ms, within_ms):
    now = SystemClock().now()
    return now is not None and -within_ms < now - ms < within_ms


def _fields(seconds):
    """(year, month, day, weekday from Monday = 1, hours, minutes, seconds, 0): gmtime() ends in 2038 on some boards."""
    days = seconds // 86400
    seconds -= days * 86400
    weekday = (days + 3) % 7 + 1
    days -= _MARCH_2000  # every fourth year is a leap year from here to 2100
    year = (4 * days + 3) // 1461
    days -= 1461 * year // 4
    month = (5 * days + 2) // 153  # from March
    day = days - (153 * month + 2) // 5 + 1
    year, month = (2001 + year, month - 9) if month > 9 else (2000 + year, month + 3)
    return year, month, day, weekday, seconds // 3600, seconds // 60 % 60, seconds % 60, 0


def at_drain(uploader, clock, watchdog):
    """Before a drain, when it is due: ask NTP. A line a day while nothing at all tells the time."""
    watchdog = watchdog or int
    watchdog()
    now, uptime, answer = clock.now(), clock.uptime(), _ntp()
    watchdog()
    if answer and now is not None and clock.agreed and not -_DAY_MS < answer - now < _DAY_MS:
        answer = None  # the server's word is on the clock's side
    if _set(answer):
        clock.ask_ms, clock.heard_ms = uptime + _DAY_MS, uptime
        uploader.event("clock set by NTP")
        return
    clock.ask_ms = uptime + _HOUR_MS
    if uptime - clock.heard_ms >= _DAY_MS:
        clock.heard_ms = uptime
        words = "wait on the flash until there is one" if now is None else "get the time that the clock shows by itself"
        uploader.event("no network time for a day, neither by NTP nor from the server: readings %s" % words)


def ask(uploader, end):
    """Where NTP did not answer most readings wait: have a reply, whose Date will do. False if none came, which ends the
    drain."""
    from ..upload.expiry import Question

    pin = uploader.guarded(_first_pin, uploader.ring, end)
    if pin < 0:
        return True
    question = Question(pin)
    if _verified(uploader):
        # The handshake may fail for the date, so that is asked for first, without TLS and without the token.
        question.url = "http://%s/" % uploader.server[8:].split(":")[0]
        uploader.verifies = False
        yield from uploader.send(question)
        uploader.verifies = True
        if uploader.boots.now() is not None:
            return True
        question.url = None
    reply = yield from uploader.send(question)
    return isinstance(reply, tuple) or uploader.guarded(uploader._outcome, None, question, reply)


def _first_pin(ring, end):
    """The pin of the first reading that is pending, or -1."""
    reader = ring.reader(tuple(ring.cursor()), end)
    while reader.next():
        if reader.chain.pins:
            return reader.chain.pins[0]
    return -1


def _verified(uploader):
    return uploader.verifies and uploader.server.startswith("https:")


def heard(uploader, clock, date):
    """A reply's Date, Unix ms, to a board without the time. It is believed if the server proved who it is, or if no time
    that the ring knows of is later, or if an hour ago it was the same clock's: the ring's may have been the wrong one.

    A first verified reply puts a clock right that an unverified one had set."""
    from ..ring import state as keys

    ring, uptime, proof = uploader.ring, clock.uptime(), _verified(uploader)
    now = clock.now()
    if now is not None:
        if proof:
            clock.unproven = False
            if not -_DAY_MS < date - now < _DAY_MS:
                _set(date)
        return
    doubt, clock.doubt = clock.doubt, clock.doubt or (date - uptime, uptime)
    latest = max(ring.get(keys.LAST_SUCCESS) * 1000, ring.get(keys.KNOWN))
    same = doubt and uptime - doubt[1] >= _HOUR_MS and -_MINUTE_MS < date - uptime - doubt[0] < _MINUTE_MS
    if (proof or date >= latest or same) and _set(date):
        clock.unproven = not proof
        uploader.event("clock set by the server's Date, since NTP does not answer")
        uploader.guarded(uploader.boots.anchor, clock.now())
