"""Stands for the firmware's `requests`, with what programs for boards use of it. HTTP only, no redirects.

A body with `__next__` and without `__len__` is sent as it comes, in chunks unless a Content-Length is given.
"""

import json as _json
import socket


class Response:
    def __init__(self, raw, status_code, reason):
        self.raw, self.status_code, self.reason = raw, status_code, reason
        self.encoding = "utf-8"
        self.headers = {}
        self._content = None

    @property
    def content(self):
        if self._content is None:
            self._content = self.raw.read()
            self.close()
        return self._content

    @property
    def text(self):
        return str(self.content, self.encoding)

    def json(self):
        return _json.loads(self.content)

    def close(self):
        if self.raw:
            self.raw.close()
            self.raw = None


def _split(url):
    scheme, _, rest = url.partition("://")
    if scheme != "http":
        raise ValueError("Unsupported protocol: " + scheme)
    place, slash, path = rest.partition("/")
    host, _, port = place.partition(":")
    return place, host, int(port or 80), slash + path or "/"


def request(method, url, data=None, json=None, headers=None, timeout=None, parse_headers=True, **_):
    place, host, port, path = _split(url)
    headers = dict(headers or {})
    if json is not None:
        data = _json.dumps(json)
        headers["Content-Type"] = "application/json"
    streamed = hasattr(data, "__next__") and not hasattr(data, "__len__")
    if streamed and "Content-Length" not in headers:
        headers["Transfer-Encoding"] = "chunked"
    elif data and not streamed and "Content-Length" not in headers:
        headers["Content-Length"] = str(len(data))
    kind, protocol, number, _, address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
    s = socket.socket(kind, socket.SOCK_STREAM, number)
    try:
        if timeout is not None:
            s.settimeout(timeout)
        s.connect(address)
        s.write(b"%s %s HTTP/1.0\r\n" % (method.encode(), path.encode()))
        s.write(b"Host: %s\r\nConnection: close\r\n" % place.encode())
        for name in headers:
            s.write(b"%s: %s\r\n" % (name.encode(), str(headers[name]).encode()))
        s.write(b"\r\n")
        _send(s, data, streamed, "Transfer-Encoding" in headers)
        return _receive(s, parse_headers)
    except BaseException:
        s.close()
        raise


def _send(s, data, streamed, chunked):
    for chunk in data if streamed else [data] if data else []:
        if chunked:
            s.write(b"%x\r\n" % len(chunk))
        s.write(chunk)
        if chunked:
            s.write(b"\r\n")
    if chunked:
        s.write(b"0\r\n\r\n")


def _receive(s, parse_headers):
    words = s.readline().split(None, 2)
    if len(words) < 2:
        raise ValueError("HTTP error: BadStatusLine:\n%s" % words)
    response = Response(s, int(words[1]), words[2].rstrip() if len(words) > 2 else "")
    while True:
        line = s.readline()
        if not line or line == b"\r\n":
            return response
        if callable(parse_headers):
            parse_headers(line, response.headers)
        elif parse_headers:
            name, _, value = str(line, "utf-8").partition(":")
            response.headers[name] = value.strip()


def _by(method):
    return lambda url, **options: request(method, url, **options)


get, post, put, delete = [_by(method) for method in ("GET", "POST", "PUT", "DELETE")]
