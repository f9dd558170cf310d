"""The one judge of replies: reads a whole HTTP/1.x reply by its own framing (RFC 9112), or raises.

For both transports. A source gives bytes by `more(size, line=False)`, a generator of pauses in ms whose value is at
most `size` bytes, with `line` no further than a line's end, and b"" once the other side has ended the connection. What
is cut, folded, doubled or longer than it says is no reply: better to send a batch again than to lose it. Knows nothing
of what a reply means. Keeps 1,024 bytes of the body and the few headers that matter.
"""

from micropython import const

_BODY_BYTES = const(1024)
_LINE_BYTES = const(512)  # of a longer line the start is kept
_LONGEST_LINE_BYTES = const(8192)
_HEAD_LINES = const(100)
_KEPT = const(("date", "retry-after", "location", "connection", "content-length", "transfer-encoding"))
_ONCE = const(("location", "content-length", "transfer-encoding"))
_HEX = const(b"0123456789abcdefABCDEF")


def read(source, broken=None):
    """(status, {lower-case name: value}, start of the body, True if the connection can carry another request).

    ValueError for what is no HTTP/1.x, OSError if the reply ends too early. `broken` is the OSError that broke the
    request off, raised in place of all but a refusal: the server may have had enough, and said why."""
    try:
        for _ in range(4):
            status, start, found = yield from _head(source)
            if broken and 200 <= status < 300:
                break
            if status >= 200:  # 1xx only announce
                return (yield from _rest(source, status, start, found))
        raise ValueError("the server only announces a reply")
    except (OSError, ValueError) as e:
        raise broken or e


def _head(source):
    """(status, status line, {lower-case name: value}) of the reply, or of a 1xx that only announces one."""
    start = yield from _line(source)
    status = start[9:12]
    if start[:7] != b"HTTP/1." or not start[7:8].isdigit() or start[8:9] != b" " or start[12:13] not in (b"", b" "):
        raise ValueError("this is no HTTP/1: %r" % start[:40])
    if len(status) < 3 or not status.isdigit() or status[:1] == b"0" or status == b"101":
        raise ValueError("this status is none: %r" % start[:40])
    return int(status), start, (yield from _headers(source))


def _rest(source, status, start, found):
    length, coding = found.get("content-length"), found.get("transfer-encoding")
    whole = False
    if coding is not None:
        if coding.lower() != "chunked" or length is not None or start[7:8] == b"0":
            raise ValueError("a length that is none, or two: Transfer-Encoding: %s" % coding[:40])
        text, whole = yield from _chunked(source)
    elif status in (204, 304):
        text, whole = b"", True
    elif length is not None:
        if not length.isdigit() or len(length) > 9:
            raise ValueError("a length that is none: %s" % length[:40])
        text = yield from _exactly(source, min(int(length), _BODY_BYTES))
        whole = len(text) == int(length)
    else:
        text = b""
        more = b"x"
        while more and len(text) < _BODY_BYTES:
            more = yield from source.more(1)  # of several bytes and an error behind them only the error would be seen
            text += more
    keep = whole and start[7:8] == b"1" and "close" not in found.get("connection", "").lower()
    return status, found, text, keep


def _some(source, size, line=False):
    found = yield from source.more(size, line)
    if not found:
        raise OSError("the server ended the connection before its reply was whole")
    return found


def _exactly(source, size):
    text = b""
    while len(text) < size:
        text += yield from _some(source, size - len(text))
    return text


def _line(source):
    """The next line without its end; only the start of a long one."""
    start = b""
    size = 0
    end = b""
    while end != b"\n":
        more = yield from _some(source, _LINE_BYTES, True)
        size += len(more)
        end = more[-1:]
        if len(start) + len(more) <= _LINE_BYTES:
            start += more
        if size > _LONGEST_LINE_BYTES:
            raise ValueError("a line of the reply has no end")
    start = start[: -2 if start.endswith(b"\r\n") else -1]
    if b"\r" in start or b"\0" in start:
        raise ValueError("a line of the reply holds what ends one")
    return start


def _headers(source):
    """{lower-case name: value} of those that matter, to the empty line."""
    found = {}
    for _ in range(_HEAD_LINES):
        text = yield from _line(source)
        if not text:
            return found
        at = text.find(b":")
        if at < 1 or b" " in text[:at] or b"\t" in text[:at]:  # folded lines, too
            raise ValueError("this is no header: %r" % text[:40])
        name = str(text[:at], "utf-8").lower()
        if name in found and name in _ONCE:
            raise ValueError("the reply has two headers %s" % name)
        if name in _KEPT:
            # What is no ASCII says nothing here; chr() would leave a name in the firmware's table for each letter.
            value = str(bytes([byte if byte < 128 else 63 for byte in text[at + 1 :]]), "utf-8").strip(" \t")
            found[name] = found[name] + "," + value if name in found else value
    raise ValueError("the reply has more than %d headers" % _HEAD_LINES)


def _chunked(source):
    text = b""
    while True:
        line = yield from _line(source)
        digits = line.split(b";")[0].rstrip()
        if not digits or len(digits) > 7 or [digit for digit in digits if digit not in _HEX]:
            raise ValueError("a chunk without a size: %r" % line[:40])
        size = int(digits, 16)
        if not size:
            yield from _headers(source)  # trailers
            return text, True
        want = min(size, _BODY_BYTES - len(text))
        text += yield from _exactly(source, want)
        if want < size:
            return text, False
        if (yield from _exactly(source, 2)) != b"\r\n":
            raise ValueError("a chunk is not as long as it says")
