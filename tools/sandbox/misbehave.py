"""The faults: one function each, carried out on the socket of one request.

A fault's name is its function's name, its settings are the keyword arguments (with their defaults), its
description the docstring: the control endpoint, the command line and the page all list what is here.
`exchange` is server.Exchange. A fault returns the reply to send, or None when it dealt with the socket.
SHAPES only change the headers of whatever reply follows, and combine with the others.
"""

import asyncio
import inspect
import time
from email.utils import formatdate

from aiohttp import web

_PORTAL = (
    "<!DOCTYPE html><html><head><title>Welcome</title></head>"
    "<body><h1>Welcome to the guest network</h1><form>Accept the terms to go online.</form></body></html>"
)


def _cut(raw, body_bytes):
    """A reply's bytes as far as so many bytes of its body."""
    return raw[: raw.index(b"\r\n\r\n") + 4 + body_bytes]


async def offline(exchange):
    """The connection is reset as soon as the request's headers are there."""
    exchange.end(reset=True)


async def slow(exchange, *, seconds=5.0):
    """The request is handled at once, the reply comes late."""
    reply = await exchange.judge()
    await asyncio.sleep(seconds)
    return reply


async def slow_read(exchange, *, bytes_per_s=20_000.0):
    """The body is read slowly, so that the sender has to wait in between."""
    await exchange.read_slowly(bytes_per_s)
    return await exchange.judge()


async def slow_reply(exchange, *, seconds_per_byte=0.5):
    """The reply's bytes come one at a time."""
    reply = await exchange.judge()
    raw = exchange.raw_reply(reply)
    for byte in raw[:-1]:
        await exchange.send(bytes((byte,)))
        await asyncio.sleep(seconds_per_byte)
    exchange.end(raw[-1:])


async def too_many_requests(exchange, *, retry_after_s=30):
    """429 with Retry-After; nothing is stored. A negative number leaves the header out."""
    headers = {} if retry_after_s < 0 else {"Retry-After": str(retry_after_s)}
    return await exchange.refuse(429, "Too many requests.", headers)


async def server_error(exchange, *, status=503, retry_after_s=-1):
    """A reply 5xx, with Retry-After unless that is negative; nothing is stored."""
    headers = {} if retry_after_s < 0 else {"Retry-After": str(retry_after_s)}
    return await exchange.refuse(status, "Server error.", headers)


async def portal(exchange):
    """A captive portal's HTML page with status 200; nothing is stored."""
    await exchange.read_body()
    return web.Response(text=_PORTAL, content_type="text/html")


async def portal_redirect(exchange, *, status=302, location="http://192.0.2.1/login"):
    """302 (or another status) to a captive portal's login page; nothing is stored."""
    await exchange.read_body()
    return web.Response(status=status, headers={"Location": location})


async def network_login(exchange):
    """511 Network Authentication Required with an HTML page; nothing is stored."""
    await exchange.read_body()
    return web.Response(status=511, text=_PORTAL, content_type="text/html")


async def wrong_region(exchange, *, location=""):
    """308 to `location` (the start of a URL, or the name of a region here); nothing is stored.

    Without a location: another region of this sandbox, or this very address if there is none. Requests that
    arrive at the region named are answered as usual.
    """
    if exchange.is_at(location):
        return await exchange.judge()
    await exchange.read_body()
    return web.Response(status=308, headers={"Location": exchange.elsewhere(location)})


async def lose_reply(exchange):
    """The batch is stored, then the connection is reset instead of a reply."""
    await exchange.judge()
    exchange.end(reset=True)


async def drop_past(exchange, *, keep=100):
    """200 OK, but only the batch's first `keep` points are stored."""
    return await exchange.judge(keep=keep)


async def truncated_reply(exchange, *, body_bytes=1):
    """The batch is stored; the reply ends after `body_bytes` of its body, short of its Content-Length."""
    exchange.end(_cut(exchange.raw_reply(await exchange.judge()), body_bytes))


async def stalled_reply(exchange, *, body_bytes=1):
    """The batch is stored; after `body_bytes` of the reply's body nothing more comes."""
    await exchange.send(_cut(exchange.raw_reply(await exchange.judge()), body_bytes))
    await exchange.until_gone()


async def chunked_reply(exchange):
    """The right reply, in chunked transfer coding, one byte to a chunk. HTTP/1.0 gets it without a length."""
    right = await exchange.judge()
    if exchange.request.version < (1, 1):
        return exchange.end(exchange.raw_reply(right, measured=False))
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in right.body) + b"0\r\n\r\n"
    right.headers["Transfer-Encoding"] = "chunked"
    head, _, _ = exchange.raw_reply(right, measured=False).partition(b"\r\n\r\n")
    exchange.end(head + b"\r\n\r\n" + chunks)


async def unmeasured_reply(exchange):
    """The right reply without a Content-Length; it ends with the connection."""
    exchange.end(exchange.raw_reply(await exchange.judge(), measured=False))


async def hang_up_after(exchange):
    """The right reply, then the connection ends without having said so: no keeping alive."""
    exchange.end(exchange.raw_reply(await exchange.judge()))


async def huge_reply(exchange, *, status=200, bytes=1_000_000):
    """A reply whose body is far too large; nothing is stored."""
    await exchange.read_body()
    return web.Response(status=status, body=b"x" * bytes, content_type="text/plain")


async def garbage(exchange, *, text="\x16\x03\x01 no HTTP at all\r\n\r\n"):
    """Bytes that are no HTTP status line; nothing is stored."""
    await exchange.read_body()
    exchange.end(text.encode("latin-1", "replace"))


async def never(exchange):
    """The request is read and never answered; nothing is stored."""
    await exchange.read_body()
    await exchange.until_gone()


async def reset_before(exchange):
    """The connection is reset before any of the body is read."""
    exchange.end(reset=True)


async def reset_within(exchange, *, after_bytes=1000):
    """The connection is reset after so many bytes of the body; nothing is stored."""
    await exchange.read_part(after_bytes)
    exchange.end(reset=True)


async def reset_after(exchange):
    """The connection is reset once the whole body was read; nothing is stored."""
    await exchange.read_body()
    exchange.end(reset=True)


async def unknown_400(exchange, *, text="Something unheard of."):
    """400 with a JSON error that no documentation names; nothing is stored."""
    return await exchange.refuse(400, text)


async def invalid_token(exchange):
    """400 `Invalid token.`, as for the right token at the wrong region; nothing is stored."""
    return await exchange.refuse(400, "Invalid token.")


async def reply(exchange, *, status=200, body="", content_type="application/json", header="", stored=False):
    """Any reply you like, the batch stored first or not; `header`: one more header, as in "Name: value"."""
    await (exchange.judge() if stored else exchange.read_body())
    name, _, value = header.partition(":")
    headers = {"Content-Type": content_type, **({name.strip(): value.strip()} if header else {})}
    return web.Response(status=status, body=body.encode(), headers=headers)


def date_off(headers, *, hours=2.0):
    """The replies' Date header is so many hours ahead (negative: behind)."""
    headers["Date"] = formatdate(time.time() + hours * 3600, usegmt=True)


def no_date(headers):
    """The replies carry no Date header."""
    headers["Date"] = None


_HERE = [f for f in vars().values() if inspect.isfunction(f) and f.__module__ == __name__ and f.__name__[0] != "_"]
FAULTS = {function.__name__: function for function in _HERE if inspect.iscoroutinefunction(function)}
SHAPES = {function.__name__: function for function in _HERE if function.__name__ not in FAULTS}
