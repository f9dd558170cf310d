"""What holds of a ring after every step, whatever happened: the books, places and state of an open Ring.

Called by the tests of damage, the ledger, the model and the power cuts. Runs in MicroPython; knows the ring, and no
client, medium or test.
"""

from blynk_batch.ring import sector
from blynk_batch.ring import state as keys
from blynk_batch.ring.decode import decode_state

_COUNTED = (keys.UPLOADED, keys.DROPPED, keys.REJECTED, keys.EXPIRED, keys.CORRUPT)


class Broken(AssertionError):
    """An invariant does not hold; says which."""


def check(ring, there=None, damaged=False):
    """Broken unless all holds. `there`: how many pending points a reader gives. `damaged`: flash was changed from
    outside, so that points which no pass has missed yet count as pending, and headers may be unreadable."""
    _check_books(ring)
    if there is not None and (there > ring.pending if damaged else there != ring.pending):
        raise Broken("%d points are there, pending is %d" % (there, ring.pending))
    _check_places(ring)
    _check_state(ring)
    _check_sectors(ring, damaged)


def _check_books(ring):
    counted = [ring.get(key) for key in _COUNTED]
    total = sum(counted) + ring.seen_lost + ring.pending
    logged = ring.number + ring.buffered_points
    if total != logged:
        text = "logged %d; uploaded, dropped, rejected, expired, corrupt %r, seen to be lost %d, pending %d: %d"
        raise Broken(text % (logged, counted, ring.seen_lost, ring.pending, total))


def _check_places(ring):
    places = [("the oldest sector", (ring.oldest, 0))]
    if keys.CURSOR in ring.state:
        places.append(("the cursor", ring.cursor()[:2]))
    if keys.WINDOW in ring.state:
        places.append(("the window's end", ring.state[keys.WINDOW][:2]))
    places.append(("the ring's end", ring.end()[:2]))
    for (name, place), (after, other) in zip(places, places[1:]):
        if place > other:
            raise Broken("%s %r is behind %s %r" % (name, place, after, other))
    if ring.newest - ring.oldest >= ring.medium.slots or ring.cursor()[2] > ring.number:
        raise Broken("sectors %d to %d of %d slots, %r" % (ring.oldest, ring.newest, ring.medium.slots, ring.state))


def _check_state(ring):
    data = keys.encode_state(ring.state)
    again = {}
    decode_state(data, 0, len(data), again)
    if again != ring.state or len(data) > sector.STATE_BYTES:
        raise Broken("state of %d bytes %r reads back as %r" % (len(data), ring.state, again))


def _check_sectors(ring, damaged):
    number = 0
    buf = bytearray(sector.PREFIX_BYTES)
    for sequence in range(ring.oldest, ring.newest + 1):
        head = sector.read_prefix(ring.medium, sequence)
        if not head:
            ring.medium.read(sequence, 0, memoryview(buf))
            if sequence == ring.newest and not ring.offset:  # its header comes with the first reading
                continue
            if damaged or bytes(buf[:3]) != b"BBr":  # a block that failed was left out
                continue
            raise Broken("sector %d has no header" % sequence)
        if not number <= head.number <= ring.number:
            raise Broken("sector %d begins with point %d, of %d to %d" % (sequence, head.number, number, ring.number))
        number = head.number
