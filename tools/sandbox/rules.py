"""What the server takes of a batch's content and how it answers the rest; can be changed while it runs.

Blynk documents types and limits of datastreams and an oldest age. It does not document whether one bad point refuses
its whole batch or is left out at status 200, nor most of the words. So each reason can be played in both ways, in
words of one's choice. Pure: knows neither HTTP nor the database.
"""

import math
from typing import NamedTuple, Optional

from tools.sandbox import contract
from tools.sandbox.contract import Refusal

KINDS = (*contract.TYPES, "any", "none")
OTHERS = ("any", "none")
REASONS = ("no_datastream", "wrong_type", "too_old", "limit")
_NUMBERS = ("integer", "enum", "double")
_TAKES = {"double": ("double", "integer"), "enum": ("integer",)}
_DAY_MS = 86_400_000


class Datastream(NamedTuple):
    """`low` and `high` are JSON numbers as text, or None. Kind "none": the pin has no datastream."""

    kind: str
    low: Optional[str] = None
    high: Optional[str] = None

    def __str__(self):
        limits = ":%s:%s" % (self.low or "", self.high or "")
        return self.kind + (limits if self.low or self.high else "")

    def takes(self, point):
        return self.kind == "any" or point.kind in _TAKES.get(self.kind, (self.kind,))

    def cut(self, point):
        """The point with its number within the limits, as Blynk does it."""
        if self.low is not None and point.number < float(self.low):
            return point._replace(value=self.low, number=float(self.low))
        if self.high is not None and point.number > float(self.high):
            return point._replace(value=self.high, number=float(self.high))
        return point


def parse_datastream(text):
    """V1:double or V1:integer:0:100 as (1, Datastream); ValueError names the rule."""
    pin, _, stream = text.partition(":")
    return _pin(pin), _datastream(stream)


def parse_words(text):
    """too_old=Some words. as (reason, words)."""
    reason, sign, words = text.partition("=")
    if not sign:
        raise ValueError("%.40r: write REASON=TEXT, as in too_old=Too old." % text)
    return _reason(reason), words


class Rules:
    """`datastreams` {pin: Datastream}; `others`: "none" if a pin without one is refused; `drop`: reasons for which
    points are left out at status 200 instead of the batch being refused; `words` {reason: of the refusal}."""

    def __init__(self, datastreams=None, others="any", max_age_days=None, drop=(), words=None):
        self.datastreams = dict(datastreams or {})
        self.others = others
        self.max_age_days = max_age_days
        self.drop = set(drop)
        self.words = dict(words or {})

    def describe(self):
        streams = {"V%d" % pin: str(stream) for pin, stream in sorted(self.datastreams.items())}
        return {
            "datastreams": streams,
            "others": self.others,
            "max_age_days": self.max_age_days,
            "drop": sorted(self.drop),
            "words": self.words,
        }

    def change(self, changes):
        """Changes what is named, all of it or, with a ValueError, nothing. Of the datastreams those named alone: None
        removes one."""
        if not isinstance(changes, dict):
            raise ValueError("an object with rules is expected; there are: %s" % ", ".join(_CHECKS))
        for name in changes:
            if name not in _CHECKS:
                raise ValueError("%.40r is no rule; there are: %s" % (name, ", ".join(_CHECKS)))
        checked = {name: _CHECKS[name](value) for name, value in changes.items()}
        if "datastreams" in checked:
            streams = {**self.datastreams, **checked["datastreams"]}
            checked["datastreams"] = {pin: stream for pin, stream in streams.items() if stream is not None}
        vars(self).update(checked)

    def kind(self, pin):
        return self.datastreams.get(pin, Datastream(self.others)).kind

    # One batch

    def judge(self, pin, points, now_ms):
        """(the points to store, [what happened to others]); a Refusal where the batch is refused."""
        stream = self.datastreams.get(pin, Datastream(self.others))
        told = []
        if stream.kind == "none":
            return self._sift([], points, told, "no_datastream", contract.NO_DATASTREAM), told
        kept = [point for point in points if stream.takes(point)]
        kept = self._sift(kept, points, told, "wrong_type", contract.TYPE_MISMATCH)
        if self.max_age_days is not None:
            oldest_ms = now_ms - self.max_age_days * _DAY_MS
            young = [point for point in kept if point.ms >= oldest_ms]
            old = next((point.ms for point in kept if point.ms < oldest_ms), 0)
            text = "Timestamp %d is older than %g days." % (old, self.max_age_days)
            kept = self._sift(young, kept, told, "too_old", text)
        return kept, told

    def fit(self, points, told, room, text):
        """The points for which there is room."""
        return self._sift(points[: max(0, min(room, len(points)))], points, told, "limit", text)

    def cut(self, pin, points):
        """(the points with their numbers within the datastream's limits, how many were cut)"""
        stream = self.datastreams.get(pin, Datastream("any"))
        if stream.low is None and stream.high is None:
            return points, 0
        within = [stream.cut(point) for point in points]
        return within, sum(after is not before for after, before in zip(within, points))

    def _sift(self, kept, points, told, reason, text):
        if len(kept) < len(points):
            if reason not in self.drop:
                raise Refusal(self.words.get(reason, text))
            told.append(reason)
        return kept


# What is given by people, checked


def _pin(text):
    try:
        return contract.parse_pin(text)
    except (Refusal, TypeError):
        raise ValueError("%.40r is no pin; write V0 to V255, as in V1:double" % (text,))


def _datastream(text):
    kind, *limits = text.split(":") if isinstance(text, str) else [text]
    if not isinstance(kind, str) or kind.lower() not in KINDS:
        raise ValueError("%.40r is no data type: write V1:TYPE, one of %s" % (kind, ", ".join(KINDS)))
    kind = kind.lower()
    if not limits:
        return Datastream(kind)
    if kind not in _NUMBERS:
        raise ValueError("%r: a %s has no limits" % (text, kind))
    if len(limits) != 2:
        raise ValueError("%.60r: write V1:%s:LOW:HIGH, either may be empty" % (text, kind))
    low, high = [_limit(limit, kind) for limit in limits]
    if low is not None and high is not None and float(low) > float(high):
        raise ValueError("%.60r: %s is more than %s" % (text, low, high))
    return Datastream(kind, low, high)


def _limit(text, kind):
    """A limit as the JSON number that a value is cut to."""
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or (kind != "double" and number != int(number)):
        raise ValueError("%.40r is no number; a limit of type %s has to be one" % (text, kind))
    return "%d" % number if number == int(number) and abs(number) < 2**53 else repr(number)


def _datastreams(given):
    if not isinstance(given, dict):
        raise ValueError('datastreams must be an object, as in {"V1": "integer:0:100", "V2": null}')
    return {_pin(pin): None if text is None else _datastream(text) for pin, text in given.items()}


def _others(given):
    if given not in OTHERS:
        raise ValueError("others must be any or none, not %.40r" % (given,))
    return given


def _max_age_days(given):
    if given is not None and (type(given) not in (int, float) or not 0 <= given <= 10**6):
        raise ValueError("max_age_days must be a number of days or null, not %.40r" % (given,))
    return given


def _reason(given):
    if given not in REASONS:
        raise ValueError("%.40r is no reason; there are: %s" % (given, ", ".join(REASONS)))
    return given


def _drop(given):
    if not isinstance(given, list):
        raise ValueError("drop must be a list of reasons: %s" % ", ".join(REASONS))
    return {_reason(reason) for reason in given}


def _words(given):
    if not isinstance(given, dict):
        raise ValueError('words must be an object, as in {"too_old": "Too old."}')
    for reason, text in given.items():
        if not isinstance(text, str) or contract.is_broken(text):
            raise ValueError("words: a text is expected for %.40s" % _reason(reason))
    return {_reason(reason): text for reason, text in given.items()}


_CHECKS = {
    "datastreams": _datastreams,
    "others": _others,
    "max_age_days": _max_age_days,
    "drop": _drop,
    "words": _words,
}
