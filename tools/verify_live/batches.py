"""The batches that are sent, each with values of its own, so that Blynk's export tells which of them were stored.

Pure: knows the documented limits and nothing of HTTP.
"""

import json
from typing import NamedTuple

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
MOST_POINTS = 10_000
TYPES = ("double", "integer", "string")


class Batch(NamedTuple):
    """`values` is how people read which values it holds; `look` what to find out in Blynk's export."""

    name: str
    pin: str
    points: list
    values: str
    look: str

    @property
    def body(self):
        return json.dumps(self.points, separators=(",", ":")).encode()


def batches(pin, unknown_pin, kind, now_ms):
    """All batches in the order in which they are sent; `kind` is the datastream's type, one of TYPES."""

    def batch(name, first, times, look, to=pin):
        values = [_value(kind, first, index) for index in range(min(3, len(times)))]
        points = [[ms, values[min(index, 2)]] for index, ms in enumerate(times)]
        return Batch(name, to, points, " ".join(map(str, values)), look)

    valid = batch("valid", 11, _minutes(now_ms, 3), "each once, at the minute it names")
    wrong = "not a number" if kind != "string" else 1.5
    return [
        valid,
        valid._replace(name="repeated", look="the same values once or twice: does Blynk merge what is repeated?"),
        batch("two months old", 21, _minutes(now_ms - 61 * DAY_MS, 3), "there, and 61 days ago?"),
        batch("in the future", 31, _minutes(now_ms + DAY_MS, 3), "there, and tomorrow?"),
        Batch("wrong type", pin, [[now_ms, wrong]], str(wrong), "not there"),
        batch("unknown pin", 51, [now_ms], "no datastream %s came to be" % unknown_pin, to=unknown_pin),
        batch("too many", 61, range(now_ms - MOST_POINTS * 100, now_ms + 1, 100), "none of these, not even the first"),
    ]


def _minutes(end_ms, count):
    return [end_ms - (count - index) * MINUTE_MS for index in range(count)]


def _value(kind, first, index):
    return "check %d" % (first + index) if kind == "string" else first + index
