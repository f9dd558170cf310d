"""Numbers as a person says them: rounded, always to the safe side, with thousands set apart. Pure."""

import math

RETENTION_YEARS = 20  # for which makers of NOR flash promise that it keeps data; no count of erases promises more
_HOUR, _DAY = 3600, 86400
# Up to so many seconds a time is a multiple of so many, in such units.
_STEPS = (
    (10, 1, 1, "s"),
    (60, 5, 1, "s"),
    (120, 30, 1, "s"),
    (600, 60, 60, "minutes"),
    (_HOUR, 300, 60, "minutes"),
    (6 * _HOUR, 1800, _HOUR, "hours"),
    (2 * _DAY, _HOUR, _HOUR, "hours"),
    (math.inf, _DAY, _DAY, "days"),
)


def _of(number, unit):
    """3 "hours", 1 "hour"."""
    return "%.10g %s" % (number, unit if number != 1 or unit == "s" else unit[:-1])


def round_up(seconds):
    """(what interval() says, in seconds; the unit's; its name)"""
    for most, step, unit, name in _STEPS:
        rounded = math.ceil(seconds / step) * step
        if rounded <= most:
            return rounded, unit, name


def interval(seconds):
    """A time that is at least so long: 8449 as "2.5 hours"."""
    rounded, unit, name = round_up(seconds)
    return _of(rounded / unit, name)


def count(number):
    """At most so many, to three digits: 41768 as "41,700"."""
    step = 10 ** max(0, len(str(int(number))) - 3)
    return "{:,}".format(int(number) // step * step)


def exactly(number):
    return "{:,}".format(math.ceil(number))


def days(number):
    """At most so long: 14.52 as "14 days", 0.4 as "9 hours", 1200 as "3 years"."""
    if number < 2:
        return _of(int(number * 24), "hours")
    if number >= RETENTION_YEARS * 365.25:
        return "more than %d years" % RETENTION_YEARS
    if number >= 2 * 365.25:
        return "%d years" % (number / 365.25)
    return "%s days" % count(number)


def years(number):
    """About so long, and no longer than flash promises to keep data."""
    if number >= RETENTION_YEARS:
        return "longer than the %d years for which flash keeps data" % RETENTION_YEARS
    if number < 2:
        return "about " + _of(math.ceil(number * 12), "months")
    return "about %d years" % number
