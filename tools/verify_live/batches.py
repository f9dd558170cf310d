"""The batches that are sent, each with values of its own, so that what comes back tells which of them were stored.

Pure: knows the documented limits and what the library assumes, and nothing of HTTP.
"""

import json
from typing import NamedTuple

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
MOST_POINTS = 10_000
DAILY_POINTS = 100_000
# The values of a batch that begins with the number n, by the datastream's type.
_VALUES = {
    "double": lambda n: n + 0.5,
    "integer": lambda n: n,
    "enum": lambda n: n,
    "string": lambda n: "check %d" % n,
    "boolean": lambda n: n % 2 == 1,
    "location": lambda n: [n + 0.5, n / 2],
}
TYPES = tuple(_VALUES)
_DELIVERED, _HELD = "accepted is delivered", "refused: held, tried daily; at 200 counted as delivered"


class Batch(NamedTuple):
    """`assumed`: what the library does so that it is right whatever the service does."""

    name: str
    pin: str
    points: list
    assumed: str

    @property
    def body(self):
        return json.dumps(self.points, separators=(",", ":")).encode()

    @property
    def values(self):
        """As people read them."""
        texts = list(dict.fromkeys(json.dumps(value) for _, value in self.points))
        return " ".join(texts[:3]) + (" ..." if len(texts) > 3 else "")


def batches(pins, unknown_pin, now_ms):
    """All batches in the order in which they are sent. `pins` {pin: type}: the first gets all, the others one good and
    one bad batch each."""
    (pin, kind), *others = pins.items()

    def batch(name, first, times, assumed, pin=pin, kind=kind):
        return Batch(name, pin, [[ms, _VALUES[kind](first + min(i, 2))] for i, ms in enumerate(times)], assumed)

    def days(number):
        """Three whole minutes, so many days ago."""
        return [(now_ms - number * DAY_MS) // MINUTE_MS * MINUTE_MS - index * MINUTE_MS for index in (3, 2, 1)]

    def wrong(pin, kind):
        return Batch("wrong type", pin, [[now_ms, 1.5 if kind == "string" else "not a number"]], "refused: held")

    valid = batch("valid", 11, days(0), _DELIVERED)
    found = [
        valid,
        valid._replace(name="repeated", assumed="may be kept twice: a repeat only after a lost reply"),
        batch("equal times", 21, [now_ms - 10 * MINUTE_MS] * 2, "one may replace the other"),
        batch("1 day old", 31, days(1), _DELIVERED),
        batch("35 days old", 34, days(35), _HELD),
        batch("61 days old", 37, days(61), _HELD),
        batch("95 days old", 41, days(95), _HELD),
        batch("35 days ahead", 44, days(-35), _HELD),
        batch("old and new", 47, [now_ms - 95 * DAY_MS, now_ms - 5 * MINUTE_MS], "refused: the new one is found"),
        wrong(pin, kind),
        batch("unknown pin", 52, [now_ms], "refused: held", unknown_pin),
        batch("too many", 61, range(now_ms - MOST_POINTS * 100, now_ms + 1, 100), "refused: halved"),
    ]
    for other in others:
        found += [batch("valid " + other[1], 71, days(0), _DELIVERED, *other), wrong(*other)]
    return found


def daily(pin, kind, now_ms, sent):
    """Full batches that pass the documented number of points a day, with what was `sent` before."""
    for number in range(1, (DAILY_POINTS - sent) // MOST_POINTS + 2):
        first_ms = now_ms - number * MOST_POINTS * 10 - DAY_MS // 4
        points = [[first_ms + i * 10, _VALUES[kind](62)] for i in range(MOST_POINTS)]
        yield Batch("a day's points, %d" % number, pin, points, "points_per_day=100_000, then the reply decides")
