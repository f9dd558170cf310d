"""What Blynk documents about a timestamped batch upload: shapes, limits, and the exact text of every refusal.

Pure: bytes and text in, points or a Refusal out. Knows neither HTTP sockets nor the database. Where the
documentation says nothing (malformed JSON, a limit reached), the status is 400 with a text of our own,
which a device must treat as unknown.
"""

import json
import math
import re
from dataclasses import dataclass
from typing import NamedTuple, Optional

PATH = "/external/api/batch/update"

INVALID_TOKEN = "Invalid token."
WRONG_PIN = "Wrong pin format."
TOO_MUCH_DATA = "Too much data in batch. Maximum batch size is %d points."
UNKNOWN_CONTENT_TYPE = "Unknown content type."
TYPE_MISMATCH = "Value doesn't match the Datastream data type"
NO_DATASTREAM = "No datastream setup for that pin."

TYPES = ("string", "integer", "enum", "double", "boolean", "location")
_PIN = re.compile(r"[vV](0|[1-9][0-9]{0,2})\Z")
_INT64 = 2**63
MOST_MS = 10**14  # timestamps lie below; a limit of our own


class Refusal(Exception):
    """The server's refusal of a request: `status`, and `message` for the JSON error body."""

    def __init__(self, message, status=400):
        super().__init__(message)
        self.message = message
        self.status = status

    @property
    def body(self):
        return error_body(self.message)


def error_body(message):
    """`{"error":{"message":"..."}}`, compact as the service writes it."""
    return json.dumps({"error": {"message": message}}, separators=(",", ":"))


@dataclass(frozen=True)
class Limits:
    """None switches a limit off. Bytes count the request line, the headers and the body."""

    batch_points: int = 10_000
    request_bytes: int = 2_000_000
    total_points: Optional[int] = 100_000
    points_per_day: Optional[int] = None
    string_bytes: int = 1024


class Point(NamedTuple):
    """`value` is JSON text with a number's digits as sent; `number` is for charts, None where there is none."""

    ms: int
    value: str
    number: Optional[float]
    kind: str


class _Integer(str):
    """The digits of a JSON integer, kept as they were sent."""


class _Double(str):
    """The digits of any other JSON number."""


def parse_pin(text):
    """V0 to V255, upper or lower case, as an int."""
    match = _PIN.match(text or "")
    if not match or int(match.group(1)) > 255:
        raise Refusal(WRONG_PIN)
    return int(match.group(1))


def parse_batch(body, limits):
    """The body's points in the order sent. The whole body is judged, so that a batch is stored whole or not at all."""
    entries = _parse_json(body)
    if not isinstance(entries, list) or not entries:
        raise Refusal("Wrong data format. An array of [timestamp, value] is expected.")
    if len(entries) > limits.batch_points:
        raise Refusal(TOO_MUCH_DATA % limits.batch_points)
    return [_parse_point(entry, limits) for entry in entries]


def room(limits, stored_in_total, stored_today):
    """(how many points fit, the refusal's text for more)"""
    found = (math.inf, "")
    for most, stored, text in (
        (limits.total_points, stored_in_total, "Total limit of %d data points per device reached."),
        (limits.points_per_day, stored_today, "Daily limit of %d data points per device reached."),
    ):
        if most is not None and most - stored < found[0]:
            found = (most - stored, text % most)
    return found


def is_broken(text):
    """True for a text with half a surrogate pair, which is no Unicode."""
    return any(0xD800 <= ord(character) < 0xE000 for character in text)


def _parse_json(body):
    try:
        return json.loads(
            body.decode("utf-8"), parse_int=_Integer, parse_float=_Double, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        raise Refusal("Invalid JSON.")


def _refuse_constant(name):
    raise Refusal("Invalid JSON: %s is no number." % name)


def _parse_point(entry, limits):
    if type(entry) is not list or len(entry) != 2:
        raise Refusal("Wrong data format. Each entry must be [timestamp, value].")
    return Point(_parse_timestamp(entry[0]), *_parse_value(entry[1], limits))


def _parse_timestamp(text):
    if type(text) is not _Integer:
        raise Refusal("Wrong timestamp. An integer in milliseconds is expected.")
    ms = int(text) if len(text) <= 15 else _INT64
    if not 0 <= ms < MOST_MS:
        raise Refusal("Wrong timestamp. Milliseconds since 1970 are expected.")
    # As milliseconds this range is a few months of 1970; as seconds it is 1973 to 5138.
    if 10**8 <= ms < 10**11:
        raise Refusal("Wrong timestamp. Milliseconds are expected, %d looks like seconds." % ms)
    return ms


def _parse_value(value, limits):
    """(JSON text, number or None, kind)."""
    kind = type(value)
    if kind is _Double or kind is _Integer:
        return str(value), _finite(value), "double" if kind is _Double else "integer"
    if kind is bool:
        return ("true", 1.0, "boolean") if value else ("false", 0.0, "boolean")
    if kind is str:
        return _check_string(value, limits), None, "string"
    if kind is list and len(value) == 2 and all(type(part) in (_Double, _Integer) for part in value):
        for part in value:
            _finite(part)
        return "[%s,%s]" % tuple(value), None, "location"
    raise Refusal("Wrong value. A number, a string, a boolean or [longitude, latitude] is expected.")


def _finite(text):
    number = float(text)
    # Only a text this short is turned into an int: that takes time with the square of its length.
    fits = math.isfinite(number) if type(text) is _Double else len(text) <= 20 and -_INT64 <= int(text) < _INT64
    if not fits:
        raise Refusal("Wrong value. The number is too large.")
    return number


def _check_string(value, limits):
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        raise Refusal("Invalid JSON: a string is no valid Unicode.")
    if size > limits.string_bytes:
        raise Refusal("Wrong value. A string takes at most %d bytes." % limits.string_bytes)
    return json.dumps(value, ensure_ascii=False)
