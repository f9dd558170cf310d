"""One TCP connection, plain or under TLS, that never blocks: what must wait is a generator of pauses in ms.

Knows sockets and how long to wait for them; no HTTP. Name service is the one thing that blocks, in the firmware.
"""

import errno
import select
import socket
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

from .. import let_go, load

_LONGEST_PAUSE_MS = const(10)
_HANDSHAKE_MS = const(20000)  # at the least: a board takes seconds for its arithmetic


class Connection:
    """key            (scheme, host) that it leads to
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

    def connect(self, host, port):
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

    def secure(self, context, host):
        """TLS from here on; the handshake is made by the first write."""
        self.host = host
        self.stream = context.wrap_socket(self.raw, server_hostname=host, do_handshake_on_connect=False)
        self.end = ticks_add(ticks_ms(), max(self.timeout, _HANDSHAKE_MS))

    # Bytes

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
        """Both the TLS and the socket below: after a failed handshake the one no longer knows the other."""
        for one in (self.stream, self.raw):
            if one:
                one.close()
        self.raw = self.stream = None
