"""The sandbox's own switches, which Blynk does not have; the page's questions are in pages.py.

    GET    /sandbox/info          addresses, tokens, limits
    GET    /sandbox/faults        the faults switched on, and the catalogue
    POST   /sandbox/faults        {"name": "server_error", "status": 502, "count": 3} switches one on
    DELETE /sandbox/faults[/N]    clears one or all
    GET    /sandbox/events        server-sent events: request, faults
"""

import dataclasses

from aiohttp import web

from tools.sandbox import faults
from tools.sandbox.contract import Refusal
from tools.sandbox.exchange import json_error


def add_routes(app, server):
    control = _Control(server)
    app.router.add_get("/sandbox/info", control.info)
    app.router.add_get("/sandbox/events", control.events)
    app.router.add_get("/sandbox/faults", control.list_faults)
    app.router.add_post("/sandbox/faults", control.add_fault)
    app.router.add_delete("/sandbox/faults", control.clear_faults)
    app.router.add_delete("/sandbox/faults/{number:[0-9]+}", control.clear_faults)


class _Control:
    def __init__(self, server):
        self.server = server

    async def info(self, request):
        server = self.server
        return web.json_response(
            {
                "regions": server.regions.urls(request.url.host),
                "tokens": {token: region for token, (_, region) in server.devices.items()},
                "datastreams": {"V%d" % pin: kind for pin, kind in server.datastreams.items()},
                "limits": dataclasses.asdict(server.limits),
                "database": str(server.ledger.path),
            }
        )

    async def events(self, request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        await self.server.events.stream(response)
        return response

    async def list_faults(self, request):
        return web.json_response({"active": self.server.faults.active(), "catalogue": faults.catalogue()})

    async def add_fault(self, request):
        try:
            settings = await request.json()
            fault = self.server.faults.add(settings.pop("name", ""), settings)
        except (ValueError, AttributeError) as error:  # FaultError is a ValueError, and so is malformed JSON
            return json_error(Refusal(str(error)))
        self._announce()
        return web.json_response(fault.describe())

    async def clear_faults(self, request):
        number = request.match_info.get("number")
        cleared = self.server.faults.clear(int(number) if number else None)
        self._announce()
        return web.json_response({"cleared": cleared})

    def _announce(self):
        self.server.events.publish("faults", self.server.faults.active())
