"""What `urequests` before MicroPython 1.20 lacks: timeouts, and a look at the reply's headers. Loaded there alone.

The headers are overheard on plain HTTP; under TLS they stay unknown, so a redirect is noticed, but not where to.
"""

from . import transport


class Sockets(transport.Sockets):
    """As transport.Sockets; each socket has the timeout, and `hear` is called with each line that is read."""

    def __init__(self, module, url, timeout_s, hear):
        super().__init__(module)
        self._timeout_s = timeout_s
        self._hear = hear if url.startswith("http:") else None

    def socket(self, *args):
        made = super().socket(*args)
        made.settimeout(self._timeout_s)
        return Overheard(made, self._hear) if self._hear else made


class Overheard:
    """A socket whose lines are heard."""

    def __init__(self, inner, hear):
        self._inner = inner
        self._hear = hear

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def readline(self):
        line = self._inner.readline()
        if b":" in line and not line.startswith(b"HTTP/"):
            self._hear(line, {})
        return line
