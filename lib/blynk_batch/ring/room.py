"""Making room: sectors that hold nothing pending go first, then the oldest, counted.

Works on a Ring; loaded at the end of opening, when the medium is full, or when there is time to do it ahead.
"""

from micropython import const

from . import record, sector
from .. import load
from ..errors import RingFull
from .state import ASKED, CORRUPT, CURSOR, DELIVERED, DROPPED, EXPIRED, HELD, OLDEST, RANGES, RANGES_MOST, RECOUNT
from .state import UPLOADED, WINDOW, encode_state, first_kept, range_keys

# What a sector holds beside prefix, salt, today's state and its first frame's payload: 4 of the header's check and what
# the turn may add to the state, OLDEST 7, CURSOR 17, five counters of 10, some to spare; 7 of the frame; a mark
_TURN_BYTES, _FRAME_BYTES, _MARK_BYTES = const(87), const(7), const(16)


def _catch_up(ring):
    """Move a cursor that is before the oldest sector up to it, and end a window that it passes. True if it moved."""
    is_behind = ring.cursor()[0] < ring.oldest
    if is_behind:
        ring.set(CURSOR, (ring.oldest, 0, sector.number_at(ring, ring.oldest)))
    cursor = ring.cursor()
    window = ring.state.get(WINDOW, cursor)
    if window[:2] <= cursor[:2] or window[2] <= cursor[2]:
        ring.close_window()
    return is_behind


def check_books(ring):
    """Finish opening: let go of the sectors that a drop frame named, though they may be readable, and of those that are
    missing. If it fails, all is put back for the next try: half of it would count points twice, or never."""
    state, oldest, ring.unchecked = dict(ring.state), ring.oldest, False
    try:
        _drop_before(ring, ring.get(OLDEST))
        ring.oldest = ring.medium.oldest_from(ring.oldest, ring.newest)
        before = ring.pending
        # On a full disk a sector goes before its drop is noted
        went = RECOUNT in ring.state or ring.get(OLDEST) < ring.oldest > first_kept(ring.state)[0]
        _catch_up(ring)
        if went and (ring.get(HELD) or ring.get(DELIVERED)):  # nothing else was noted of the sector that went
            load("ring.books", "recount")(ring, ring.oldest)
        gone = before - ring.pending  # below 0: damage took delivered points, which the cursor has yet to pass
        ring.add(DROPPED if gone > 0 else UPLOADED if ring.get(UPLOADED) + gone >= 0 else EXPIRED, gone)
        ring.forget(RECOUNT)
        if ring.is_mixed:
            load("ring.books", "mend")(ring)
        if not ring.overwrite and ring.newest - ring.oldest >= ring.medium.slots:
            _drop_before(ring, first_kept(ring.state)[0])
            head = ring.newest - ring.oldest >= ring.medium.slots and sector.read_prefix(ring.medium, ring.newest)
            if head:
                ring.medium.slots = head.slots  # the capacity that it was filled with, until what is pending fits
            return
        while ring.newest - ring.oldest >= ring.medium.slots:
            drop_oldest(ring)
    except BaseException:
        ring.state, ring.oldest = state, oldest
        ring.unchecked = True
        raise


def _drop_before(ring, sequence):
    """Let go of the sectors before `sequence`, which hold nothing pending; never of the newest."""
    while ring.oldest < min(sequence, ring.newest):
        ring.medium.drop(ring.oldest)
        ring.oldest += 1


def free_accepted(ring):
    """Let go of the sectors that hold nothing pending: those wholly behind the cursor and without refused points. If
    acks wait in RAM for the next header, note that the sectors are gone: their erase comes before it."""
    ring.check_books()
    _drop_before(ring, first_kept(ring.state)[0])
    if ring.medium.skips and ring.get(OLDEST) < ring.oldest and _waits(ring):
        ring.set(OLDEST, (ring.oldest,))
        _note_drop(ring)


def _waits(ring):
    """True if it waits in RAM to be noted what the server has."""
    return [key for key in ring.dirty if key == CURSOR or RANGES <= key < RANGES + RANGES_MOST] != []


def prepare(ring):
    """On raw flash free what the server has and erase ahead, so that log() seldom waits: for when there is time."""
    if _waits(ring):
        return  # there was no room to note what was delivered
    free_accepted(ring)
    if ring.newest + 1 - ring.oldest < ring.medium.slots:
        try:
            ring.medium.prepare(ring.newest + 1)
        except OSError:
            pass  # the turn to it finds out what to do


def again(ring, error, action, args):
    """Do again what failed with `error`, if the disk was full, until it works or no sector is left to give up."""
    while error.errno == sector.ENOSPC and _free_block(ring):
        try:
            return action(*args)
        except OSError as e:
            error = e
    ring.failed = error.errno != sector.ENOSPC
    from ..words import explained

    raise explained(error, ring.medium.place)


def _free_block(ring):
    """Free a block of a full disk; False if there is none to free. Delivered sectors go first, then pending ones if the
    ring may overwrite, then the spare. Where it may not, readings leave the spare to acks and state."""
    ring.check_books()
    if ring.oldest < ring.newest and (ring.overwrite or first_kept(ring.state)[0] > ring.oldest):
        drop_oldest(ring, frame=False)
        return True
    if ring.buffered_points and not ring.overwrite:
        text = "the disk is full, %d readings wait, overwrite=False: free some of it, or upload or clear() first"
        raise RingFull(text % (ring.pending - ring.buffered_points))
    return ring.medium.give_spare()


def make_room(ring, data):
    """Make room for the next sector, and for one more if it is for `data`. RingFull if the ring may not overwrite, or
    if readings would be dropped for a note."""
    ring.commit()
    free_accepted(ring)
    most = ring.medium.slots - int(data)
    while ring.newest + 1 + ring.bad - ring.oldest >= most:
        if not ring.overwrite or (not data and not load("ring.books", "is_spent")(ring)):
            text = "the ring holds %d readings%s: upload or clear() first"
            raise RingFull(text % (ring.pending, ", and no room for a note" if ring.overwrite else ", overwrite=False"))
        if ring.oldest == ring.newest:
            break  # so many sectors failed that only the newest is left
        drop_oldest(ring)


def drop_oldest(ring, frame=True):
    """Drop the oldest sector, counted. The drop frame is durable before the erase begins, so that a torn erase brings
    nothing back."""
    state, oldest, seen_lost = dict(ring.state), ring.oldest, ring.seen_lost
    try:
        is_plain = not (seen_lost or WINDOW in state or range_keys(state))
        ring.seen_lost = 0
        before = ring.pending
        undelivered = 0 if is_plain else load("ring.books", "forget_sector")(ring, oldest)
        ring.oldest += 1
        is_ahead = _catch_up(ring)
        gone = before - ring.pending
        lost = gone if is_plain else undelivered
        ring.add(DROPPED, lost)
        ring.add(DELIVERED, max(0, lost - gone - ring.get(CORRUPT)))  # CORRUPT is never below 0: the next sector has it
        ring.add(CORRUPT, gone - lost)
    except BaseException:  # else the next try takes its points out of the books twice
        ring.state = state  # one by one: a tuple takes memory
        ring.oldest = oldest
        ring.seen_lost = seen_lost
        raise
    if lost or is_ahead or _waits(ring):  # else a cut would find it gone and not noted
        ring.set(OLDEST, (ring.oldest,))
        if frame:
            _note_drop(ring)
    for sequence in (ring.oldest - 2, ring.oldest - 1):  # Ctrl-C may have come before the first was erased
        ring.medium.drop(sequence)


def _note_drop(ring):
    """Write the drop frame: the sector is gone, and the books are to be counted anew. It says no more, since parts of
    what waits in RAM depend on each other; the next header says it all."""
    if note_last(ring, {OLDEST: (ring.oldest,), RECOUNT: (1,)}):
        ring.dirty[RECOUNT] = True


def note_last(ring, state):
    """Write a frame with `state` in the room that is kept for the drop frame. False if the sector takes no more."""
    if not ring.place(record.STATE, encode_state(state), True):
        return False
    try:
        ring.program(ring.waiting)
    except OSError as e:
        if not ring.may_move_on(e):  # the new sector's header says the same
            raise
    finally:
        ring.waiting = bytearray()
    return not ring.sealed


def check_size(ring, size):
    """ValueError for a data payload of `size` bytes that fits no sector, not even a new one."""
    unit, first = ring.medium.unit, sector.SALTED_BYTES + len(encode_state(ring.state)) + _TURN_BYTES
    first += -first % unit
    frame, at = size + _FRAME_BYTES + -(size + _FRAME_BYTES) % unit, first % record.PAGE
    if frame <= record.PAGE and not 0 < at <= record.PAGE - frame:  # it begins a page
        first += -at % record.PAGE + max(unit, _MARK_BYTES)
    most = max(0, (ring.data_end - first) // unit * unit - _FRAME_BYTES)
    if size > most:
        raise ValueError("reading of %d bytes: at most %d fit a sector" % (size, most))


def clear(ring):
    """Drop everything pending, counted."""
    try:
        ring.commit()
    except RingFull:
        pass  # the readings that waited were refused
    state, seen_lost, oldest, cleared = dict(ring.state), ring.seen_lost, ring.oldest, ring.cleared
    try:
        ring.add(DROPPED, ring.pending)
        ring.add(CORRUPT, ring.seen_lost)
        ring.close_window()
        ring.forget(HELD, ASKED, *range_keys(ring.state))
        ring.seen_lost = 0
        ring.set(CURSOR, ring.end())
        ring.cleared = ring.end()[:2]
        ring.save()
    except BaseException:  # else they would count as dropped while still pending
        if ring.oldest == oldest:  # none of it is gone
            ring.state, ring.seen_lost, ring.cleared = state, seen_lost, cleared
        raise
