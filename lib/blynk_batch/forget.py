"""The books of points that are overwritten while they are delivered, parked or lost.

Works on a Ring with a window under way or parked pins; counting takes a pass over the sector.
"""

from .full import number_at
from .reader import DATA
from .state import CORRUPT, DELIVERED, DROPPED, PART, WINDOW, is_delivered, parked


def forget_sector(ring, sequence):
    """Take the oldest sector out of the books before it is dropped: its points not delivered."""
    cursor = ring.cursor()
    keys = parked(ring.state)
    pending = done = 0
    reader = ring.reader((sequence, 0), (sequence, ring.medium.sector_bytes))
    while reader.next():
        if reader.kind != DATA:
            continue
        position = reader.position
        ahead = position >= cursor[:2]
        for pin in reader.chain.pins:
            if not ahead:
                pending += _forget_parked(ring, keys.get(pin), position)
            elif is_delivered(ring.state, pin, position):
                done += 1
            else:
                pending += 1
    _move_parked(ring, keys, sequence + 1)
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


def _forget_parked(ring, key, position):
    if key is None or position < tuple(ring.state[key][1:3]):
        return 0
    entry = list(ring.state[key])
    entry[3] = max(0, entry[3] - 1)
    ring.set(key, tuple(entry))
    return 1


def _move_parked(ring, keys, sequence):
    for key in keys.values():
        pin, first, offset, count, tried = ring.state[key]
        if first < sequence:
            ring.set(key, (pin, sequence, 0, count, tried))


def ack_overtaken(window, body, counter):
    """An acknowledgement of a batch that was overwritten in part while it was under way: what counted as dropped then
    the server has."""
    ring = window.ring
    left = body.left() if WINDOW in ring.state else 0
    ring.add(counter, body.sent)
    ring.add(DROPPED, left - body.sent)
    if left:
        ring.set(DELIVERED, (ring.get(DELIVERED) + left,))
        ring.set(PART, (body.pin,) + body.after)
    window.order = []  # what the others have left is counted anew
    ring.save()
