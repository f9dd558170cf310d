"""Numbers as a person says them: rounded, always to the safe side, with thousands set apart. Pure."""

import math

RETENTION_YEARS = 20  # for which makers of NOR flash promise that it keeps data; no count of erases promises more
_HOUR, _DAY = 3600, 86400
# Up to so many seconds a time is a multiple of so many, in such units.
_STEPS = (
    (10, 1, 1, "%g s"),
    (60, 5, 1, "%g s"),
    (120, 30, 1, "%g s"),
    (600, 60, 60, "%g minutes"),
    (_HOUR, 300, 60, "%g minutes"),
    (6 * _HOUR, 1800, _HOUR, "%g hours"),
    (2 * _DAY, _HOUR, _HOUR, "%g hours"),
    (math.inf, _DAY, _DAY, "%g days"),
)


def interval(seconds):
    """A time that is at least so long: 8449 as "2.5 hours"."""
    for most, step, unit, text in _STEPS:
        rounded = math.ceil(seconds / step) * step
        if rounded <= most:
            return (text % (rounded / unit)).replace("1 hours", "1 hour").replace("1 days", "1 day")


def count(number):
    """At most so many, to three digits: 41768 as "41,700"."""
    step = 10 ** max(0, len(str(int(number))) - 3)
    return "{:,}".format(int(number) // step * step)


def exactly(number):
    return "{:,}".format(math.ceil(number))


def days(number):
    """At most so long: 14.52 as "14 days", 0.4 as "9 hours", 1200 as "3 years"."""
    if number < 2:
        return "%d hours" % (number * 24)
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
        return "about %d months" % math.ceil(number * 12)
    return "about %d years" % number
