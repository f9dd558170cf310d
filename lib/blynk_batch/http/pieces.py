"""How a request goes out, with either transport: its head, then the body in pieces of a TCP segment, each at once."""

import sys

from micropython import const

_PIECE_BYTES = const(1400)  # a TCP segment; a packet for each chunk would cost more than making it
_TCP = const(6)  # the level of its options


def head(url, headers):
    """The first bytes of a POST."""
    host, _, path = url.partition("://")[2].partition("/")
    lines = ["POST /%s HTTP/1.1\r\nHost: %s\r\n" % (path, host)]
    lines += ["%s: %s\r\n" % (name, headers[name]) for name in headers]
    return ("".join(lines) + "\r\n").encode()


def gather(chunks):
    """The bytes of all chunks in pieces of a TCP segment, or of one larger chunk; each is valid until the next.

    None after every chunk that was put by, so that others can work meanwhile."""
    try:
        out = bytearray(_PIECE_BYTES)
    except MemoryError:
        yield from chunks
        return
    view = memoryview(out)
    filled = 0
    for chunk in chunks:
        size = len(chunk)
        if filled + size > _PIECE_BYTES:
            if filled:
                yield view[:filled]
            filled = 0
        if size > _PIECE_BYTES:
            yield chunk
        else:
            out[filled : filled + size] = chunk
            filled += size
            yield None
    if filled:
        yield view[:filled]


def at_once(made, firmware):
    """Have the new socket `made` send small pieces without waiting for word of those before, which a server may hold
    back for 40 ms. Only where the module `firmware` knows how: older ones print a warning instead."""
    option = getattr(firmware, "TCP_NODELAY", 1 if sys.platform == "linux" else None)
    if option:
        made.setsockopt(_TCP, option, 1)


def close(*ends):
    """End a connection: its TLS, if any, and the socket below, since after a failed handshake the one no longer knows
    the other. That it is dead already changes no reply, nor why there is none."""
    for end in ends:
        try:
            if end:
                end.close()
        except OSError:
            pass
