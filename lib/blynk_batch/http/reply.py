"""Reads one reply to an HTTP/1.1 request off a connection: by its length, chunked, or until the server ends it.

Knows HTTP's framing and nothing of what a reply means. Keeps 1,024 bytes of the body and the few headers that matter.
All functions are generators of pauses, as those of connection.py.
"""

from micropython import const

_BODY_BYTES = const(1024)
_LINE_BYTES = const(512)  # of a longer line the start is kept
_LONGEST_LINE_BYTES = const(8192)
_HEAD_LINES = const(100)
_KEPT = const(("date", "retry-after", "location", "connection", "content-length", "transfer-encoding"))


def read(connection):
    """(status, {lower-case name: value}, start of the body). Sets `connection.keep`.

    ValueError for what is no HTTP, OSError if the reply ends too early."""
    for _ in range(4):
        status, start, found = yield from head(connection)
        if status >= 200:  # 1xx only announce
            break
    return (yield from rest(connection, status, start, found))


def head(connection):
    """(status, status line, {lower-case name: value}) of the reply, or of a 1xx that only announces one."""
    start = yield from line(connection)
    parts = start.split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/") or not parts[1].isdigit():
        raise ValueError("this is no HTTP: %r" % start[:40])
    return int(parts[1]), start, (yield from headers(connection))


def rest(connection, status, start, found):
    """What `read` gives, once the head has been read."""
    length = found.get("content-length", "")
    if status in (204, 304):
        text, whole = b"", True
    elif "chunked" in found.get("transfer-encoding", "").lower():
        text, whole = yield from _chunked(connection)
    elif length.isdigit():
        text = yield from connection.read(min(int(length), _BODY_BYTES))
        whole = len(text) == int(length)
    else:
        text, whole = (yield from connection.rest(_BODY_BYTES)), False
    connection.keep = whole and start.startswith(b"HTTP/1.1") and "close" not in found.get("connection", "").lower()
    return status, found, text


def line(connection):
    """The next line without its end; only the start of a long one."""
    start = text = yield from connection.line(_LINE_BYTES)
    skipped = 0
    while not text.endswith(b"\n"):
        text = yield from connection.line(_LINE_BYTES)
        skipped += len(text)
        if skipped > _LONGEST_LINE_BYTES:
            raise ValueError("a line of the reply has no end")
    return start.rstrip(b"\r\n")


def headers(connection):
    """{lower-case name: value} of those that matter, to the empty line."""
    found = {}
    for _ in range(_HEAD_LINES):
        text = yield from line(connection)
        if not text:
            return found
        at = text.find(b":")
        name = str(text[: max(0, at)], "utf-8").lower()
        if name in _KEPT:
            found[name] = str(text[at + 1 :], "utf-8").strip()
    raise ValueError("the reply has more than %d headers" % _HEAD_LINES)


def _chunked(connection):
    text = b""
    while True:
        size_line = yield from line(connection)
        size = int(size_line.split(b";")[0], 16)
        if size < 0:
            raise ValueError("a chunk of %d bytes" % size)
        if not size:
            yield from headers(connection)  # trailers
            return text, True
        want = min(size, _BODY_BYTES - len(text))
        text += yield from connection.read(want)
        if want < size:
            return text, False
        yield from line(connection)
