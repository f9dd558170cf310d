"""What `result.error` of an upload can be (errors.py draws the tree). Loaded with the first refusal or failure."""

from .errors import Error


class UploadError(Error):
    """Root of what `result.error` holds. `status` is the HTTP status, 0 without a reply."""

    status = 0


class NetworkError(UploadError):
    """The request had no whole reply; the data is kept."""


class ServerError(UploadError):
    """The server answered, but not that it took the batch; the data is kept."""


class Redirected(UploadError):
    """The server pointed to a place that may not learn the token; the data is kept."""


class BatchTooLarge(UploadError):
    """The server takes fewer points in a request: the next ones are smaller."""

    passing = True  # forgotten with the next accepted batch


class PinRefused(UploadError):
    """The server has no datastream for the pin: its points are parked, all others go on."""


class PointRefused(UploadError):
    """The server refuses a value: it is set aside, all others are delivered."""


class InvalidToken(UploadError):
    """The server does not know the token: everything is kept and tried again each hour."""
