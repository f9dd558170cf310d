"""The books where a batch and the points that it was made of part ways: points overwritten before they are delivered,
and batches that are only a part of what the window has of their pin.

Works on a Ring; each entry takes a pass over frames. Loaded where one is due.
"""

from . import state as keys
from .reader import DATA
from .room import number_at
from .state import CORRUPT, DELIVERED, DROPPED, WINDOW, is_delivered, parked

_COUNTERS = ((2, keys.EXPIRED), (3, keys.DROPPED), (4, keys.ESTIMATED))  # places in an entry of Window.pins


def forget_sector(ring, sequence):
    """Take the oldest sector out of the books before it is dropped: its points not delivered."""
    cursor = ring.cursor()
    waiting = parked(ring.state)
    pending = done = 0
    reader = ring.reader((sequence, 0), (sequence, ring.medium.sector_bytes))
    while reader.next():
        if reader.kind != DATA:
            continue
        ahead = reader.position >= cursor[:2]
        for pin in reader.chain.pins:
            if is_delivered(ring.state, pin, reader.position):
                done += ahead
                continue
            pending += 1
            if not ahead:
                _, first, offset, count, tried = ring.state[waiting[pin]]
                ring.set(waiting[pin], (pin, first, offset, max(0, count - 1), tried))
    for key in waiting.values():
        pin, first, offset, count, tried = ring.state[key]
        if first <= sequence:
            ring.set(key, (pin, sequence + 1, 0, count, tried))
    if done:
        ring.set(DELIVERED, (max(0, ring.get(DELIVERED) - done),))
    if cursor[0] <= sequence:
        here = number_at(ring, sequence + 1) - cursor[2]
        ring.add(CORRUPT, max(0, here - done - pending))
        window = ring.state.get(WINDOW)
        if window and window[0] <= sequence:
            ring.close_window()
    ring.seen_lost = 0
    return pending


def ack_overtaken(ring, body, counter, gone):
    """A batch was accepted of which some points were overwritten, or all were cleared (`gone`), while it was under way:
    what counted as dropped then the server has. How many of its points are still in the ring."""
    left = 0 if gone else body.left()
    ring.add(counter, body.sent)
    ring.add(DROPPED, left - body.sent)
    return left


def count_part(window, entry, body):
    """`body` was accepted, and more of its pin is in the window: what expired, was dropped or estimated up to there
    counts now, so that a reset between two batches of a pin loses none of these counts. Points that are done."""
    done = body.points
    if entry[2] or entry[3] or entry[4]:
        counts = besides(window, body)
        done += counts[2] + counts[3]
        for place, key in _COUNTERS:
            window.ring.add(key, counts[place])
            entry[place] -= counts[place]
    return done


def besides(window, body):
    """An entry as in Window.pins of what `body` passed and did not send, and of how many times in it are estimated."""
    counts = [0] * 5
    times = window.times()
    reader = window.ring.reader(body.start, body.after)
    while reader.next():
        if reader.kind == DATA:
            time = times.of(reader)
            if body.pin in reader.chain.pins and reader.position >= body.first:
                if time is not None and time < window.cutoff or time == -1:
                    counts[3 if time < 0 else 2] += 1
                elif times.estimated:
                    counts[4] += 1
    return counts
