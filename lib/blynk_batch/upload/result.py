"""What an upload needs first, what one came to, and what ends one early."""

import gc
from array import array

from micropython import const

from .. import let_go, load
from ..errors import Error, UploadError

_CRAMPED_BYTES = const(49152)  # free: TLS and asyncio come on top


class DrainEnds(Exception):
    """(None, or what it waits for; seconds or None): there is no more to do in this drain."""


class OutOfTime(DrainEnds):
    """The caller's time ran out between two chunks."""


class Vanished(UploadError):
    """None of the points that were counted can be read any more: overwritten, or damaged."""


class Result:
    """See Client.upload()."""

    def __init__(self):
        self.uploaded = self.requests = self.pending = 0
        self.error = self.waiting = self.retry_after_s = None

    def __repr__(self):
        text = "<Result uploaded=%d requests=%d pending=%d" % (self.uploaded, self.requests, self.pending)
        for name in ("waiting", "retry_after_s", "error"):
            value = getattr(self, name)
            if value:
                text += " %s=%r" % (name, value)
        return text + ">"


def uploader_of(client, boots, *mine):
    """The policy over what a client works with. Each file is loaded with room to compile: what takes most goes first,
    but for the counts of windows, since there may be no such hole again."""
    tally = array("i", range(512))
    for name in ("upload.terms", "ring.reader", "upload.counting", "upload.batch"):
        load(name)
    pace = client.pace()
    Uploader = load("upload.uploader", "Uploader")
    load("upload.window")
    uploader = Uploader(client.ring, boots, client.guard, client.transport, pace, tally, *mine)
    uploader.is_cramped = gc.mem_free() < _CRAMPED_BYTES
    return uploader


def checked(reply):
    """A transport's reply in the types that are relied on."""
    status, headers, text = reply
    return int(status), {name.lower(): str(headers[name]) for name in headers}, bytes(text)


def failed(client, error, result=None):
    """The Result of an upload that could not begin, or `result` of one that memory ended. The next try waits as after
    any fault; where there is none left to note that, the result alone says so."""
    gc.collect()  # a program may have disabled it
    result = result or Result()
    result.error, result.pending = error, client.pending
    try:
        result.retry_after_s = client.pace().back_off()
        client.last_error = client.tell("%s: %s" % (type(error).__name__, error))
    except MemoryError:
        result.retry_after_s = result.retry_after_s or 10  # pyright: ignore # as after a first fault
    return result


def ended(client, result):
    """What an upload does last, and what its `result` tells of that."""
    try:
        # What few drains need
        for name in ("upload.outcomes", "upload.search", "upload.settled", "upload.held", "upload.ranges"):
            let_go(name)
        if client.released:
            client.guard.run(load("upload.ranges", "release_of"), (client,))
        client.prepare()
    except (MemoryError, Error) as e:  # log() will erase; but it may also be a callback's reading
        result.error = result.error or e
    result.pending = client.pending
    result.error = result.error or client.guard.failed  # a callback's reading that could not be stored
    client.guard.failed = None
    if result.error:
        try:
            client.last_error = client.uploader().hide(str(result.error))
        except MemoryError:
            client.last_error = type(result.error).__name__
