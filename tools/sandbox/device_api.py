"""The calls of Blynk's HTTPS API for devices beside the batch upload: one value in, the last value out, and all values
out, by data/get, which is the way to prove "stored". openapi.py lists them.

As Blynk's pages describe them. What these leave open is ours: the columns of the CSV (timestamp, value), the shape of
output=JSON, that nothing after now is given, and that no device is ever connected.
"""

import csv
import io
import json
import re
import time
import zipfile
from datetime import datetime, timezone

from aiohttp import web

from tools.sandbox import contract
from tools.sandbox.contract import Refusal
from tools.sandbox.exchange import Exchange
from tools.sandbox.ledger import now_ms

_DAY_MS = 86_400_000
_PERIODS = {"HOUR": _DAY_MS // 24, "DAY": _DAY_MS, "WEEK": 7 * _DAY_MS, "MONTH": 30 * _DAY_MS,
            "THREE_MONTHS": 91 * _DAY_MS}  # fmt: skip
_WIDTHS = {"RAW_DATA": 0, "MINUTE": 60_000, "HOURLY": 3_600_000, "DAILY": _DAY_MS}
_SOURCES = {"AVG": lambda v: sum(v) / len(v), "MIN": min, "MAX": max, "SUM": sum, "COUNT": len}
_FORMATS = {"TS": None, "ISO_SIMPLE": "%Y-%m-%d %H:%M:%S", "ISO_US": "%m/%d/%y %I:%M:%S %p"}
_OUTPUTS = ("FILE", "JSON")
_NO_ENUM = "No enum constant cc.blynk.server.core.model.widgets.outputs.graph.%s.%s"
_FILES_KEPT = 8
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
WRONG_PARAMETERS = "Request with incorrect parameters"


def add_routes(app, server):
    api = _DeviceApi(server)
    app.router.add_get("/external/api/data/get", api.history)
    app.router.add_get("/{name:device_data_[0-9_T-]+\\.zip}", api.file)
    app.router.add_get(contract.PATH, api.update, allow_head=False)
    app.router.add_get("/external/api/update", api.update, allow_head=False)
    app.router.add_get("/external/api/get", api.latest)
    app.router.add_get("/external/api/isHardwareConnected", api.is_connected)


class _DeviceApi:
    def __init__(self, server):
        self.server = server
        self._files = {}
        self._files_made = 0

    def _device(self, request):
        token = request.query.get("token", "")
        if not token:
            raise Refusal("No token provided.")
        return self.server.device(token)[0]

    async def _stored(self, device, pin, first_ms=0, last_ms=contract.MOST_MS):
        return await self.server.write(self.server.ledger.history, device, pin, first_ms, last_ms)

    async def update(self, request):
        self._device(request)
        query = request.query
        if "pin" in query and "value" in query:  # twice for a location
            given = query.getall("value")
            values = {contract.parse_pin(query["pin"]): given if len(given) > 1 else given[0]}
        else:
            values = {contract.parse_pin(name): text for name, text in query.items() if name not in ("token", "pin")}
        if not values:
            raise Refusal(WRONG_PARAMETERS)
        for pin, given in values.items():
            await self._store(request, pin, given)
        return web.Response()

    async def _store(self, request, pin, given):
        """One value, as if it came in a batch of its own."""
        exchange = Exchange(request, self.server)
        exchange.pin, exchange.outcome = pin, "OK"
        kind = self.server.rules.kind(pin)
        body = "[[%d,%s]]" % (exchange.arrived_ms, _as_json(given, kind))
        try:
            exchange.row = await self.server.accept(exchange, self._device(request), body.encode(), None)
        except Refusal as refusal:
            exchange.outcome = refusal.message
            await self.server.note(exchange, refusal.status)
            raise
        await self.server.note(exchange, 200)

    async def latest(self, request):
        device = self._device(request)
        pins = [contract.parse_pin(name) for name in request.query if name not in ("token", "pin")]
        pin = pins[0] if pins else contract.parse_pin(request.query.get("pin"))
        rows = await self._stored(device, pin)
        if not rows:
            raise Refusal(contract.NO_DATASTREAM if self.server.rules.kind(pin) == "none" else "No data")
        value = json.loads(rows[-1][2])
        return web.Response(text=value if type(value) is str else rows[-1][2])

    async def is_connected(self, request):
        self._device(request)
        return web.Response(text="false")

    # All that is stored

    async def history(self, request):
        device = self._device(request)
        pin = contract.parse_pin(request.query["pin"]) if "pin" in request.query else None
        period = _choice(request, "period", "MONTH", _PERIODS, "Period")
        width = _choice(request, "granularityType", "RAW_DATA", _WIDTHS, "GraphGranularityType")
        source = _choice(request, "sourceType", "AVG", _SOURCES, "AggregationFunctionType")
        spelling = _choice(request, "format", "TS", _FORMATS, "Format")
        output = _choice(request, "output", "FILE", dict(zip(_OUTPUTS, _OUTPUTS)), "Output")
        if not width and period > _PERIODS["MONTH"]:
            raise Refusal(WRONG_PARAMETERS)  # documented: no raw data for three months
        now = now_ms()
        rows = await self._stored(device, pin, now - period, now)
        if not rows:
            raise Refusal("No data", 500)
        series = {}
        for number, ms, value in rows:
            series.setdefault("V%d" % number, []).append((ms, json.loads(value)))
        if width:
            series = {name: _averaged(points, width, source) for name, points in series.items()}
        if spelling:
            series = {name: [(_spelt(ms, spelling), value) for ms, value in points] for name, points in series.items()}
        if output == "JSON":
            return web.json_response(series)
        return web.json_response({"link": self._keep(device, series, request)})

    def _keep(self, device, series, request):
        """Packs the series; the link to the file."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, points in series.items():
                text = io.StringIO()
                rows = ((ms, value if type(value) is str else json.dumps(value)) for ms, value in points)
                csv.writer(text).writerows(rows)
                packed.writestr(name + ".csv", text.getvalue())
        self._files_made += 1
        made = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime())
        name = "device_data_%d_%s_%d.zip" % (device, made, self._files_made)
        while len(self._files) >= _FILES_KEPT:
            del self._files[next(iter(self._files))]
        self._files[name] = content.getvalue()
        return "%s/%s" % (self.server.regions.here(request), name)

    async def file(self, request):
        content = self._files.get(request.match_info["name"])
        if content is None:
            raise web.HTTPNotFound()
        return web.Response(body=content, content_type="application/zip")


def _choice(request, name, default, choices, enum):
    given = request.query.get(name, default)
    if given not in choices:
        raise Refusal(_NO_ENUM % (enum, given[:40].encode("ascii", "replace").decode()), 500)
    return choices[given]


def _as_json(given, kind):
    """The JSON of a value that came as text; its datastream's type decides, else whether it is a number."""
    if isinstance(given, list):
        return "[%s]" % ",".join(given)
    if kind == "boolean" and given in ("0", "1"):
        return ("false", "true")[int(given)]
    if kind != "string" and _NUMBER.match(given):
        return given
    return json.dumps(given)


def _averaged(points, width, source):
    """One number for each slice of time; what is no number has none."""
    slices = {}
    for ms, value in points:
        if isinstance(value, (int, float)):
            slices.setdefault(ms - ms % width, []).append(value)
    return [(ms, source(values)) for ms, values in sorted(slices.items())]


def _spelt(ms, spelling):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime(spelling)
