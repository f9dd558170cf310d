"""The default transport, for every firmware with sockets: plain HTTP, or TLS that verifies nothing. Each request has a
connection of its own.

The firmware's `requests` does no more about a connection, and cannot be relied on for the rest: its versions want a
body whole or send a second length, take half a reply for a whole one, and follow redirects: a GET then, whose 200 looks
like success.

A transport has `post(url, headers, body, timeout_s)`, which gives (status, {lower-case name: value}, at most 1,024
bytes of the reply) or raises whatever went wrong; it never follows a redirect. `body` gives its chunks anew each time
it is iterated over. `streams` False: only bodies in one piece.
"""

import time

from ..errors import NetworkError
from .pieces import at_once, close, gather, head
from .reply import read


class Requests:
    """Takes no arguments; one object may serve several clients."""

    streams = True

    def post(self, url, headers, body, timeout_s):
        wire = _Wire(timeout_s, getattr(body, "watchdog", None))
        try:
            wire.connect(url)
            next(read(wire, wire.send(url, headers, body)))
        except StopIteration as e:
            return e.value[:3]
        finally:
            wire.close()


class _Wire:
    """A connection that blocks, each wait no longer than `timeout_s`; between any two it feeds the watchdog."""

    def __init__(self, timeout_s, watchdog):
        self.timeout_s, self.feed = timeout_s, watchdog or int
        self.raw = self.stream = None

    def connect(self, url):
        socket = __import__("socket")  # here: a firmware without a network has none; and a file may stand in for it
        scheme, _, place = url.split("/")[:3]
        host, _, port = place.partition(":")
        self.feed()
        address = socket.getaddrinfo(host, int(port or (443 if scheme == "https:" else 80)), 0, socket.SOCK_STREAM)[0]
        self.feed()
        self.raw = self.stream = raw = socket.socket(address[0], socket.SOCK_STREAM, address[2])
        at_once(raw, socket)
        raw.settimeout(self.timeout_s)
        raw.connect(address[-1])
        self.feed()
        if scheme == "https:":
            self.stream = _encrypted(raw, host)

    def send(self, url, headers, body):
        """The OSError that broke the request off, or None."""
        broken = None
        for piece in filter(None, gather(_chunks(url, headers, body))):
            self.feed()
            try:
                if self.stream.write(piece) != len(piece):  # axTLS raises nothing where the connection is lost
                    raise OSError("the request was cut short")
            except OSError as e:
                broken = e
                break
        self._started = time.ticks_ms()
        return broken

    def more(self, size, line=False):
        """For reply.py. By single bytes, so that a server that drips them is left in time."""
        text = bytearray()
        while len(text) < size and not (line and text[-1:] == b"\n"):
            self.feed()
            if time.ticks_diff(time.ticks_ms(), self._started) > self.timeout_s * 1000:
                raise OSError("the reply takes too long")
            byte = self.stream.read(1)
            if not byte:
                break
            text.extend(byte)
        return bytes(text)
        yield  # a generator that never waits

    def close(self):
        close(self.stream, self.raw)


def _chunks(url, headers, body):
    """The chunks of the whole request."""
    yield head(url, dict(headers, Connection="close"))
    yield from body


def _encrypted(raw, host):
    """TLS over the connected socket `raw`, by whichever module the firmware has."""
    for name in ("tls", "ssl", "ussl"):
        try:
            module = __import__(name)
        except ImportError:
            continue
        if hasattr(module, "SSLContext"):
            context = module.SSLContext(module.PROTOCOL_TLS_CLIENT)
            context.verify_mode = module.CERT_NONE
            return context.wrap_socket(raw, server_hostname=host)
        return module.wrap_socket(raw, server_hostname=host)  # until MicroPython 1.21
    raise NetworkError("this firmware has no TLS")
