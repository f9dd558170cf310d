"""The sandbox's own switches, which Blynk does not have: faults, rules, and what pages and programs ask about it.

openapi.py lists the calls. /sandbox/events, which it does not, are server-sent events: request, faults, rules.
"""

import dataclasses
import json

from aiohttp import web

from tools.sandbox import faults, openapi
from tools.sandbox.contract import Refusal
from tools.sandbox.faults import FaultError
from tools.sandbox.regions import host_of


def add_routes(app, server):
    control = _Control(server)
    app.router.add_get("/sandbox/info", control.info)
    app.router.add_get("/sandbox/events", control.events, allow_head=False)
    app.router.add_get("/sandbox/openapi.json", control.openapi)
    app.router.add_get("/sandbox/rules", control.list_rules)
    app.router.add_patch("/sandbox/rules", control.change_rules)
    app.router.add_get("/sandbox/faults", control.list_faults)
    app.router.add_post("/sandbox/faults", control.add_fault)
    app.router.add_delete("/sandbox/faults", control.clear_faults)
    app.router.add_delete("/sandbox/faults/{number:[0-9]{1,9}}", control.clear_faults)


async def _json(request):
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Refusal("Invalid JSON.")


class _Control:
    def __init__(self, server):
        self.server = server

    async def info(self, request):
        server = self.server
        return web.json_response(
            {
                "regions": server.regions.urls(host_of(request)),
                "tokens": {token: region for token, (_, region) in server.devices.items()},
                "limits": dataclasses.asdict(server.limits),
                "database": str(server.ledger.path),
            }
        )

    async def events(self, request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        await self.server.events.stream(response)
        return response

    async def openapi(self, request):
        return web.json_response(openapi.describe(self.server.regions.here(request)))

    async def list_rules(self, request):
        return web.json_response(self.server.rules.describe())

    async def change_rules(self, request):
        try:
            self.server.rules.change(await _json(request))
        except ValueError as error:
            raise Refusal(str(error))
        self.server.events.publish("rules", self.server.rules.describe())
        return web.json_response(self.server.rules.describe())

    async def list_faults(self, request):
        return web.json_response({"active": self.server.faults.active(), "catalogue": faults.catalogue()})

    async def add_fault(self, request):
        settings = await _json(request)
        if not isinstance(settings, dict):
            raise Refusal('An object is expected, as in {"name": "server_error"}.')
        try:
            fault = self.server.faults.add(settings.pop("name", ""), settings)
        except FaultError as error:
            raise Refusal(str(error))
        self._announce()
        return web.json_response(fault.describe())

    async def clear_faults(self, request):
        number = request.match_info.get("number")
        cleared = self.server.faults.clear(int(number) if number else None)
        self._announce()
        return web.json_response({"cleared": cleared})

    def _announce(self):
        self.server.events.publish("faults", self.server.faults.active())
