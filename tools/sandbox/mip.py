"""Serves the library of this checkout to a board's own mip, as a code host would.

import mip
mip.install("http://192.168.1.5:8080/mip/package.json")
"""

from aiohttp import web

from tools.package import ROOT, package


def add_routes(app, regions):
    async def listing(request):
        return web.json_response(package(regions.here(request) + "/mip"))

    app.router.add_get("/mip/package.json", listing)
    app.router.add_static("/mip/lib", ROOT / "lib")
