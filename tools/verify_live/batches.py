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
    value = _VALUES[kind]

    def batch(name, first, times, assumed, to=pin, of=value):
        return Batch(name, to, [[ms, of(first + min(index, 2))] for index, ms in enumerate(times)], assumed)

    def old(days, first, assumed, name=None):
        return batch(name or "%d days old" % days, first, _minutes(now_ms - days * DAY_MS), assumed)

    valid = batch("valid", 11, _minutes(now_ms), "accepted is delivered")
    held = "refused: held, tried daily; at 200 counted as delivered"
    found = [
        valid,
        valid._replace(name="repeated", assumed="may be kept twice: a repeat only after a lost reply"),
        batch("equal times", 21, [now_ms - 10 * MINUTE_MS] * 2, "one may replace the other"),
        old(1, 31, "accepted is delivered", "1 day old"),
        old(35, 34, held),
        old(61, 37, held),
        old(95, 41, held),
        old(-35, 44, held, "35 days ahead"),
        batch("old and new", 47, [now_ms - 95 * DAY_MS, now_ms - 5 * MINUTE_MS], "refused: the new one is found"),
        batch("wrong type", 51, [now_ms], "refused: held", of=lambda n: wrong_value(kind)),
        batch("unknown pin", 52, [now_ms], "refused: held", to=unknown_pin),
        batch("too many", 61, range(now_ms - MOST_POINTS * 100, now_ms + 1, 100), "refused: halved"),
    ]
    for pin, kind in others:
        found.append(batch("valid " + kind, 71, _minutes(now_ms), "accepted is delivered", pin, _VALUES[kind]))
        found.append(batch("wrong type", 51, [now_ms], "refused: held", pin, lambda n, kind=kind: wrong_value(kind)))
    return found


def daily(pin, kind, now_ms, sent):
    """Full batches that pass the documented number of points a day, with what was `sent` before."""
    count = (DAILY_POINTS - sent) // MOST_POINTS + 1
    for number in range(count):
        first_ms = now_ms - (number + 1) * MOST_POINTS * 10 - DAY_MS // 4
        points = [[first_ms + i * 10, _VALUES[kind](62)] for i in range(MOST_POINTS)]
        yield Batch("a day's points, %d" % (number + 1), pin, points, "points_per_day=100_000, then the reply decides")


def wrong_value(kind):
    return 1.5 if kind == "string" else "not a number"


def _minutes(end_ms):
    """Three whole minutes before."""
    return [(end_ms // MINUTE_MS - 3 + index) * MINUTE_MS for index in range(3)]
