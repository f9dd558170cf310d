"""The `requests` modules of several MicroPython versions as a caller meets them: signatures, framing, redirects.

Written after their behaviour, for tests alone; `versions()` names them, `module(version)` gives one.

    1.20   bodies with __iter__ and no __len__ are chunked; always adds Content-Length; follows redirects
    1.21   the same for bodies with __next__
    1.24   a Content-Length of the caller's is kept, and then such a body is streamed as it is
    1.29   speaks HTTP/1.1; reads the body by the headers it was given, chunked too
"""

import socket

_VERSIONS = {
    "1.20": {"iterable": "__iter__", "keeps": False, "http": b"1.0"},
    "1.21": {"iterable": "__next__", "keeps": False, "http": b"1.0"},
    "1.24": {"iterable": "__next__", "keeps": True, "http": b"1.0"},
    "1.29": {"iterable": "__next__", "keeps": True, "http": b"1.1"},
}


def versions():
    return sorted(_VERSIONS)


def module(version):
    return _Module(_VERSIONS[version])


class _Module:
    def __init__(self, traits):
        self._traits = traits
        self.socket = socket
        self.requested = []

    def request(self, method, url, data=None, headers={}, **options):  # noqa: B006
        for name in options:
            if name not in ("timeout", "parse_headers"):
                raise TypeError("unexpected keyword argument '%s'" % name)
        self.requested.append((method, url))
        _, _, host, path = url.split("/", 3)
        host, _, port = host.partition(":")
        address = self.socket.getaddrinfo(host, int(port or 80), 0, self.socket.SOCK_STREAM)[0]
        made = self.socket.socket(address[0], self.socket.SOCK_STREAM, address[2])
        if options.get("timeout") is not None:
            made.settimeout(options["timeout"])
        try:
            made.connect(address[-1])
            made.write(b"%s /%s HTTP/%s\r\nHost: %s\r\n" % (method.encode(), path.encode(), self._traits["http"], host))
            self._send(made, dict(headers), data)
            status, reply, redirect = self._hear(made, options.get("parse_headers"))
        except OSError:
            made.close()
            raise
        if redirect:
            made.close()
            if status in (301, 302, 303):
                return self.request("GET", redirect, None, headers)
            return self.request(method, redirect, data, headers)
        return _Response(status, _Framed(made, reply) if self._traits["http"] == b"1.1" else made)

    def _send(self, made, headers, data):
        traits = self._traits
        iterable = hasattr(data, traits["iterable"]) and not hasattr(data, "__len__")
        as_it_is = traits["keeps"] and "Content-Length" in headers
        for name in headers:
            made.write(b"%s: %s\r\n" % (name.encode(), headers[name].encode()))
        if iterable and not as_it_is:
            made.write(b"Transfer-Encoding: chunked\r\n")
        elif data and not as_it_is:
            made.write(b"Content-Length: %d\r\n" % len(data))
        made.write(b"Connection: close\r\n\r\n")
        if not iterable:
            made.write(data or b"")
            return
        for chunk in data:
            made.write(chunk if as_it_is else b"%x\r\n%s\r\n" % (len(chunk), bytes(chunk)))
        if not as_it_is:
            made.write(b"0\r\n\r\n")

    def _hear(self, made, parse_headers):
        status = int(made.readline().split(None, 2)[1])
        redirect = None
        reply = {}
        while True:
            line = made.readline()
            if not line or line == b"\r\n":
                return status, reply, redirect
            if line.lower().startswith(b"transfer-encoding:") and self._traits["http"] == b"1.0":
                raise ValueError("Unsupported " + str(line, "utf-8"))
            if line.lower().startswith(b"location:"):
                redirect = str(line[9:], "utf-8").strip()
            if callable(parse_headers):
                parse_headers(line, reply)


class _Response:
    def __init__(self, status, raw):
        self.status_code = status
        self.raw = raw

    def close(self):
        self.raw.close()


class _Framed:
    """Gives a bytearray, and not more than one chunk of a chunked body at a time."""

    def __init__(self, made, headers):
        self._made = made
        self._chunked = "chunked" in headers.get("transfer-encoding", "")
        self._left = 0 if self._chunked else int(headers.get("content-length", "100000"))

    def read(self, size):
        if self._chunked and not self._left:
            self._left = int(self._made.readline().strip(), 16)
        found = self._made.read(min(size, self._left)) if self._left else b""
        self._left -= len(found)
        if self._chunked and found and not self._left:
            self._made.readline()
        return bytearray(found)

    def close(self):
        self._made.close()
