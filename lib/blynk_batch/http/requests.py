"""The firmware's own `requests` (or `urequests`), which is on every board: plain HTTP, or TLS that verifies nothing.

It looks up, connects and encrypts. None of its versions may do more: before MicroPython 1.24 they want a body whole or
send a second length, and all take any protocol's 200 and half a reply for a whole one, some no chunks, and follow
redirects: a GET then, whose 200 looks like success. So it is lent sockets: when it begins to write, our request goes
out in place of its own, reply.py reads the reply, and what came of it ends the module's call.

A transport has `post(url, headers, body, timeout_s)`, which gives (status, {lower-case name: value}, at most 1,024
bytes of the reply) or raises whatever went wrong; it never follows a redirect. `body` gives its chunks anew each time
it is iterated over. `streams` False: only bodies in one piece.
"""

import sys
import time

from ..errors import NetworkError
from ..guard import get_ident
from .pieces import at_once, close, gather, head
from .reply import read


class Requests:
    """`module`: stands in for the firmware's `requests`. NetworkError if there is none."""

    streams = True

    def __init__(self, module=None):
        if module is None:
            found = _modules("requests") or _modules("urequests")  # the second before MicroPython 1.22
            if not found:
                what = "mpremote mip install requests, or give Client(transport=...)"
                raise NetworkError("this firmware has no `requests`: " + what)
            module = found.popitem()[1]
        self._name = "socket" if hasattr(module, "socket") else "usocket"  # older versions
        if not hasattr(module, "request") or not hasattr(module, self._name):
            raise TypeError("module=%r: must be like the firmware's `requests`, or None" % (module,))
        self.module = module

    def post(self, url, headers, body, timeout_s):
        module, tls = self.module, {}
        self.asked, self.timeout_s, self.wires = (url, headers, body), timeout_s, []
        self.thread = get_ident()
        real, request = getattr(module, self._name), module.request
        try:
            setattr(module, self._name, _Lent(real, self))
            module.request = own = _Lent(request, self)
            if url.startswith("https:"):
                tls = _modules("tls", "ssl", "ussl")  # imported within the call
                sys.modules.update({each: _Lent(tls[each], self) for each in tls})
            own.real("POST", url)
        except Heard as e:
            return e.args
        finally:
            setattr(module, self._name, real)
            module.request = request
            sys.modules.update(tls)
            self.asked = self.thread = None  # it would hold the window till the next drain
            while self.wires:
                self.wires.pop().close()
        raise NetworkError("this firmware's requests cannot be used: update it to MicroPython 1.20 or newer")

    def _is_asking(self):
        """False for a call of another thread, or of a callback: it goes elsewhere."""
        return self.thread == get_ident()

    def _aside(self, action, *args):
        """Do what may make a request of its own, or waits, so that a callback may: that goes elsewhere."""
        if not self._is_asking():
            return action(*args)
        thread, self.thread = self.thread, None
        try:
            return action(*args)
        finally:
            self.thread = thread

    def _feed(self):
        """Feed the body's watchdog, if any: between any two waits for the network, each within the timeout."""
        watchdog = getattr(self.asked[2], "watchdog", None)
        if watchdog:
            self._aside(watchdog)


def _chunks(url, headers, body):
    """The chunks of the whole request."""
    yield head(url, dict(headers, Connection="close"))
    yield from body


def _modules(*names):
    """{name: module} of those that the firmware has."""
    found = {}
    for name in names:
        try:
            found[name] = __import__(name)
        except ImportError:
            pass
    return found


class Heard(OSError):
    """No error: the reply is there, as its arguments, and the module's call is over."""


class _Lent:
    """In place of a module or an SSLContext: what comes from it to write to is a Wire, all else is its own. Or in place
    of `request`, by which a callback asks that comes between two waits."""

    def __init__(self, real, requests):
        self.real, self._requests = real.real if isinstance(real, _Lent) else real, requests

    def __getattr__(self, name):
        found = getattr(self.real, name)
        return (lambda *args: self._requests._aside(found, *args)) if name in ("getaddrinfo", "connect") else found

    def __call__(self, *args, **options):
        return self._requests._aside(lambda: self.real(*args, **options))

    def socket(self, *args):
        made = self.real.socket(*args)
        if self._requests._is_asking():
            made = _Wire(made, self._requests)
            at_once(made, self.real)
            made.settimeout(self._requests.timeout_s)
        return made

    def SSLContext(self, *args):
        made = self.real.SSLContext(*args)
        return _Lent(made, self._requests) if self._requests._is_asking() else made

    def wrap_socket(self, wire, **options):
        if hasattr(self.real, "verify_mode"):
            self.real.verify_mode = self.verify_mode  # as the module set it here
        if not isinstance(wire, _Wire):
            return self.real.wrap_socket(wire, **options)
        self._requests._feed()
        return _Wire(self._requests._aside(lambda: self.real.wrap_socket(wire.real, **options)), self._requests)


class _Wire(_Lent):
    """In place of a socket: at the first write all goes out, and all comes back within the timeout, by reply.py."""

    def __init__(self, real, requests):
        super().__init__(real, requests)
        requests.wires.append(self)
        requests._feed()

    def write(self, _):
        self._requests._aside(self._exchange)

    send = sendall = write

    def close(self):
        close(self.real)

    def _exchange(self):
        broken = None
        for piece in gather(_chunks(*self._requests.asked)):
            if piece:
                self._requests._feed()
                try:
                    self.real.write(piece)
                except OSError as e:
                    broken = e
                    break
        self._started = time.ticks_ms()
        try:
            next(read(self, broken))
        except StopIteration as e:
            raise Heard(*e.value[:3])

    def more(self, size, line=False):
        """For reply.py. By single bytes, so that a server that drips them is left in time."""
        text = bytearray()
        while len(text) < size and not (line and text[-1:] == b"\n"):
            self._requests._feed()
            if time.ticks_diff(time.ticks_ms(), self._started) > self._requests.timeout_s * 1000:
                raise OSError("the reply takes too long")
            byte = self.real.read(1)
            if not byte:
                break
            text.extend(byte)
        return bytes(text)
        yield  # a generator that never waits
