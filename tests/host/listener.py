"""A server of a test's own, for what the sandbox does not do: each connection goes to a function of the test's."""

import re
import socket
import threading


def read_request(connection):
    """The bytes of one request, headers and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    size = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
    while len(body) < size:
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection):
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the device hung up")
    return data


class Listener:
    """A server of one's own: `handle(connection)` deals with each connection in a thread."""

    def __init__(self, handle):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self._socket.getsockname()[1]
        self._handle = handle
        self._open = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection = self._socket.accept()[0]
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self._handle(connection)
        except OSError:
            pass  # the device hung up, as it should

    def close(self):
        for connection in [*self._open, self._socket]:
            connection.close()
