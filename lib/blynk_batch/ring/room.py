"""Making room: sectors that hold nothing pending go first, then the oldest, counted.

Works on a Ring; loaded at the end of opening, when the medium is full, or when there is time to do it ahead.
"""

from micropython import const

from . import record, sector
from .. import load
from ..errors import RingFull
from .state import ASKED, CORRUPT, CURSOR, DELIVERED, DROPPED, EXPIRED, HELD, OLDEST, RANGES, RANGES_MOST, RECOUNT
from .state import UPLOADED, WINDOW, encode_state, first_kept, range_keys

# What a sector holds beside its first frame's payload: 4 of the header's check, 7 of the frame's head and check, and
# what the turn may add to the state: OLDEST 7, CURSOR 17, five counters of 10, some to spare
_TURN_BYTES = const(94)


def _catch_up(ring):
    """Move a cursor that is before the oldest sector there, and end a window that it passes. True if it moved."""
    is_behind = ring.cursor()[0] < ring.oldest
    if is_behind:
        ring.set(CURSOR, (ring.oldest, 0, sector.number_at(ring, ring.oldest)))
    cursor = ring.cursor()
    window = ring.state.get(WINDOW, cursor)
    if window[:2] <= cursor[:2] or window[2] <= cursor[2]:
        ring.close_window()
    return is_behind


def check_books(ring):
    """The end of opening: let go of what a drop frame named, though it may be readable, and of what is not there. Where
    that is broken off it is done anew, from the state that was read: half of it would be counted twice, or nowhere."""
    state, oldest, ring.unchecked = dict(ring.state), ring.oldest, False
    try:
        _drop_before(ring, ring.get(OLDEST))
        ring.oldest = ring.medium.oldest_from(ring.oldest, ring.newest)
        before = ring.pending
        # A full disk's sector goes before its drop is noted
        went = RECOUNT in ring.state or ring.get(OLDEST) < ring.oldest > first_kept(ring.state)[0]
        _catch_up(ring)
        if went and (ring.get(HELD) or ring.get(DELIVERED)):  # of the sector that went nothing else was noted
            load("ring.books", "recount")(ring, ring.oldest)
        gone = before - ring.pending  # below 0: delivered points that damage took wait to be passed
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
    """Let go of the sectors before that, which hold nothing that counts; never of the newest."""
    while ring.oldest < min(sequence, ring.newest):
        ring.medium.drop(ring.oldest)
        ring.oldest += 1


def free_accepted(ring):
    """Sectors wholly behind the cursor hold nothing pending, unless some of it was refused. Where that waits in RAM for
    the next sector's header, it is noted that they are gone, since their erase comes first."""
    ring.check_books()
    _drop_before(ring, first_kept(ring.state)[0])
    if ring.medium.skips and ring.get(OLDEST) < ring.oldest and _waits(ring):
        ring.set(OLDEST, (ring.oldest,))
        _note_drop(ring)


def _waits(ring):
    """True if what the server has is not noted yet."""
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
    """What failed with `error` is done again where the disk was full, until it goes or no sector is left to give."""
    while error.errno == sector.ENOSPC and _free_block(ring):
        try:
            return action(*args)
        except OSError as e:
            error = e
    ring.failed = error.errno != sector.ENOSPC
    from ..words import explained

    raise explained(error, ring.medium.place)


def _free_block(ring):
    """Free a block of a disk that is full; False if there is none to free. What the server has goes first, then what
    the policy lets go of, then the spare, which readings that may not overwrite leave to acks and state."""
    ring.check_books()
    if ring.oldest < ring.newest and (ring.overwrite or first_kept(ring.state)[0] > ring.oldest):
        drop_oldest(ring, frame=False)
        return True
    if ring.buffered_points and not ring.overwrite:
        text = "the disk is full, %d readings wait, overwrite=False: free some of it, or upload or clear() first"
        raise RingFull(text % (ring.pending - ring.buffered_points))
    return ring.medium.give_spare()


def make_room(ring, data):
    """Have room for the next sector, and if it is for `data` for one more. RingFull if the policy forbids to drop any,
    or if readings would go for a note."""
    ring.commit()
    free_accepted(ring)
    most = ring.medium.slots - int(data)
    while ring.newest + 1 + ring.bad - ring.oldest >= most:
        if not ring.overwrite or (not data and not load("ring.books", "is_spent")(ring)):
            text = "the ring holds %d readings%s: upload or clear() first"
            raise RingFull(text % (ring.pending, ", and no room for a note" if ring.overwrite else ", overwrite=False"))
        if ring.oldest == ring.newest:
            break  # failed ones leave none to keep
        drop_oldest(ring)


def drop_oldest(ring, frame=True):
    """The oldest sector goes, counted. The drop frame is durable before the erase begins, so that a torn erase
    brings nothing back."""
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
        ring.add(DELIVERED, max(0, lost - gone - ring.get(CORRUPT)))  # which is never below 0: the next sector has it
        ring.add(CORRUPT, gone - lost)
    except BaseException:  # else its points go out of the books twice
        ring.state = state  # no tuple: it takes memory
        ring.oldest = oldest
        ring.seen_lost = seen_lost
        raise
    if lost or is_ahead or _waits(ring):  # else a cut finds it gone, and nothing says so
        ring.set(OLDEST, (ring.oldest,))
        if frame:
            _note_drop(ring)
    for sequence in (ring.oldest - 2, ring.oldest - 1):  # Ctrl-C can have broken off the first
        ring.medium.drop(sequence)


def _note_drop(ring):
    """The drop frame. It says that the sector is gone and the books are to be counted anew, no more: of what waits in
    RAM one thing counts on another. The next header says it all."""
    if note_last(ring, {OLDEST: (ring.oldest,), RECOUNT: (1,)}):
        ring.dirty[RECOUNT] = True


def note_last(ring, state):
    """A frame with that `state`, in the room that was kept for the drop frame; False if the sector takes no more."""
    if not ring.place(record.STATE, encode_state(state), ring.medium.sector_bytes):
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
    most = ring.data_end - sector.SALTED_BYTES - len(encode_state(ring.state)) - _TURN_BYTES - 2 * ring.medium.unit
    if size > most:
        raise ValueError("reading of %d bytes: at most %d fit a sector" % (size, most))


def clear(ring):
    """Drop everything pending, counted."""
    try:
        ring.commit()
    except RingFull:
        pass  # so they are gone
    state, seen_lost, oldest, cleared = dict(ring.state), ring.seen_lost, ring.oldest, ring.cleared
    try:
        ring.add(DROPPED, ring.pending)
        ring.close_window()
        ring.forget(HELD, ASKED, *range_keys(ring.state))
        ring.seen_lost = 0
        ring.set(CURSOR, ring.end())
        ring.cleared = ring.end()[:2]
        ring.save()
    except BaseException:  # else they count as dropped and are pending still
        if ring.oldest == oldest:  # none of it is gone
            ring.state, ring.seen_lost, ring.cleared = state, seen_lost, cleared
        raise
