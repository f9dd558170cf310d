"""One request and what can be done to it: judged by the contract, or spoilt on its socket.

Reads the body, asks the contract, has the ledger store, and gives the faults their means: raw bytes, resets,
silence. The only file that touches a request's socket.
"""

import asyncio
import socket
import struct
from email.utils import formatdate

from aiohttp import web
from aiohttp.http import SERVER_SOFTWARE

from tools.sandbox import contract
from tools.sandbox.contract import Refusal
from tools.sandbox.ledger import now_ms

_JSON = "application/json"
_BODY_TIMEOUT_S = 60
_TOO_LARGE = "Request is too large. Maximum is %d bytes."


def json_error(refusal, headers=None):
    """The reply to a refused request."""
    return web.Response(status=refusal.status, body=refusal.body.encode(), content_type=_JSON, headers=headers)


class Exchange:
    def __init__(self, request, server):
        self.request = request
        self.server = server
        self.fault_names = ""
        self.arrived_ms = now_ms()
        self.token = request.query.get("token", "")
        self.region = server.regions.name_at(request)
        try:
            self.pin = contract.parse_pin(request.query.get("pin"))
        except Refusal:
            self.pin = None
        self.outcome = ""
        self.row = None  # the ledger's request, once the contract accepted it
        self.noted = False  # in the ledger, with what became of it
        self._body = bytearray()
        self._ending = None

    # The body

    @property
    def bytes_read(self):
        return len(self._body)

    async def read_part(self, size):
        """Reads until `size` bytes of the body are there; the body may end before."""
        reading = asyncio.ensure_future(self._fill(size))
        try:
            done = before = None
            while not done:  # a time limit for each piece would take longer than the piece
                if before == len(self._body):
                    raise asyncio.TimeoutError
                before = len(self._body)
                done, _ = await asyncio.wait({reading}, timeout=_BODY_TIMEOUT_S)
            reading.result()
        finally:
            reading.cancel()

    async def _fill(self, size):
        content = self.request.content
        while len(self._body) < size and not content.at_eof():
            self._body += await content.read(size - len(self._body))

    async def read_body(self):
        """The whole body, however it was framed."""
        limit = self.server.limits.request_bytes
        await self.read_part(limit + 1)
        if len(self._body) > limit:  # chunked, so nothing announced it
            raise Refusal(_TOO_LARGE % limit, 413)
        return bytes(self._body)

    async def read_slowly(self, bytes_per_s):
        while not self.request.content.at_eof():
            await self.read_part(len(self._body) + max(1, int(bytes_per_s / 10)))
            await asyncio.sleep(0.1)

    # The contract

    async def judge(self, keep=None):
        """The reply that the contract asks for. `keep`: store only so many points, without saying so."""
        try:
            self._check_framing()
            body = await self.read_body()
            device, region = self.server.device(self.token)
            if region != self.region:
                self.outcome = "another region"
                return web.Response(status=308, headers={"Location": self.elsewhere(region)})
            self._check_headers()
            self.outcome = "OK"
            self.row = await self.server.accept(self, device, body, keep)
        except Refusal as refusal:
            self.outcome = refusal.message
            return json_error(refusal)
        return web.Response(text="OK")

    def _check_framing(self):
        request, limit = self.request, self.server.limits.request_bytes
        if request.content_length is None and not (self.server.allows_chunked and self._is_chunked()):
            raise Refusal("Content-Length is missing.", 411)
        # "POST ", " HTTP/1.1" and the line ends around the headers.
        head = len(request.raw_path) + 18 + sum(len(name) + len(value) + 4 for name, value in request.raw_headers)
        if head + (request.content_length or 0) > limit:
            raise Refusal(_TOO_LARGE % limit, 413)

    def _is_chunked(self):
        return "chunked" in self.request.headers.get("Transfer-Encoding", "").lower()

    def _check_headers(self):
        if self.request.content_type != _JSON or "Content-Type" not in self.request.headers:
            raise Refusal(contract.UNKNOWN_CONTENT_TYPE)
        if self.pin is None:
            raise Refusal(contract.WRONG_PIN)

    # What faults need

    async def refuse(self, status, message, headers=None):
        await self.read_body()
        self.outcome = message
        return json_error(Refusal(message, status), headers)

    def is_at(self, location):
        return self.server.regions.is_at(self, location)

    def elsewhere(self, location):
        return self.server.regions.url(self, location) + self.request.raw_path

    def raw_reply(self, response, measured=True):
        """The bytes of a reply, for faults that send them piecemeal; without a Content-Length if not `measured`."""
        headers = {"Date": formatdate(usegmt=True), "Server": SERVER_SOFTWARE, **response.headers}
        if measured:
            headers["Content-Length"] = str(len(response.body or b""))
        else:
            headers.pop("Content-Length", None)
        lines = ["HTTP/1.1 %d %s" % (response.status, response.reason)]
        lines += ["%s: %s" % header for header in headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (response.body or b"")

    async def send(self, data):
        transport = self.request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("closed by the device")
        transport.write(data)

    def end(self, data=b"", reset=False):
        """Ends the connection once the ledger has noted the request, so that no one sees the end before.

        `data` goes out first. A reset loses whatever is on its way in either direction.
        """
        self._ending = (data, reset)

    def carry_out_ending(self):
        transport = self.request.transport
        if transport is None or self._ending is None:
            return
        data, reset = self._ending
        transport.write(data)
        if reset:
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()

    async def until_gone(self):
        """Silence until the device hangs up or a fault is cleared."""
        clearings = self.server.faults.clearings
        await self.server.note(self, status=0)
        while self.request.transport is not None and self.server.faults.clearings == clearings:
            await asyncio.sleep(0.05)
        self.end()
