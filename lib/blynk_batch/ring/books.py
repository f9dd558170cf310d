"""The books: what of the ring the server has, as the state says, and what an overwritten sector takes out of them.

The server has the points behind the cursor, and in the window under way those of finished pins, but for those that it
refused. Loaded where a pass asks for each point: an overwritten sector, a batch of which some was, points(), tools.
"""

from . import state as keys
from .reader import DATA
from .sector import number_at


def standing(state, pin, position):
    """What the point of `pin` in the frame at `position` is: "pending"; "held", where the server refused it or its pin
    is not asked at present, and the cursor is past it; "" where nothing is left to do for it."""
    window, part = state.get(keys.WINDOW), state.get(keys.PART)
    is_done = window and position < window[:2] and keys.is_done(state.get(keys.DONE, b""), pin)
    if not is_done and position >= state.get(keys.CURSOR, (0, 0))[:2]:
        return "" if window and part and part[0] == pin and position < part[1:3] else "pending"
    for key in keys.range_keys(state) if state.get(keys.HELD, (0,))[0] else ():
        first, start, sectors, end, kind = state[key][:5]
        if pin in state[key][7:] and position >= (first, start):
            if kind & keys.OPEN_END or position < (first + sectors, end):
                return "held"
    return ""


def count(ring, start, end=None, state=None):
    """(points pending, held, done, damaged places) from `start` to `end`; done: from the cursor on, not pending. No
    `end`: up to where all is pending, since a backlog takes seconds. `state` stands in for the ring's."""
    state, cursor = state or ring.state, ring.cursor()
    pending = held = done = 0
    reader = ring.reader(start, end or max(cursor, state.get(keys.WINDOW, ())[:3]))
    while reader.next():
        for pin in reader.chain.pins if reader.kind == DATA else ():
            found = standing(state, pin, reader.position)
            held += found == "held"
            pending += found == "pending"
            done += found != "pending" and reader.position >= cursor[:2]
    return pending, held, done, reader.bad


def is_spent(ring):
    """True if the oldest sector has only few refused readings, at most a third of what it had; or is the newest."""
    oldest = ring.oldest
    pending, held = count(ring, (oldest, 0), (oldest, ring.medium.sector_bytes))[:2]
    most = (number_at(ring, oldest + 1) - number_at(ring, oldest)) // 3
    return oldest == ring.newest or (not pending and held <= min(most, 64))


def recount(ring, sequence):
    """Count anew, from the sector `sequence` on, what is held and what of the window is delivered."""
    held, done = count(ring, (sequence, 0))[1:3]
    ring.set(keys.HELD, (held,))
    ring.set(keys.DELIVERED, (done,))


def mend(ring):
    """Damage took a state frame, and later ones do not say all again. So the drain begins anew at the cursor, what is
    held before it is counted, and the counters get as many points as are delivered. On write-once units what a cut
    tore looks like damage: there the drain goes on."""
    if ring.medium.unit == 1:
        ring.close_window()
        ring.forget(keys.ASKED)
        place = ring.cursor()[:2]
        for key in keys.range_keys(ring.state):  # none goes on behind it
            first, offset, sectors, last, kind = ring.state[key][:5]
            if (first, offset) >= place:
                ring.set(key, None)
            elif not kind & keys.OPEN_END and (first + sectors, last) > place:
                ring.set(key, (first, offset, place[0] - first, place[1]) + ring.state[key][4:])
    ring.set(keys.HELD, (1,))  # while it is 0, standing() asks no range
    ring.set(keys.HELD, (count(ring, keys.first_kept(ring.state))[1],))
    more = ring.cursor()[2] + ring.get(keys.DELIVERED) - ring.get(keys.HELD)
    for key in (keys.REJECTED, keys.EXPIRED, keys.DROPPED, keys.CORRUPT, keys.UPLOADED):
        part = min(ring.get(key), more)
        more -= part
        ring.add(key, part - ring.get(key))
    ring.add(keys.CORRUPT, more)


def forget_sector(ring, sequence):
    """Take the oldest sector out of the books before it is dropped: how many of its points were not delivered."""
    pending, held, done, bad = count(ring, (sequence, 0), (sequence + 1, 0))  # and the next one's header
    ring.add(keys.HELD, -held)
    ring.add(keys.DELIVERED, -done)
    for key in keys.range_keys(ring.state):  # what is before the oldest sector counts no more, but may be in the way
        first, _, sectors, offset, kind = ring.state[key][:5]
        if not kind & keys.OPEN_END and (first + sectors, offset) <= (sequence + 1, 0):
            ring.set(key, None)
    if bad:  # some of what counts as held or delivered was lost there, or in the next, which the cursor passes too
        recount(ring, sequence + 1)
    return pending + held
