"""The Date of the server's replies: it sets a clock that NTP did not, since UDP port 123 is blocked where HTTPS is not,
and tells one that is wrong before anything expires by it.

Loaded where a drain begins without the time, or with `max_age_days`. Knows what a reply's Date is worth; nothing of the
rest of a reply.
"""

from micropython import const

from .. import load
from ..clock.network import set_to
from ..clock.wall import BUILD_MS
from ..ring import state as keys
from ..ring.reader import DATA

_MINUTE_MS = const(60000)
_HOUR_MS = const(3600000)
_DAY_MS = const(86400000)
_LOOK = const(256)  # frames, for pins


class Question:
    """Stands in for a Body: a batch without points, whatever the server makes of it."""

    points = 0
    len_bytes = 2
    url = None  # another place than the batches'
    cut = None  # whatever goes wrong, it is not the pin's fault

    def __init__(self, uploader):
        # Pins that have readings take turns: one may never get a reply
        ring, pins, left = uploader.ring, b"", _LOOK
        reader = ring.reader(keys.first_kept(ring.state))
        while left and reader.next():
            left -= 1
            if reader.kind == DATA:
                pins += bytes([pin for pin in reader.chain.pins if pin not in pins])
        pins = pins or b"\0"  # all is damaged
        self.pin = pins[ring.get(keys.REQUESTS) % len(pins)]

    def __iter__(self):
        return iter((b"[]",))


def ask(uploader):
    """Have a reply for its Date where the clock is not set, if there are points: most wait for that. A fault ends the
    drain."""
    if not uploader.ring.pending:
        return
    question = uploader.guarded(Question, uploader)
    if _verified(uploader):
        # The handshake may fail for the date, so that is asked for first, without TLS and without the token.
        question.url = "http://%s/" % uploader.server[8:].split(":")[0]
        uploader.plain = True  # the next drain forgets it, however this one ends
        yield from uploader.send(question)
        uploader.plain = False
        if uploader.boots.now() is not None:
            return
        question.url = None
    reply = yield from uploader.send(question)
    if not isinstance(reply, tuple):
        uploader.step(load("upload.outcomes", "judge"), uploader, None, question, reply)


def _verified(uploader):
    return uploader.verifies and not uploader.plain and uploader.server.startswith("https:")


def heard(uploader, clock, date):
    """A reply's Date, Unix ms, to a board without the time. It is believed if the server proved who it is, or if no
    time that the ring knows of is later, or if an hour ago the same clock said so: the ring's may have been wrong. For
    what a boot hears first, that is an hour from the first that was not believed in those before.

    A first verified reply puts a clock right that an unverified one had set."""
    ring, uptime, proof = uploader.ring, clock.uptime(), _verified(uploader)
    now = clock.now()
    if now is not None:
        if proof:
            clock.agreed = True
            if not -_DAY_MS < date - now < _DAY_MS:
                set_to(date)
        return
    doubt, first = getattr(clock, "doubt", None), ring.get(keys.DOUBTED) * 1000
    clock.doubt = doubt or (date - uptime, uptime)
    latest = max(ring.get(keys.LAST_SUCCESS) * 1000, ring.get(keys.KNOWN))
    if doubt:
        same = uptime - doubt[1] >= _HOUR_MS and -_MINUTE_MS < date - uptime - doubt[0] < _MINUTE_MS
    else:
        same = first and date - first >= _HOUR_MS
    if (proof or date >= latest or same) and set_to(date):
        ring.forget(keys.DOUBTED)
        clock.agreed = True if proof else None
        uploader.event("clock set by the server's Date, since NTP does not answer")
        uploader.guarded(uploader.boots.anchor)
    elif not 0 < first <= date and date >= BUILD_MS:
        ring.set(keys.DOUBTED, (date // 1000,))  # the first that was not believed, for the boots to come
        uploader.guarded(ring.save, False)
