"""What the page at / asks for: its files, the ledger's answers as JSON, and exports as CSV. openapi.py lists the calls.

Reads in threads of its own, so that a long query never holds up an upload.
"""

import asyncio
import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

from aiohttp import web

from tools.sandbox.contract import MOST_MS, Refusal, is_broken
from tools.sandbox.queries import Queries

_HERE = Path(__file__).resolve().parent
_PAGE = _HERE / "page"
_CHARTS = _HERE.parent / "node" / "node_modules" / "uplot" / "dist"
_CHART_FILES = ("uPlot.esm.js", "uPlot.min.css")
_MAX_SLICES = 2000
_MAX_REQUESTS = 1000
_INT64 = 2**63  # what SQLite's integers have room for
_ROWS_AT_ONCE = 5000
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'"  # uPlot sets styles on its own elements


def add_routes(app, database):
    pages = Pages(database)
    app.router.add_get("/", pages.index)
    app.router.add_get("/page/{name}", pages.page_file)
    app.router.add_get("/charts/{name}", pages.chart_file)
    for name in ("summary", "series", "texts", "requests"):
        app.router.add_get("/sandbox/" + name, getattr(pages, name))
    app.router.add_get("/sandbox/points.csv", pages.points_csv, allow_head=False)
    app.router.add_get("/sandbox/requests.csv", pages.requests_csv, allow_head=False)
    app.on_cleanup.append(pages.close)


class Pages:
    def __init__(self, database):
        self._database = database
        self._readers = ThreadPoolExecutor(2, "reader")
        self._local = threading.local()

    async def close(self, _):
        self._readers.shutdown()

    async def _read(self, question):
        """Runs question(queries) in a reading thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, lambda: question(self._queries()))

    def _queries(self):
        if not hasattr(self._local, "queries"):
            self._local.queries = Queries(self._database)
        return self._local.queries

    # Files

    async def index(self, request):
        return _file(_PAGE, "index.html")

    async def page_file(self, request):
        return _file(_PAGE, request.match_info["name"])

    async def chart_file(self, request):
        if request.match_info["name"] not in _CHART_FILES:
            raise web.HTTPNotFound()
        return _file(_CHARTS, request.match_info["name"])

    # Answers

    async def summary(self, request):
        return web.json_response(await self._read(lambda queries: queries.summary()))

    async def series(self, request):
        device, pin, first_ms, last_ms = (_number(request, name) for name in ("device", "pin", "from", "to"))
        slices = min(_number(request, "slices", 600), _MAX_SLICES)
        if last_ms < first_ms or slices < 1:
            raise Refusal("from must not be after to, and slices at least 1.")
        first_ms, last_ms = max(first_ms, 0), min(last_ms, MOST_MS)
        return web.json_response(await self._read(lambda q: q.series(device, pin, first_ms, last_ms, slices)))

    async def texts(self, request):
        device, pin = _number(request, "device"), _number(request, "pin")
        first_ms, last_ms = _number(request, "from", 0), _number(request, "to", _INT64 - 1)
        return web.json_response(await self._read(lambda queries: queries.texts(device, pin, first_ms, last_ms)))

    async def requests(self, request):
        before, device, pin, until = (_number(request, name, None) for name in ("before", "device", "pin", "until"))
        size = min(_number(request, "size", 100), _MAX_REQUESTS)
        if size < 1:
            raise Refusal("size must be at least 1.")
        kind, find = request.query.get("kind", "all"), request.query.get("find", "")
        if is_broken(find):
            raise Refusal("find must be valid Unicode.")
        return web.json_response(await self._read(lambda q: q.requests(before, size, device, pin, kind, until, find)))

    async def points_csv(self, request):
        device, pin = _number(request, "device", None), _number(request, "pin", None)
        header = ["batch", "arrived_ms", "token", "pin", "ms", "value", "time_utc"]
        return await self._csv(
            request, "points", header, lambda q: q.export_points(device, pin), lambda row: [*row, _utc(row["ms"])]
        )

    async def requests_csv(self, request):
        header = ["id", "arrived_ms", "token", "pin", "region", "bytes", "status", "message", "fault"]
        header += ["points", "duplicates", "first_ms", "last_ms"]
        return await self._csv(request, "requests", header, lambda queries: queries.export_requests(), list)

    async def _csv(self, request, name, header, select, spell):
        """Streams a cursor's rows. It has a connection of its own, since it lasts over many reads."""
        headers = {
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="%s.csv"' % name,
        }
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        with suppress(ConnectionError):  # who asked has broken off
            await response.write(_csv_text([header]))
            cursor = await self._read(lambda _: select(Queries(self._database)))
            while rows := await self._read(lambda _: [spell(row) for row in cursor.fetchmany(_ROWS_AT_ONCE)]):
                await response.write(_csv_text(rows))
        return response


def _file(folder, name):
    path = folder / name
    if path.parent != folder or not path.is_file():
        raise web.HTTPNotFound()
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    return web.FileResponse(path, headers=headers)


_REQUIRED = object()


def _number(request, name, default=_REQUIRED):
    text = request.query.get(name, "")
    if not text and default is not _REQUIRED:
        return default
    try:
        number = int(text)
    except ValueError:
        raise Refusal("%s must be a whole number." % name)
    if not -_INT64 <= number < _INT64:
        raise Refusal("%s must be a whole number of at most 64 bits." % name)
    return number


def _csv_text(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)  # lines end as RFC 4180 has it: with "\n", a "\r" in a token goes unquoted
    return text.getvalue().encode()


def _utc(ms):
    whole = datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return "%s.%03dZ" % (whole, ms % 1000)
