"""What is pending, point by point, and the counters: for people and tools, not for logging or the upload."""

import json

from micropython import const

from . import load
from .ring import state as keys
from .clock.times import NEVER, Times
from .ring.reader import DATA
from .ring.books import count, standing

_DOUBT = 3  # the kind of a range, see upload/ranges.py


def to_value(text):
    """The Python value for one entry of parsing.decode_texts()."""
    if isinstance(text, tuple):
        return text[0]
    value = json.loads(text) if isinstance(text, bytes) else text
    return tuple(value) if isinstance(value, list) else value


def points(ring, now, unsynced):
    """(pin, Unix ms or None, value) of each point that is not delivered, in log order. One that cannot be read as what
    it says, though its check is right, is left out."""
    state = ring.state
    start = keys.first_kept(state)
    times = Times(ring, now, unsynced)
    if start[:2] < ring.cursor()[:2]:
        times.known = 0  # refused points are older than the last one delivered
    try:
        reader = ring.reader(start)
        while reader.next():
            if reader.kind == DATA:
                time = times.of(reader)
                for pin, value in zip(reader.chain.pins, [to_value(text) for text in reader.values()]):
                    if value is not None and standing(state, pin, reader.position):
                        yield pin, None if time == NEVER else time, value
    except OSError as e:  # the medium's
        raise load("words", "explained")(e, ring.medium.place)
    yield None  # the end: next() with a value for it came with MicroPython 1.25


def held(ring, at_once=True):
    """Points that the server refused for their content. While a pin is only in doubt, to tell its points from those
    takes a pass: 0 where it is to be said at once."""
    state = dict(ring.state)
    for key in keys.range_keys(state):
        if state[key][4] & 3 == _DOUBT:
            del state[key]
    if len(state) == len(ring.state):
        return ring.get(keys.HELD)
    return 0 if at_once else count(ring, keys.first_kept(state), None, state)[1]


def _waiting_for_clock(ring, now):
    """Pending points whose time is not known yet."""
    if now is not None:
        return 0  # the next reading or upload ties them to it
    waiting = 0
    times, reader = Times(ring, None, "estimate"), ring.reader(keys.first_kept(ring.state))
    while reader.next():
        if reader.kind == DATA and times.of(reader) is None:
            waiting += len([pin for pin in reader.chain.pins if standing(ring.state, pin, reader.position)])
    return waiting


# Text, not a tuple: see __init__.py. As the state has them, from DROPPED on; and the four numbers of OUTCOMES.
_COUNTERS = const("dropped corrupt erases skipped uploaded requests rejected expired estimated bad_blocks")
_OUTCOMES = const("retried smaller redirected stopped")


def client_points(client, boots, unsynced):
    """Client.points()."""
    found = points(client.ring, boots.now(), unsynced)
    while point := _look(client, None, next, found):
        yield point


def client_stats(client, boots, uploader, watchdog):
    """Client.stats()."""
    found = _look(client, watchdog, stats, client.ring, boots)
    found["last_error"], found["clock_error_s"] = client.last_error, uploader and uploader.clock_error_s
    return found


def _look(client, watchdog, action, *args):
    """What `action(*args)` returns. Readings wait meanwhile from sector to sector, as only eight can."""
    course = load("ring.course", "Course")  # that of today: to open another ring lets go of it
    before = course.feed  # of an upload, if its transport or its debug asks
    watchdog = watchdog or before

    def feed():
        course.feed = watchdog  # to store a reading may take a way through sectors, too
        client.guard.finish()
        course.feed = feed
        if watchdog:
            watchdog()

    try:
        course.feed = watchdog
        client.check_books()  # first: no reading may come into that
        client.guard.enter()
        try:
            course.feed = feed
            return action(*args)
        finally:
            course.feed = watchdog  # what waits still is stored now: none may come into that either
            client.guard.leave()
    finally:
        course.feed = before


def stats(ring, boots):
    ring.check_books()  # before any counter is read
    found = {"logged": ring.number + ring.buffered_points, "pending": ring.pending, "refused": ring.get(keys.REFUSED)}
    for index, name in enumerate(_COUNTERS.split()):
        found[name] = ring.get(keys.DROPPED + index)
    found["corrupt"] += ring.seen_lost
    found.update(zip(_OUTCOMES.split(), ring.state.get(keys.OUTCOMES, (0, 0, 0, 0))))
    found["held"] = held(ring, False)
    found["waiting_for_clock"] = _waiting_for_clock(ring, boots.now())
    found["used_bytes"] = (ring.newest - ring.oldest) * ring.medium.sector_bytes + ring.offset
    found["last_success"] = ring.get(keys.LAST_SUCCESS) or None
    return found
