"""The firmware's own `requests` (or `urequests`), which is on every board: plain HTTP, or TLS that verifies nothing.

It looks up, connects, encrypts and sends. None of its versions may read a reply: they take any protocol's 200 and half
a reply for a whole one, some no chunks, and follow redirects: a GET then, whose 200 looks like success.
So it is lent sockets that hand the reply to reply.py at the first read, and end the module's call by what came of it.

A transport has `post(url, headers, body, timeout_s)`, which gives (status, {lower-case name: value}, at most 1,024
bytes of the reply) or raises whatever went wrong; it never follows a redirect. `body` gives its chunks anew each time
it is iterated over. `streams` False: only bodies in one piece.
"""

import sys
import time

from ..errors import NetworkError
from .pieces import at_once, gather
from .reply import read


class Requests:
    """`module`: stands in for the firmware's `requests`. NetworkError if there is none, or none that sends anything.

    streams  the module sends a body of known length as it comes (MicroPython 1.24)"""

    def __init__(self, module=None):
        self.module = _firmware_module() if module is None else module
        nowhere = _Nowhere()
        try:
            self._request("http://a/b", {"Content-Length": "1"}, Stream((b"x",)), 1, nowhere)
        except Exception:  # noqa: BLE001 - whatever it raises, what it sent tells
            pass
        if not nowhere.sent:
            raise NetworkError("this firmware's requests cannot be used: update it to MicroPython 1.20 or newer")
        self.streams = b"chunked" not in nowhere.sent and nowhere.sent.endswith(b"\r\n\r\nx")

    def post(self, url, headers, body, timeout_s):
        if self.streams:
            return self._request(url, headers, Stream(body), timeout_s)
        pieces = [piece for piece in body]
        # Each version adds a length of its own, and some a second one.
        headers = {name: headers[name] for name in headers if name != "Content-Length"}
        return self._request(url, headers, pieces[0] if len(pieces) == 1 else b"".join(pieces), timeout_s)

    def _request(self, url, headers, data, timeout_s, nowhere=None):
        module, wires, tls = self.module, [], {}
        name = "socket" if hasattr(module, "socket") else "usocket"  # older versions
        real = getattr(module, name)
        setattr(module, name, _Lent(nowhere or real, wires, timeout_s))
        if url.startswith("https:"):
            tls = _tls_modules()  # imported within the call
            sys.modules.update({each: _Lent(tls[each], wires, timeout_s) for each in tls})
        try:
            module.request("POST", url, data=data, headers=headers)
        except Heard as e:
            return e.args
        finally:
            setattr(module, name, real)
            sys.modules.update(tls)
            while wires:
                wires.pop().close()
        raise OSError("this firmware's requests did not let its reply be read")


def _firmware_module():
    for name in ("requests", "urequests"):  # the second before MicroPython 1.22
        try:
            return __import__(name)
        except ImportError:
            pass
    raise NetworkError("this firmware has no `requests`: mpremote mip install requests, or give Client(transport=...)")


def _tls_modules():
    found = {}
    for name in ("tls", "ssl", "ussl"):
        try:
            found[name] = __import__(name)
        except ImportError:
            pass
    return found


class Stream:
    """A body as the module knows one: with `__next__`, without `__len__`."""

    def __init__(self, body):
        self._body = body

    def __next__(self):
        raise NotImplementedError

    def __iter__(self):
        return gather(self._body)


class Heard(OSError):
    """No error: the reply is there, as its arguments, and the module's call is over."""


class _Lent:
    """In place of a module or an SSLContext: what comes from it to read from is a Wire, all else is its own."""

    def __init__(self, real, wires, timeout_s):
        self._real, self._wires, self._timeout_s = real, wires, timeout_s

    def __getattr__(self, name):
        return getattr(self._real, name)

    def socket(self, *args):
        made = self._real.socket(*args)
        wire = self._wire(made)
        at_once(made, self._real)
        made.settimeout(self._timeout_s)
        return wire

    def SSLContext(self, *args):
        return _Lent(self._real.SSLContext(*args), self._wires, self._timeout_s)

    def wrap_socket(self, wire, **options):
        if hasattr(self._real, "verify_mode"):
            self._real.verify_mode = self.verify_mode  # as the module set it here
        return self._wire(self._real.wrap_socket(wire.real, **options))

    def _wire(self, real):
        self._wires.append(_Wire(real, self._timeout_s))
        return self._wires[-1]


class _Wire:
    """In place of a socket: the first read is the whole reply, within `timeout_s`, by reply.py."""

    def __init__(self, real, timeout_s):
        self.real, self._timeout_s = real, timeout_s

    def __getattr__(self, name):
        return getattr(self.real, name)

    def readline(self, *_):
        self._started = time.ticks_ms()
        steps = read(self)
        try:
            next(steps)
        except StopIteration as e:
            raise Heard(*e.value[:3])

    read = recv = readinto = readline

    def more(self, size, line=False):
        """For reply.py. By single bytes, so that a server that drips them is left in time."""
        text = bytearray()
        while len(text) < size and not (line and text[-1:] == b"\n"):
            if time.ticks_diff(time.ticks_ms(), self._started) > self._timeout_s * 1000:
                raise OSError("the reply takes too long")
            byte = self.real.read(1)
            if not byte:
                break
            text.extend(byte)
        return bytes(text)
        yield  # a generator that never waits


class _Nowhere:
    """A `socket` module and its one socket, which lead nowhere: `sent` is what the module would send."""

    SOCK_STREAM = 1

    def __init__(self):
        self.sent = b""

    def getaddrinfo(self, *_):
        return [(2, 1, 0, "", ("", 0))]

    def socket(self, *_):
        return self

    def write(self, data):
        self.sent += bytes(data, "utf-8") if isinstance(data, str) else bytes(data)
        return len(data)

    send = sendall = write

    def connect(self, *_):
        pass

    settimeout = setblocking = setsockopt = close = connect

    def read(self, _):
        return b""
