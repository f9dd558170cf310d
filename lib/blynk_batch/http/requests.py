"""The firmware's own `requests` (or `urequests`), which is on every board: plain HTTP, or TLS that verifies nothing.

Knows that module's versions and traps, and nothing of Blynk. What it can do probe.py finds out by
letting it talk to a socket that is none: whether it streams a body of known length (MicroPython 1.24), or adds a
Content-Length of its own. It must know of timeouts and show the reply's headers, as MicroPython 1.20 does.

A transport has `post(url, headers, body, timeout_s)`, which gives (status, {lower-case name: value}, at most 1,024
bytes of the reply) or raises whatever went wrong; it never follows a redirect. `body` gives its chunks anew each time
it is iterated over. `streams` False: only bodies in one piece.
"""

import time

from micropython import const

from ..upload.batch import at_once, gather

_REPLY_BYTES = const(1024)
_HEADERS = const(("location", "retry-after", "content-length", "date"))
_FRAMING = const(("content-length", "transfer-encoding"))


class Moved(OSError):
    """A Location header came: raised before the module follows it and turns the POST into a GET."""


class Requests:
    """`module`: stands in for the firmware's `requests`. Raises NotImplementedError if that one cannot be used."""

    def __init__(self, module=None):
        self.module = module or _firmware_module()
        from . import probe
        from .. import let_go

        self.streams, self._adds_length = probe.look_at(self)
        let_go("http.probe")
        self._started = None  # when the reply's first header came

    def call(self, url, headers, data, timeout_s, hear):
        request = self.module.request
        return request("POST", url, data=data, headers=headers, timeout=timeout_s, parse_headers=hear)  # pyright: ignore

    def post(self, url, headers, body, timeout_s):
        found = {}
        self._started = None
        if self.streams:
            data = Stream(body)
        else:
            data = b"".join([bytes(chunk) for chunk in body])
            if self._adds_length:
                headers = {name: headers[name] for name in headers if name != "Content-Length"}

        def hear(line, out):
            self._check_time(timeout_s)
            if line[-1:] != b"\n":
                raise OSError("the reply broke off")
            at = max(0, line.find(b":"))
            name = str(line[:at], "utf-8").lower()
            if name in _HEADERS:
                found[name] = str(line[at + 1 :], "utf-8").strip()
            if name in _FRAMING:
                out[name] = str(line[at + 1 :], "utf-8").strip()  # later versions read the body by these
            if name == "location":
                raise Moved("redirected")

        with Sockets(self.module):
            try:
                response = self.call(url, headers, data, timeout_s, hear)
                text = self._read(response, found, timeout_s)
                status = response.status_code
                if status < 100 or (status == 200 and not text and "content-length" not in found):
                    # A version takes the connection's end within the headers for the headers' end.
                    raise OSError("the reply broke off")
                return status, found, text
            except Moved:
                # The module does not tell the status; its caller follows only what leads to the same path.
                return 308 if _path(found.get("location", "")) == _path(url) else 302, found, b""
            except OSError:
                failed = getattr(data, "failed", None)
                if failed:
                    raise failed  # the body's own exception, which had to look like the network's
                raise

    def _check_time(self, timeout_s):
        """A server that answers byte by byte is left, once it has taken `timeout_s` since its first header."""
        now = time.ticks_ms()
        if self._started is None:
            self._started = now
        elif time.ticks_diff(now, self._started) > timeout_s * 1000:
            raise OSError("the reply takes too long")

    def _read(self, result, found, timeout_s):
        """The start of the reply's body. OSError if it ends before its Content-Length."""
        length = found.get("content-length", "")
        want = min(_REPLY_BYTES, int(length)) if length.isdigit() else _REPLY_BYTES
        text = bytearray()
        while len(text) < want:
            self._check_time(timeout_s)
            byte = result.raw.read(1)
            if not byte:
                if length.isdigit():
                    raise OSError("the reply broke off after %d of %s bytes" % (len(text), length))
                break
            text.extend(byte)
        return bytes(text)


def _firmware_module():
    try:
        import requests

        return requests
    except ImportError:
        import urequests  # before MicroPython 1.22

        return urequests


def _path(url):
    at = url.find("://")
    at = url.find("/", at + 3 if at >= 0 else 0)
    return url[at:].split("?")[0] if at >= 0 else "/"


class Stream:
    """A body as the module knows one: with `__next__`, without `__len__`. It closes its socket on OSError alone."""

    def __init__(self, body):
        self._body = body
        self.failed = None

    def __next__(self):
        raise NotImplementedError

    def __iter__(self):
        try:
            yield from gather(self._body)
        except Exception as e:  # noqa: BLE001 - kept, and raised again by post()
            self.failed = e
            raise OSError("body")


class Sockets:
    """In place of the module's `socket` during one request: remembers the socket, so that it is always closed, and
    lets it look up no second host, since that would be a redirect."""

    def __init__(self, module):
        self.module = module
        self._name = "socket" if hasattr(module, "socket") else "usocket"  # older versions
        self._real = getattr(module, self._name)
        self._made = []

    def __enter__(self):
        setattr(self.module, self._name, self)

    def __exit__(self, *_):
        setattr(self.module, self._name, self._real)
        for made in self._made:
            made.close()

    def __getattr__(self, name):
        return getattr(self._real, name)

    def getaddrinfo(self, *args):
        if self._made:
            raise Moved("redirected")
        return self._real.getaddrinfo(*args)

    def socket(self, *args):
        made = self._real.socket(*args)
        self._made.append(made)
        at_once(made, self._real)
        return made
