"""What one upload came to, and what ends one early."""

import gc


class DrainEnds(Exception):
    """(None, or what it waits for; seconds or None): there is no more to do in this drain."""


class OutOfTime(DrainEnds):
    """The caller's time ran out between two chunks."""


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
