"""The books of a sector that is about to be overwritten: which of its points were not delivered.

Works on a Ring; it takes a pass over the sector's frames. Loaded where one is due.
"""

from . import state as keys
from .delivered import is_delivered, is_held
from .reader import DATA
from .sector import number_at


def forget_sector(ring, sequence):
    """Take the oldest sector out of the books before it is dropped: its points not delivered. Ranges of refused points
    need no change: what is before the oldest sector counts no more."""
    state, cursor = ring.state, ring.cursor()
    pending = held = done = 0
    reader = ring.reader((sequence, 0), (sequence, ring.medium.sector_bytes))
    while reader.next():
        if reader.kind != DATA:
            continue
        ahead = reader.position >= cursor[:2]
        for pin in reader.chain.pins:
            refused = is_held(state, pin, reader.position)
            held += refused
            if refused or is_delivered(state, pin, reader.position):
                done += ahead
            else:
                pending += 1
    ring.add(keys.HELD, -held)
    for key in keys.range_keys(state):
        first, _, sectors, offset, kind = state[key][:5]
        if not kind & keys.OPEN_END and (first + sectors, offset) <= (sequence + 1, 0):
            ring.set(key, None)
    if done:
        ring.set(keys.DELIVERED, (max(0, ring.get(keys.DELIVERED) - done),))
    if cursor[0] <= sequence:
        here = number_at(ring, sequence + 1) - cursor[2]
        ring.add(keys.CORRUPT, max(0, here - done - pending))
        window = state.get(keys.WINDOW)
        if window and window[0] <= sequence:
            ring.close_window()
    ring.seen_lost = 0
    return pending + held
