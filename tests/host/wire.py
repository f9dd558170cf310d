"""Plain HTTP and raw sockets for the sandbox's tests: nothing that retries, follows or repairs."""

import http.client
import json
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

UPLOAD = "/external/api/batch/update"
JSON = {"Content-Type": "application/json"}
TIMEOUT_S = 60


class Reply(NamedTuple):
    status: int
    body: str
    headers: dict


def address(url):
    parts = urlsplit(url)
    return parts.hostname, parts.port


def request(url, method, path, body=None, headers=None):
    """One request over a connection of its own; header names of the reply are lower case."""
    connection = http.client.HTTPConnection(*address(url), timeout=TIMEOUT_S)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        headers = {name.lower(): value for name, value in reply.getheaders()}
        return Reply(reply.status, reply.read().decode("utf-8", "replace"), headers)
    finally:
        connection.close()


def post(sandbox, body, pin="v1", token=None, headers=JSON, url=None):
    """Uploads `body`: text, bytes, or a list of points that becomes compact JSON."""
    if isinstance(body, list):
        body = json.dumps(body, separators=(",", ":"))
    path = "%s?token=%s&pin=%s" % (UPLOAD, sandbox.token if token is None else token, pin)
    return request(url or sandbox.url, "POST", path, body, headers)


def exchange_raw(sandbox, data, half_close=False):
    """Sends bytes, reads until the server ends the connection; (bytes read, whether it was reset)."""
    with socket.create_connection(address(sandbox.url), timeout=TIMEOUT_S) as connection:
        received = b""
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                received += chunk
        except (ConnectionResetError, BrokenPipeError):
            return received, True
        return received, False


def raw_upload(sandbox, body, headers=()):
    """The bytes of an upload request that asks for the connection to be closed."""
    lines = ["POST %s?token=%s&pin=v1 HTTP/1.1" % (UPLOAD, sandbox.token), "Host: sandbox"]
    lines += ["Content-Type: application/json", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def error(message):
    return '{"error":{"message":"%s"}}' % message
