"""HTTP and verified TLS over one connection that is kept for all batches of a drain; blocking, or under asyncio.

A transport as requests.py describes it, with `apost` for asyncio and `close` beside. Knows sockets, how to send a
request and when to send it again on a new connection. What must wait is a generator of pauses in ms. Replies are
reply.py's, certificates tls.py's, which load with the first request.

A request is sent again, once and at once, if it went out on a connection that was kept from the batch before, and the
server ended that connection with no byte of a reply, as servers close idle connections without a word, or said anything
before it had all: that may be its reply to the batch before, once more.
No batch is repeated by this that would not be repeated anyway: the next drain would send the same batch for the same
reason, since a reply that did not come is never taken for an acceptance. What waits too long is not sent again.
"""

import errno
from time import sleep_ms, ticks_add, ticks_diff, ticks_ms

from micropython import const

from .. import let_go, load

_LONGEST_PAUSE_MS = const(10)
_HANDSHAKE_MS = const(20000)  # at the least: a board takes seconds for its arithmetic


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
        self._connection = None

    def post(self, url, headers, body, timeout_s):
        """(status, {lower-case name: value}, at most 1,024 bytes of the reply); see requests.py."""
        steps = self.request(url, headers, body, timeout_s)
        try:
            while True:
                sleep_ms(next(steps))
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
        """End the connection; the next request makes another."""
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

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
        context = scheme == "https:" and load("http.tls").context(self._ca)
        let_go("http.tls")
        name, _, port = host.partition(":")
        self._connection = connection = Connection((scheme, host))
        connection.begin(timeout_s, tick)
        yield from connection.connect(name, int(port or (443 if context else 80)), context)
        return (yield from self.send(connection, head, body))

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


class Connection:
    """One TCP connection, plain or under TLS, that never blocks but for the name service, which is the firmware's.

    key            (scheme, host) that it leads to
    heard, ended   True: a byte of the reply has come; the other side ended the connection, or the network did, or
                   something came unasked"""

    def __init__(self, key):
        self.key = key
        self.raw = self.stream = self.host = None
        self.ended = False

    def begin(self, timeout_s, tick):
        """For the next request: every step may take `timeout_s`. `tick` is called while it waits, and may raise."""
        self.timeout = int(timeout_s * 1000)
        self.tick = tick
        self.heard = False
        self.end = None

    def wait(self, tick):
        """All is sent: now the whole reply has to come within the timeout."""
        self.tick = tick
        self.end = ticks_add(ticks_ms(), self.timeout)

    def connect(self, host, port, context):
        """With a `context` under TLS; the handshake is made by the first write."""
        import select  # here: a firmware without a network may have neither
        import socket

        address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
        self.raw = self.stream = raw = socket.socket(address[0], address[1], address[2])
        raw.setblocking(False)
        load("http.pieces", "at_once")(raw, socket)
        try:
            raw.connect(address[-1])
        except OSError as e:
            if e.args[0] != errno.EINPROGRESS:
                raise
        poller = select.poll()
        poller.register(raw, select.POLLOUT)
        found = yield from self._until(lambda _: poller.poll(0) or None, 0)
        if found[0][1] & (select.POLLERR | select.POLLHUP):
            raw.read(1)  # raises the reason
            raise OSError(errno.ECONNREFUSED)
        if context:
            self.host = host
            self.stream = context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
            self.end = ticks_add(ticks_ms(), max(self.timeout, _HANDSHAKE_MS))

    def is_silent(self):
        """True if nothing came unasked, neither a byte nor the connection's end."""
        try:
            self.ended = self._try(self.stream.read, 1) is not None
        except OSError:  # it has ended
            pass
        return not self.ended

    def write(self, data):
        view = memoryview(data)
        while len(view):
            count = yield from self._until(self.stream.write, view)
            view = view[count:]
            self.host = self.end = None  # the handshake is done

    def more(self, size, line=False):
        """What came of the reply, at most `size` bytes; with `line` no further than a line's end. See reply.py."""
        text = yield from self._until(self.stream.readline if line else self.stream.read, size)
        self.ended = not text
        self.heard = self.heard or not self.ended
        return text

    def _try(self, action, value):
        try:
            return action(value)
        except (OSError, ValueError) as e:
            self.ended = True
            if self.host:
                error = load("http.tls", "failed")(e, self.host)
                let_go("http.tls")
                raise error
            raise

    def _until(self, action, value):
        """What the action gives as soon as that is not None."""
        end = self.end or ticks_add(ticks_ms(), self.timeout)
        pause_ms = 1
        while True:
            found = self._try(action, value)
            if self.tick:
                self.tick()  # also where there is always more to read
            if found is not None:
                return found
            if ticks_diff(end, ticks_ms()) <= 0:
                raise OSError(errno.ETIMEDOUT)
            yield pause_ms
            pause_ms = min(2 * pause_ms, _LONGEST_PAUSE_MS)

    def close(self):
        load("http.pieces", "close")(self.stream, self.raw)
        self.raw = self.stream = None
