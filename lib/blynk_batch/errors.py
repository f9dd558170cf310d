"""The library's own exceptions. A caller's mistake is ValueError or TypeError; OSError passes through. Those from
ServerError on are in refusals.py.

Error
+-- RingFull        the ring is full and may not overwrite: upload or clear first; in a result: no room for an ack
+-- CorruptRing     no sector of the ring can be read
+-- WrongDevice     a device, folder or file holds something else, or another format of the ring's
+-- Busy            one call interrupted another, and the queue for such calls is full
+-- UploadError     never raised by upload(): it is in result.error; `status` is the HTTP status or 0
    +-- NetworkError   no whole reply: name service, connection, timeout, TLS, reset    retry later
    +-- ServerError    429, 5xx, 404, an HTML page, an unknown refusal                  retry later
    +-- Redirected     sent elsewhere, but not to a place that may learn the token      retry later
    +-- BatchTooLarge  the server takes less in one request                             smaller
    +-- PinRefused     no datastream has this pin                                       this pin
    +-- PointRefused   the datastream has another type                                  this point
    +-- InvalidToken   the server does not know the token                               stop, retry hourly
"""


class Error(Exception):
    """Root of everything the library raises for reasons of its own."""


class RingFull(Error):
    """A reading was refused: the ring is full and was opened with overwrite=False. In a result: no room for an ack."""


class CorruptRing(Error):
    """Not one readable sector header is left; nothing was changed on the medium."""


class WrongDevice(Error):
    """The device or folder holds something else than a ring that can be read; nothing was changed on it."""


class Busy(Error):
    """A call came while another was under way and could not wait for it."""


class UploadError(Error):
    """Root of what `result.error` holds. `status` is the HTTP status, 0 without a reply."""

    status = 0


class NetworkError(UploadError):
    """The request had no whole reply; the data is kept."""
