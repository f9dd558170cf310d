"""Which faults are switched on, for which requests, and for how many more of them.

The first fault switched on that fits a request decides about it; faults that only shape headers combine.
Knows the faults' names and settings from misbehave.py, and nothing of sockets.
"""

import inspect

from tools.sandbox.contract import Refusal, is_broken, parse_pin
from tools.sandbox.misbehave import FAULTS, SHAPES

_RANGES = {"status": (200, 599), "retry_after_s": (-1, 10**6), "hours": (-(10**6), 10**6)}
_OTHERWISE = (0, 10**8)
_EVERYWHERE = {"count": None, "skip": 0, "pin": None, "token": None}


class FaultError(ValueError):
    """No such fault or setting; the message lists what there is."""


def settings_of(name):
    """{setting: default} of the fault's own settings."""
    function = isinstance(name, str) and (FAULTS.get(name) or SHAPES.get(name))
    if not function:
        raise FaultError("no fault is named %.60r; there are: %s" % (name, ", ".join([*FAULTS, *SHAPES])))
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def catalogue():
    """What the control endpoint and the page list."""
    return [
        {"name": name, "description": inspect.getdoc(function), "settings": settings_of(name)}
        for name, function in [*FAULTS.items(), *SHAPES.items()]
    ]


class Fault:
    """One fault that is switched on. `count`: for so many requests, None until cleared; `skip`: let so many
    pass first; `pin` and `token`: only for these."""

    def __init__(self, number, name, settings):
        own = settings_of(name)
        for key, value in settings.items():
            if isinstance(value, str) and is_broken(value):
                raise FaultError("%s: %.40s must be valid Unicode" % (name, ascii(key)))
            if key not in own and key not in _EVERYWHERE:
                raise FaultError("%s has no setting %.60r; it has: %s" % (name, key, ", ".join([*own, *_EVERYWHERE])))
        self.number = number
        self.name = name
        self.settings = {key: _setting(name, key, settings.get(key, own[key]), own[key]) for key in own}
        self.count = _number(name, "count", settings.get("count"))
        self.skip = _number(name, "skip", settings.get("skip")) or 0
        self.pin = _pin(settings.get("pin"))
        self.token = _token(settings.get("token"))

    def fits(self, token, pin):
        return self.pin in (None, pin) and self.token in (None, token)

    def describe(self):
        everywhere = {key: getattr(self, key) for key in _EVERYWHERE}
        return {"number": self.number, "name": self.name, "settings": self.settings, **everywhere}


class Faults:
    def __init__(self):
        self._active = []
        self._last_number = 0
        self.clearings = 0  # how often something was cleared: what a fault holds open ends then

    def add(self, name, settings):
        fault = Fault(self._last_number + 1, name, settings)
        self._last_number += 1
        self._active.append(fault)
        return fault

    def clear(self, number=None):
        """Clears one fault, or all; returns how many there were."""
        self.clearings += 1
        before = len(self._active)
        self._active = [fault for fault in self._active if number not in (None, fault.number)]
        return before - len(self._active)

    def active(self):
        return [fault.describe() for fault in self._active]

    def take(self, token, pin):
        """(the fault that decides about this request or None, the shapes to apply)"""
        decides = next((f for f in self._active if f.name in FAULTS and f.fits(token, pin)), None)
        shapes = [f for f in self._active if f.name in SHAPES and f.fits(token, pin)]
        taken = [f for f in [decides, *shapes] if f is not None and self._use(f)]
        return (decides if decides in taken else None), [f for f in shapes if f in taken]

    def _use(self, fault):
        if fault.skip:
            fault.skip -= 1
            return False
        if fault.count is not None:
            fault.count -= 1
            if fault.count == 0:
                self._active.remove(fault)
        return True


def parse_fault(text):
    """server_error:status=502,count=3 as (name, settings); FaultError if there is none such."""
    name, _, rest = text.partition(":")
    settings = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise FaultError("%r is no setting; write name:setting=value,setting=value" % part)
        settings[key.strip()] = value
    Fault(0, name, settings)
    return name, settings


def _setting(name, key, value, default):
    value = _convert(name, key, value, default)
    low, high = _RANGES.get(key, _OTHERWISE)
    if isinstance(value, (int, float)) and not low <= value <= high:  # NaN is in no range
        raise FaultError("%s: %s must be from %d to %d, not %g" % (name, key, low, high, value))
    if key in ("header", "location", "content_type") and not value.isprintable():
        raise FaultError("%s: %s must be one line, not %r" % (name, key, value))
    return value


def _convert(name, key, value, default):
    """Settings come as JSON or as text; the default's type decides."""
    kind = type(default)
    try:
        if kind is bool:
            return {"true": True, "false": False}[str(value).lower()]
        return kind(value)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise FaultError("%s: %.60r is no %s for %s" % (name, value, kind.__name__, key))


def _number(name, key, value):
    if value is None or value == "":
        return None
    number = _convert(name, key, value, 0)
    if not (key == "count") <= number <= _OTHERWISE[1]:
        raise FaultError("%s: %s must be from %d to %d" % (name, key, key == "count", _OTHERWISE[1]))
    return number


def _token(value):
    if value is not None and not isinstance(value, str):
        raise FaultError("%.60r is no token" % (value,))
    return value or None


def _pin(value):
    if value is None or value == "":
        return None
    try:
        return parse_pin("V%s" % value if str(value).isdigit() else value)
    except (Refusal, TypeError):
        raise FaultError("%.60r is no pin; write 1 or V1" % (value,))
