"""The firmware's own `requests` (or `urequests`), which is on every board: plain HTTP, or TLS that verifies nothing.

Knows that module's versions and traps, and nothing of Blynk. What it can do is found out by letting it talk to a
socket that is none: whether it streams a body of known length (MicroPython 1.24), or adds its own Content-Length.

A transport has `post(url, headers, body, timeout_s)`, which gives (status, {lower-case name: value}, at most 1,024
bytes of the reply) or raises whatever went wrong; it never follows a redirect. `body` gives its chunks anew each time
it is iterated over. `streams` False: only bodies in one piece.
"""

from micropython import const

_REPLY_BYTES = const(1024)


class Moved(OSError):
    """A Location header came: raised before the module follows it and turns the POST into a GET."""


class Requests:
    """`module`: stands in for the firmware's `requests`. Raises NotImplementedError if that one is too old."""

    def __init__(self, module=None):
        self._module = module or _firmware_module()
        sent = self._try(_Stream([b"x"]))
        self.streams = sent is not None and b"chunked" not in sent and sent.endswith(b"\r\n\r\nx")
        sent = self._try(b"x")
        if sent is None:
            raise NotImplementedError("this firmware's urequests cannot show reply headers: update it, or use HTTPS")
        self._adds_length = sent.count(b"Content-Length") > 1

    def _try(self, data):
        """What the module would send, None if it cannot."""
        dummy = _Dummy()
        try:
            with _Sockets(self._module, dummy):
                self._call("http://a/b", {"Content-Length": "1"}, data, 1, {}).close()
        except Exception:  # noqa: BLE001 - whatever it raises, it is not able to
            return None
        return dummy.sent if dummy.heard else None

    def _call(self, url, headers, data, timeout_s, found):
        def hear(line, _):
            at = line.find(b":")
            name = str(line[:at], "utf-8").lower()
            found[name] = str(line[at + 1 :], "utf-8").strip()
            if name == "location":
                raise Moved(found[name])

        request = self._module.request
        return request("POST", url, data=data, headers=headers, timeout=timeout_s, parse_headers=hear)  # pyright: ignore

    def post(self, url, headers, body, timeout_s):
        found = {}
        if self.streams:
            data = _Stream(body)
        else:
            data = b"".join([bytes(chunk) for chunk in body])
            if self._adds_length:
                headers = {name: headers[name] for name in headers if name != "Content-Length"}
        sockets = _Sockets(self._module)
        with sockets:
            try:
                response = self._call(url, headers, data, timeout_s, found)
                return response.status_code, found, _read(response.raw, found)
            except Moved:
                # The module does not tell the status; its caller follows only what leads to the same path.
                return 308 if _path(found["location"]) == _path(url) else 302, found, b""
            except OSError:
                failed = getattr(data, "failed", None)
                if failed:
                    raise failed  # the body's own exception, which had to look like the network's
                raise
            finally:
                sockets.close()


def _firmware_module():
    try:
        import requests

        return requests
    except ImportError:
        import urequests  # before MicroPython 1.22

        return urequests


def _read(raw, found):
    """The start of the reply's body. OSError if it ends before its Content-Length."""
    length = found.get("content-length", "")
    want = min(_REPLY_BYTES, int(length)) if length.isdigit() else _REPLY_BYTES
    text = raw.read(want) if want else b""
    if length.isdigit() and len(text) < want:
        raise OSError("the reply broke off after %d of %s bytes" % (len(text), length))
    return text


def _path(url):
    at = url.find("://")
    at = url.find("/", at + 3 if at >= 0 else 0)
    return url[at:].split("?")[0] if at >= 0 else "/"


class _Stream:
    """A body as the module knows one: with `__next__`, without `__len__`. It closes its socket on OSError alone."""

    def __init__(self, body):
        self._body = body
        self.failed = None

    def __next__(self):
        raise NotImplementedError

    def __iter__(self):
        try:
            for chunk in self._body:
                yield chunk
        except Exception as e:  # noqa: BLE001 - kept, and raised again by post()
            self.failed = e
            raise OSError("body")


class _Sockets:
    """In place of the module's `socket` during one request: remembers the socket, so that it is always closed."""

    def __init__(self, module, dummy=None):
        self._module = module
        self._name = "socket" if hasattr(module, "socket") else "usocket"
        self._real = getattr(module, self._name, None)
        self._dummy = dummy
        self._made = []

    def __enter__(self):
        if self._real:
            setattr(self._module, self._name, self)

    def __exit__(self, *_):
        if self._real:
            setattr(self._module, self._name, self._real)

    def __getattr__(self, name):
        return getattr(self._real, name)

    def getaddrinfo(self, *args):
        return [(2, 1, 0, "", ("", 0))] if self._dummy else self._real.getaddrinfo(*args)

    def socket(self, *args):
        made = self._dummy or self._real.socket(*args)
        self._made.append(made)
        return made

    def close(self):
        for made in self._made:
            made.close()


class _Dummy:
    """A socket that takes all and answers 200."""

    def __init__(self):
        self.sent = b""
        self.heard = False
        self._lines = [b"HTTP/1.0 200 OK\r\n", b"A: b\r\n", b"\r\n"]

    def write(self, data):
        self.sent += data if isinstance(data, bytes) else bytes(data, "utf-8")
        return len(data)

    send = sendall = write

    def readline(self):
        self.heard = True
        return self._lines.pop(0) if self._lines else b""

    def settimeout(self, _):
        pass

    connect = setblocking = settimeout

    def read(self, *_):
        return b""

    def close(self):
        pass
