"""One batch to the transport, and its reply back in the types that are relied on.

Knows the transport's one method; nothing of a drain.
"""

# pyright: reportAttributeAccessIssue=false
# The other half of these attributes is call.py's.

from ..blynk import headers
from .result import checked


class Posting:
    """The half of a Call that has the `transport`; the other half knows whose points they are."""

    def request(self, body):
        """The arguments of the transport's `post`."""
        url = body.url or self._uploader.url(body.pin)
        return url, headers(body.len_bytes), body if self._uploader.streams else self._piece(body), self._step_s

    def _piece(self, body):
        """All of the body in one buffer of its size."""
        piece, at = bytearray(body.len_bytes), 0
        for chunk in body:
            piece[at : at + len(chunk)] = chunk
            at += len(chunk)
        return (piece,)

    def post(self, body):
        """The reply to one batch, or the exception that came instead."""
        try:
            return checked(self.transport.post(*self.request(body)))
        except Exception as e:  # noqa: BLE001 - whatever a transport raises, the data stays and the result says it
            return e
