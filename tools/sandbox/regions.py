"""Regions: each is a listener of its own, on another port of the same host.

A token belongs to one region; any other answers 308 with the right one's address. Knows which port is which
region, and how a device that reached us under some host name reaches another region under the same name.
"""

import re

HOME = "home"


class Regions:
    def __init__(self, names):
        self.names = [HOME, *names]
        self.scheme = "http"
        self._ports = {}

    def listen(self, name, port):
        self._ports[name] = port

    def name_at(self, request):
        """The region at which a request arrived."""
        port = request.transport.get_extra_info("sockname")[1] if request.transport else None
        return next((name for name in self.names if self._ports.get(name) == port), HOME)

    def url(self, exchange, location):
        """The start of the URL of a region, or of `location` if it is no region's name."""
        if location and location not in self.names:
            return location.rstrip("/")
        return "%s://%s:%d" % (self.scheme, host_of(exchange.request), self._ports[location or self._other(exchange)])

    def here(self, request):
        """The start of the URL at which a request arrived."""
        return "%s://%s:%d" % (self.scheme, host_of(request), self._ports[self.name_at(request)])

    def is_at(self, exchange, location):
        """True when a request sent on to `location` has arrived there: nothing more is to be redirected."""
        if not location:
            return len(self.names) > 1 and exchange.region != HOME
        return exchange.region == location

    def urls(self, host):
        host = "[%s]" % host if ":" in host and not host.startswith("[") else host
        return {name: "%s://%s:%d" % (self.scheme, host, port) for name, port in self._ports.items()}

    def _other(self, exchange):
        return next((name for name in self.names if name not in (HOME, exchange.region)), exchange.region)


def host_of(request):
    """The host as the device named it, without the port; IPv6 in brackets. Where that is no host, our address."""
    named = re.match(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:[0-9]*)?\Z", request.headers.get("Host", ""))
    return named.group(1) if named else request.transport.get_extra_info("sockname")[0]
