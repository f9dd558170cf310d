"""The HTTP server: listens, passes uploads on to an exchange or a fault, and writes down what became of each.

Owns the ledger's one writing thread. What the contract says is in contract.py, what a request can go through
in exchange.py and misbehave.py, the page and the control endpoint in control.py.
"""

import asyncio
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from tools.sandbox import contract, control, device_api, mip, misbehave, pages
from tools.sandbox.contract import Refusal
from tools.sandbox.events import Events
from tools.sandbox.exchange import Exchange, json_error
from tools.sandbox.faults import Faults
from tools.sandbox.regions import Regions
from tools.sandbox.rules import Rules

_SHUTDOWN_S = 0.2


class Server:
    def __init__(self, ledger, tokens, limits=None, rules=None, regions=(), allows_chunked=False):
        """`tokens`: {token: region}."""
        self.ledger = ledger
        self.limits = limits or contract.Limits()
        self.rules = rules or Rules()
        self.allows_chunked = allows_chunked
        self.regions = Regions(regions)
        self.faults = Faults()
        self.events = Events()
        self._writer = ThreadPoolExecutor(1, "ledger")
        for token, region in tokens.items():
            ledger.add_device(token, region)
        self.devices = {token: device for token, device in ledger.devices().items() if token in tokens}
        log = logging.getLogger("sandbox")
        log.addFilter(_in_one_line)
        self._runner = web.AppRunner(self._application(), shutdown_timeout=_SHUTDOWN_S, access_log=None, logger=log)

    def _application(self):
        app = web.Application(middlewares=[_json_errors], client_max_size=2**24)
        app.on_response_prepare.append(_shape_headers)
        app.router.add_post(contract.PATH, self._update)
        device_api.add_routes(app, self)
        control.add_routes(app, self)
        mip.add_routes(app, self.regions)
        pages.add_routes(app, self.ledger.path)
        return app

    # Listening

    async def start(self, host, port, region_ports=(), tls=None):
        """Listens; port 0 takes a free one. `tls`: an ssl.SSLContext, then it speaks HTTPS."""
        self.regions.scheme = "https" if tls else "http"
        await self._runner.setup()
        for name, wanted in zip(self.regions.names, [port, *region_ports]):
            before = len(self._runner.addresses)
            await web.TCPSite(self._runner, host, wanted, ssl_context=tls).start()
            self.regions.listen(name, self._runner.addresses[before][1])

    async def stop(self):
        self.events.close()
        await self._runner.cleanup()
        self._writer.shutdown()

    # Uploads

    async def _update(self, request):
        exchange = Exchange(request, self)
        fault, shapes = self.faults.take(exchange.token, exchange.pin)
        exchange.fault_names = "+".join(f.name for f in [fault, *shapes] if f is not None)
        try:
            response = await self._reply(exchange, fault)
        except (ConnectionError, asyncio.TimeoutError, web.RequestPayloadError) as error:
            exchange.outcome = "cut off: %s" % (error or type(error).__name__)
            exchange.end(reset=True)
            response = None
        except Refusal as refusal:
            exchange.outcome = refusal.message
            response = json_error(refusal)
        await self.note(exchange, response.status if response is not None else 0)
        if response is None:
            exchange.carry_out_ending()
            return web.Response(status=500)  # for aiohttp alone: the connection is closed
        request["shapes"] = shapes
        return response

    async def _reply(self, exchange, fault):
        if fault is None:
            return await exchange.judge()
        return await misbehave.FAULTS[fault.name](exchange, **fault.settings)

    def device(self, token):
        """(the ledger's number of the device, its region)"""
        if token not in self.devices:
            raise Refusal(contract.INVALID_TOKEN)
        return self.devices[token]

    async def accept(self, exchange, device, body, keep):
        return await self.write(self._accept, exchange, device, body, keep)

    def write(self, function, *arguments):
        """Calls the function in the ledger's thread."""
        return asyncio.get_running_loop().run_in_executor(self._writer, function, *arguments)

    def _accept(self, exchange, device, body, keep):
        """In the ledger's thread: judges the batch and stores it."""
        points = contract.parse_batch(body, self.limits)
        kept, told = self.rules.judge(exchange.pin, points, exchange.arrived_ms)
        room = contract.room(self.limits, *self.ledger.stored(device, exchange.arrived_ms))
        kept = self.rules.fit(kept, told, *room)
        kept, cut = self.rules.cut(exchange.pin, kept[:keep])
        if len(kept) < len(points) or cut:
            exchange.outcome = _told(len(kept), len(points), told, cut)
        if not kept:
            return None
        columns = self._columns(exchange, len(body), 200, exchange.outcome)
        return self.ledger.store(device, exchange.pin, kept, **columns)

    def _columns(self, exchange, size, status, message):
        return {
            "arrived_ms": exchange.arrived_ms,
            "token": exchange.token[:64],
            "region": exchange.region,
            "bytes": size,
            "status": status,
            "message": message[:200],
        }

    async def note(self, exchange, status):
        """Writes down what became of a request and tells the page; once per request."""
        if not exchange.noted:
            exchange.noted = True
            self.events.publish("request", await self.write(self._note, exchange, status))

    def _note(self, exchange, status):
        """In the ledger's thread."""
        if exchange.row is None:
            device = self.devices.get(exchange.token, (None,))[0]
            columns = self._columns(exchange, exchange.bytes_read, status, exchange.outcome)
            exchange.row = self.ledger.note(device=device, pin=exchange.pin, fault=exchange.fault_names, **columns)
        elif exchange.fault_names or status != 200:
            self.ledger.amend(exchange.row, status, exchange.outcome, exchange.fault_names)
        return self.ledger.request(exchange.row)


def _told(stored, sent, reasons, cut):
    """What the ledger says of a batch that was accepted, but not as it was sent."""
    parts = []
    if stored < sent:
        parts.append("%d of %d points stored" % (stored, sent) + (" (%s)" % ", ".join(reasons) if reasons else ""))
    if cut:
        parts.append("%d cut to the datastream's limits" % cut)
    return "OK, but " + ", ".join(parts)


@web.middleware
async def _json_errors(request, handler):
    """404, 405, refusals and what is no URL as JSON errors; the headers (Allow) stay."""
    try:
        try:
            request.url, request.query  # noqa: B018 - parsed here, where what is no URL is refused
        except ValueError:
            raise Refusal("The URL or the header Host cannot be read.")
        if "Content-Encoding" in request.headers:
            raise Refusal("A body with a Content-Encoding is not taken.", 415)
        return await handler(request)
    except Refusal as refusal:
        return json_error(refusal)
    except sqlite3.Error as error:  # nothing is stored, so the device has to come again
        return json_error(Refusal("The sandbox cannot use its database: %s." % error, 500))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return json_error(Refusal(error.reason + ".", error.status), headers)


def _in_one_line(record):
    """What a client sends that is no HTTP is no fault of the sandbox's, whose tracebacks stay."""
    error = record.exc_info and record.exc_info[1]
    if isinstance(error, HttpProcessingError):
        what = " ".join(error.message.split()).rstrip(" ^")
        record.msg, record.args, record.exc_info = "%s: %.120s", (record.getMessage(), what), None
    return True


async def _shape_headers(request, response):
    for fault in request.get("shapes", ()):
        misbehave.SHAPES[fault.name](response.headers, **fault.settings)
    if "Date" in response.headers and response.headers["Date"] is None:
        del response.headers["Date"]
