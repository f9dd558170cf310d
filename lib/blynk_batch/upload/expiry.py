"""Before anything expires, the server has its chance to say what time it is: the Date of any reply does.

Loaded where `max_age_days` is set, before the first batch after a reset.
"""

from ..ring import state as keys
from ..clock.times import Times
from ..ring.reader import DATA


class Question:
    """Stands in for a Body: a batch without points, whatever the server makes of it."""

    points = sent = 0
    len_bytes = 2
    url = None  # another place than the batches'

    def __init__(self, pin):
        self.pin = pin

    def __iter__(self):
        return iter((b"[]",))


def ask(uploader, end):
    """Have a reply if some point would expire; a fault ends the drain."""
    pin = uploader.guarded(_expired, uploader, end)
    if pin >= 0:
        question = Question(pin)
        reply = yield from uploader.send(question)
        if not isinstance(reply, tuple):
            uploader.guarded(uploader._outcome, None, question, reply)


def _expired(uploader, end):
    """The pin of the first point that would expire, or -1."""
    ring = uploader.ring
    cutoff = uploader.cutoff()
    start = keys.first_kept(ring.state)
    times = Times(ring, uploader.boots.now(), uploader.settings["unsynced"])
    reader = ring.reader(start, end)
    while reader.next():
        if reader.kind == DATA and reader.chain.pins and 0 <= (times.of(reader) or cutoff) < cutoff:
            return reader.chain.pins[0]
    return -1
