"""What a batch takes on the wire, TLS not counted: the bytes of its request's head, and those of its points."""

import re
import socketserver
import tempfile
import threading
from functools import partial
from pathlib import Path

from tools.bench.micropython import Failed, ROOT, cell, run


class _Handler(socketserver.StreamRequestHandler):
    """Takes one request, notes the bytes of its head and of its body, and accepts it."""

    def handle(self):
        head = []
        while not head or head[-1] not in (b"\r\n", b""):
            head.append(self.rfile.readline())
        text = b"".join(head)
        length = int(re.search(rb"content-length: *(\d+)", text, re.IGNORECASE).group(1))
        body = self.rfile.read(length)
        self.server.heard.append((len(text), len(body)))
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def heard(who, points):
    """[(bytes of head, bytes of body)] of the requests in which `who` delivers so many points of one pin."""
    serving = socketserver.TCPServer(("127.0.0.1", 0), _Handler)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, serving as server:
        server.heard = []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = "http://127.0.0.1:%d" % server.server_address[1]
        try:
            folder = Path(name)
            run("fill", folder / "ring", points, 1, folder / "points.csv")
            source = folder / ("ring" if who == "ours" else "points.csv")
            run("drain", ROOT / "lib", who, source, url, "T" * 32, heap="1m", folder=folder)
        finally:
            server.shutdown()
            thread.join()
        if not server.heard:
            raise Failed("%s sent nothing" % who)
        return server.heard


def measure(points):
    for who in ("ours", "csv"):
        requests = heard(who, points)
        yield cell("bytes of a request around its points", "", who, sum(head for head, _ in requests) / len(requests))
        yield cell("bytes of a request per point", "", who, sum(body for _, body in requests) / points)


def jobs(quick):
    """Bytes of a request

    10,000 points of one pin with a token of 32 characters, without TLS; beside it lists of 500 by `json.dumps`, a
    request for each.
    """
    yield partial(measure, 100 if quick else 10000)
