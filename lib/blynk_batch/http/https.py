"""HTTP and verified TLS over one connection that is kept for all batches of a drain; blocking, or under asyncio.

A transport as requests.py describes it, with `apost` for asyncio and `close` beside. Knows how to send a request and
when to send it again on a new connection. Sockets are connection.py's, replies reply.py's, certificates
tls.py's, which load with the first request.

A request is sent again, once and at once, if it went out on a connection that was kept from the batch before, and the
server ended that connection with no byte of a reply, as servers close idle connections without a word, or said anything
before it had all: that may be its reply to the batch before, once more.
No batch is repeated by this that would not be repeated anyway: the next drain would send the same batch for the same
reason, since a reply that did not come is never taken for an acceptance. What waits too long is not sent again.
"""

import time

from .. import let_go, load


class HTTPS:
    """ca   the root certificate that the server's must lead to: DER or PEM as bytes, PEM as str, the path of a file
         with either as str, or a tuple of these. None: only for http://.

    One object serves one client. ValueError or TypeError for a `ca` that cannot be one."""

    streams = True
    verifies = True  # with https://, so that a reply is the server's own
    watchdog = True  # it calls that of the body while it waits

    def __init__(self, ca=None):
        self._ca = ca if isinstance(ca, (tuple, list)) else () if ca is None else (ca,)
        if self._ca:
            load("http.tls").check(self._ca)
            let_go("http.tls")
        self._context = None
        self._connection = None

    def post(self, url, headers, body, timeout_s):
        """(status, {lower-case name: value}, at most 1,024 bytes of the reply); see requests.py."""
        steps = self.request(url, headers, body, timeout_s)
        try:
            while True:
                time.sleep_ms(next(steps))
        except StopIteration as e:
            return e.value
        except BaseException:
            self.close()
            raise

    async def apost(self, url, headers, body, timeout_s):
        """`post` for asyncio: others run after every chunk of the body, and while the network is slow."""
        import asyncio

        steps = self.request(url, headers, body, timeout_s)
        try:
            while True:
                await asyncio.sleep_ms(next(steps))
        except StopIteration as e:
            return e.value
        except BaseException:  # CancelledError too
            self.close()
            raise

    def close(self):
        """End the connection and forget the parsed certificates; the next request makes both anew."""
        connection, self._connection = self._connection, None
        self._context = None
        if connection:
            connection.close()

    # Generators of pauses in ms

    def request(self, url, headers, body, timeout_s):
        """One batch to its reply."""
        load("http.reply")  # from source the large files first
        scheme, _, host = url.split("/")[:3]
        head = load("http.pieces", "head")(url, headers)
        tick = getattr(body, "tick", None)
        connection = self._connection  # that of the batch before, if the server has neither ended it nor said more
        if connection and connection.key == (scheme, host) and connection.is_silent():
            connection.begin(timeout_s, tick)
            try:
                return (yield from self.send(connection, head, body, True))
            except OSError:
                if connection.heard or not connection.ended:
                    raise
        self.close()
        connection = yield from self._open(scheme, host, timeout_s, tick)
        return (yield from self.send(connection, head, body))

    def _open(self, scheme, host, timeout_s, tick):
        if scheme == "https:" and not self._context:
            self._context = load("http.tls").context(self._ca)
            let_go("http.tls")  # before the rest is loaded
        Connection = load("http.connection", "Connection")
        name, _, port = host.partition(":")
        self._connection = connection = Connection((scheme, host))
        connection.begin(timeout_s, tick)
        yield from connection.connect(name, int(port or (443 if scheme == "https:" else 80)))
        if scheme == "https:":
            connection.secure(self._context, name)
        return connection

    def send(self, connection, head, body, is_kept=False):
        key, connection.key = connection.key, None  # till it is over, no other request may go there
        yield from connection.write(head)
        broken = None
        for piece in load("http.pieces", "gather")(body):
            if not piece:
                if is_kept and not connection.is_silent():
                    raise OSError
                yield 0
                continue
            try:
                yield from connection.write(piece)
            except OSError as e:
                broken = e
                break
        connection.wait(getattr(body, "watchdog", None))
        status, found, text, keep = yield from load("http.reply", "read")(connection, broken)
        if broken or not keep:
            self.close()
        connection.key = key
        return status, found, text
