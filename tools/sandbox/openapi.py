"""What the sandbox serves, described for programs: OpenAPI 3.0, at /sandbox/openapi.json.

A fuzzer reads it in the tests, and clients can be made from it.
"""

from tools.sandbox import contract
from tools.sandbox.faults import catalogue
from tools.sandbox.rules import KINDS, OTHERS, REASONS

_TEXT, _WHOLE, _ID = {"type": "string"}, {"type": "integer"}, {"type": "integer", "minimum": 1}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message"],
            "properties": {"message": {"type": "string", "minLength": 1}},
        }
    },
}
_TOKEN, _PIN = ("token", _TEXT, True), ("pin", {"type": "string", "pattern": "^[vV][0-9]{1,3}$"}, True)
_VALUE = {
    "anyOf": [{"type": kind} for kind in ("number", "string", "boolean")]
    + [{"type": "array", "items": {"type": "number"}}]
}
_BATCH = {
    "type": "array",
    "items": {"type": "array", "items": {"anyOf": [_WHOLE, _VALUE]}, "minItems": 2, "maxItems": 2},
}


def describe(url):
    return {
        "openapi": "3.0.3",
        "info": {"title": "blynk_batch sandbox", "version": "1"},
        "servers": [{"url": url}],
        "paths": _PATHS,
    }


def _call(summary, *parameters, body=None, content="application/json", more=(), shape=None):
    """One operation; `parameters` are (name, schema, needed); every refusal is a JSON error."""
    replies = {str(status): {"description": "Refused.", **_json(_ERROR)} for status in (400, 404, 405, 413, *more)}
    replies["200"] = {"description": "OK", **({"content": {content: {"schema": shape or {}}}} if content else {})}
    found = {"summary": summary, "responses": replies}
    found["parameters"] = [
        {"name": name, "in": "query", "required": needed, "schema": schema} for name, schema, needed in parameters
    ]
    if body:
        found["requestBody"] = {"required": True, **_json(body)}
    return found


def _json(schema):
    return {"content": {"application/json": {"schema": schema}}}


def _maybe(**schemas):
    return [(name.rstrip("_"), schema, False) for name, schema in schemas.items()]


def _choices(*names):
    return {"type": "string", "enum": list(names)}


_DEVICE, _PIN_NUMBER = ("device", _ID, True), ("pin", {"type": "integer", "minimum": 0, "maximum": 255}, True)
_SPAN = _maybe(from_=_WHOLE, to=_WHOLE)
_FAULT = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": _choices(*(entry["name"] for entry in catalogue())),
        "count": _ID,
        "skip": _WHOLE,
        "pin": _TEXT,
        "token": {"type": "string", "minLength": 100},
    },
}
_RULES = {
    "type": "object",
    "properties": {
        "datastreams": {"type": "object", "additionalProperties": {**_choices(*KINDS), "nullable": True}},
        "others": _choices(*OTHERS),
        "max_age_days": {"type": "number", "minimum": 0, "nullable": True},
        "drop": {"type": "array", "items": _choices(*REASONS)},
        "words": {"type": "object", "additionalProperties": _TEXT},
    },
}
_PATHS = {
    contract.PATH: {
        "post": _call("Upload a batch", _TOKEN, _PIN, body=_BATCH, content="text/plain", more=(308, 411)),
        "get": _call("Store values now", _TOKEN, *_maybe(v1=_TEXT, v2=_TEXT), content=None),
    },
    "/external/api/update": {
        "get": _call("Store a value now", _TOKEN, *_maybe(pin=_TEXT, value=_TEXT, v1=_TEXT), content=None)
    },
    "/external/api/get": {"get": _call("The last value", _TOKEN, *_maybe(pin=_TEXT, v1=_TEXT), content="text/plain")},
    "/external/api/isHardwareConnected": {"get": _call("Always false", _TOKEN, content="text/plain")},
    "/external/api/data/get": {
        "get": _call(
            "All values, as a link to a zip file",
            _TOKEN,
            *_maybe(
                pin=_TEXT,
                period=_choices("HOUR", "DAY", "WEEK", "MONTH", "THREE_MONTHS"),
                granularityType=_choices("RAW_DATA", "MINUTE", "HOURLY", "DAILY"),
                sourceType=_choices("AVG", "MIN", "MAX", "SUM", "COUNT"),
                format=_choices("TS", "ISO_SIMPLE", "ISO_US"),
                output=_choices("FILE", "JSON"),
            ),
            more=(500,),  # documented: "No data" has this status
        )
    },
    "/sandbox/info": {"get": _call("Addresses, tokens, limits")},
    "/sandbox/rules": {
        "get": _call("What is taken of a batch's content", shape=_RULES),
        "patch": _call("Change that", body=_RULES),
    },
    "/sandbox/faults": {
        "get": _call("The faults switched on, and all there are"),
        "post": _call("Switch a fault on", body=_FAULT),
        "delete": _call("Clear all faults"),
    },
    "/sandbox/summary": {"get": _call("Totals, devices and pins")},
    "/sandbox/series": {"get": _call("One chart", _DEVICE, _PIN_NUMBER, *_SPAN, *_maybe(slices=_ID))},
    "/sandbox/texts": {"get": _call("Latest values of a pin", _DEVICE, _PIN_NUMBER, *_SPAN)},
    "/sandbox/requests": {
        "get": _call(
            "The ledger, newest first",
            *_maybe(before=_WHOLE, size=_ID, device=_ID, pin=_WHOLE, until=_WHOLE, find=_TEXT),
            ("kind", _choices("all", "stored", "refused"), False),
            shape={"type": "array", "maxItems": 1000},
        )
    },
    "/sandbox/points.csv": {"get": _call("Every point", *_maybe(device=_ID, pin=_WHOLE), content="text/csv")},
    "/sandbox/requests.csv": {"get": _call("Every request", content="text/csv")},
}
