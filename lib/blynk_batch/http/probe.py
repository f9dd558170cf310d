"""What the firmware's `requests` can do, found out by letting it send one byte to a socket that is none."""

from .requests import Sockets, Stream


def look_at(transport):
    """(it streams a body of known length, it adds a Content-Length of its own) for a `transport.Requests`.
    NotImplementedError if the module is older than MicroPython 1.20's, or sends nothing."""
    sent = _try(transport, b"x")
    if sent is None:
        raise NotImplementedError("this firmware's requests cannot be used: update it to MicroPython 1.20 or newer")
    streamed = _try(transport, Stream([b"x"]))
    streams = streamed is not None and b"chunked" not in streamed and streamed.endswith(b"\r\n\r\nx")
    return streams, sent.count(b"Content-Length") > 1


def _try(transport, data):
    """What the module would send, None if it cannot."""
    dummy = _Dummy()
    heard = []
    try:
        with _NoSockets(transport.module, dummy):
            transport.call("http://a/b", {"Content-Length": "1"}, data, 1, lambda line, _: heard.append(line)).close()
    except Exception:  # noqa: BLE001 - whatever it raises, it is not able to
        return None
    return dummy.sent if heard else None


class _NoSockets(Sockets):
    def __init__(self, module, dummy):
        super().__init__(module)
        self._dummy = dummy

    def getaddrinfo(self, *_):
        return [(2, 1, 0, "", ("", 0))]

    def socket(self, *_):
        return self._dummy


class _Dummy:
    """A socket that takes all and answers 200."""

    def __init__(self):
        self.sent = b""
        self._lines = [b"HTTP/1.0 200 OK\r\n", b"A: b\r\n", b"\r\n"]

    def write(self, data):
        self.sent += bytes(data, "utf-8") if isinstance(data, str) else bytes(data)
        return len(data)

    send = sendall = write

    def readline(self):
        return self._lines.pop(0) if self._lines else b""

    def settimeout(self, _):
        pass

    connect = setblocking = settimeout

    def read(self, *_):
        return b""

    def close(self):
        pass
