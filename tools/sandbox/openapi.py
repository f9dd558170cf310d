"""What the sandbox serves, described for programs: OpenAPI 3.0, at /sandbox/openapi.json.

A fuzzer reads it in the tests, and clients can be made from it.
"""

from tools.sandbox import contract
from tools.sandbox.faults import catalogue
from tools.sandbox.rules import KINDS, OTHERS, REASONS


def _one_of(*names):
    return {"type": "string", "enum": list(names)}


def _list_of(items, **more):
    return {"type": "array", "items": items, **more}


def _object(*required, **properties):
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


_TEXT, _WHOLE, _ID = {"type": "string"}, {"type": "integer"}, {"type": "integer", "minimum": 1}
_ERROR = _object("error", error=_object("message", message={"type": "string", "minLength": 1}))
_VALUE = {"anyOf": [*({"type": kind} for kind in ("number", "string", "boolean")), _list_of({"type": "number"})]}
_BATCH = _list_of(_list_of({"anyOf": [_WHOLE, _VALUE]}, minItems=2, maxItems=2))
_FAULT = _object(
    "name", name=_one_of(*(entry["name"] for entry in catalogue())), count=_ID, skip=_WHOLE, pin=_TEXT,
    token={"type": "string", "minLength": 100},
)  # fmt: skip
_RULES = _object(
    datastreams={"type": "object", "additionalProperties": {**_one_of(*KINDS), "nullable": True}},
    others=_one_of(*OTHERS),
    max_age_days={"type": "number", "minimum": 0, "nullable": True},
    drop=_list_of(_one_of(*REASONS)),
    words={"type": "object", "additionalProperties": _TEXT},
)


def describe(url):
    info = {"title": "blynk_batch sandbox", "version": "1"}
    return {"openapi": "3.0.3", "info": info, "servers": [{"url": url}], "paths": _PATHS}


def _json(schema):
    return {"content": {"application/json": {"schema": schema}}}


def _call(summary, *parameters, body=None, content="application/json", more=(), shape=None):
    """One operation; `parameters` are (name, schema, needed); every refusal is a JSON error."""
    replies = {str(status): {"description": "Refused.", **_json(_ERROR)} for status in (400, 404, 405, 413, *more)}
    replies["200"] = {"description": "OK", **({"content": {content: {"schema": shape or {}}}} if content else {})}
    names = ("name", "schema", "required")
    found = {"summary": summary, "responses": replies}
    found["parameters"] = [{"in": "query", **dict(zip(names, parameter))} for parameter in parameters]
    if body:
        found["requestBody"] = {"required": True, **_json(body)}
    return found


def _maybe(**schemas):
    return [(name.rstrip("_"), schema, False) for name, schema in schemas.items()]


_TOKEN, _PIN = ("token", _TEXT, True), ("pin", {"type": "string", "pattern": "^[vV][0-9]{1,3}$"}, True)
_DEVICE, _PIN_NUMBER = ("device", _ID, True), ("pin", {"type": "integer", "minimum": 0, "maximum": 255}, True)
_SPAN = _maybe(from_=_WHOLE, to=_WHOLE)
_HISTORY = _maybe(
    pin=_TEXT,
    period=_one_of("HOUR", "DAY", "WEEK", "MONTH", "THREE_MONTHS"),
    granularityType=_one_of("RAW_DATA", "MINUTE", "HOURLY", "DAILY"),
    sourceType=_one_of("AVG", "MIN", "MAX", "SUM", "COUNT"),
    format=_one_of("TS", "ISO_SIMPLE", "ISO_US"),
    output=_one_of("FILE", "JSON"),
)
_LEDGER = _maybe(
    before=_WHOLE, size=_ID, device=_ID, pin=_WHOLE, until=_WHOLE, find=_TEXT, kind=_one_of("all", "stored", "refused")
)
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
    # 500: "No data" is documented to have this status
    "/external/api/data/get": {"get": _call("All values, as a link to a zip file", _TOKEN, *_HISTORY, more=(500,))},
    "/sandbox/info": {"get": _call("Addresses, tokens, limits")},
    "/sandbox/rules": {
        "get": _call("What is taken of a batch's content", shape=_RULES),
        "patch": _call("Change that", body=_RULES),
    },
    "/sandbox/faults": {
        "get": _call("The faults switched on, and all there are"),
        "post": _call("Switch a fault on", body=_FAULT),
        "delete": _call("Clear all faults; /sandbox/faults/N: one"),
    },
    "/sandbox/summary": {"get": _call("Totals, devices and pins")},
    "/sandbox/series": {"get": _call("One chart", _DEVICE, _PIN_NUMBER, *_SPAN, *_maybe(slices=_ID))},
    "/sandbox/texts": {"get": _call("Latest values of a pin", _DEVICE, _PIN_NUMBER, *_SPAN)},
    "/sandbox/requests": {"get": _call("The ledger, newest first", *_LEDGER, shape=_list_of({}, maxItems=1000))},
    "/sandbox/points.csv": {"get": _call("Every point", *_maybe(device=_ID, pin=_WHOLE), content="text/csv")},
    "/sandbox/requests.csv": {"get": _call("Every request", content="text/csv")},
}
