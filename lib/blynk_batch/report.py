"""What is pending, point by point, and the counters: for people and tools, not for logging or the upload."""

from .ring import state as keys
from .clock.times import NEVER, Times
from .ring.reader import DATA
from .ring.record import to_value
from .ring.state import is_delivered, parked_keys


def points(ring, now, unsynced):
    """(pin, Unix ms or None, value) of each point that is not delivered, parked ones first, in log order."""
    state, cursor = ring.state, ring.cursor()
    start = min([cursor] + [tuple(state[key][1:3]) + (0,) for key in parked_keys(state)])
    times = Times(ring, now, unsynced)
    if start[:2] < cursor[:2]:
        times.known = 0  # parked points are older than the last one delivered
    reader = ring.reader(start)
    while reader.next():
        if reader.kind == DATA:
            time = times.of(reader)
            texts = reader.values()
            for index in range(len(texts)):
                pin = reader.chain.pins[index]
                if not is_delivered(state, pin, reader.position):
                    yield pin, None if time == NEVER else time, to_value(texts[index])


def _waiting_for_clock(ring, now):
    """Pending points whose time is not known yet."""
    if now is not None:
        return 0  # the next reading or upload ties them to it
    count = 0
    for _, time, _ in points(ring, None, "estimate"):
        count += time is None
    return count


_COUNTERS = (
    ("uploaded", keys.UPLOADED),
    ("dropped", keys.DROPPED),
    ("skipped", keys.SKIPPED),
    ("refused", keys.REFUSED),
    ("rejected", keys.REJECTED),
    ("expired", keys.EXPIRED),
    ("estimated", keys.ESTIMATED),
    ("requests", keys.REQUESTS),
    ("erases", keys.ERASES),
    ("bad_blocks", keys.BAD_BLOCKS),
)


def stats(ring, boots):
    found = {name: ring.get(key) for name, key in _COUNTERS}
    for index, name in enumerate(("retried", "smaller", "redirected", "stopped")):
        found[name] = ring.state.get(keys.OUTCOMES, (0, 0, 0, 0))[index]
    found["logged"] = ring.number + ring.buffered_points
    found["pending"] = ring.pending
    found["parked"] = ring.parked
    found["corrupt"] = ring.get(keys.CORRUPT) + ring.seen_lost
    found["waiting_for_clock"] = _waiting_for_clock(ring, boots.now())
    found["used_bytes"] = (ring.newest - ring.oldest) * ring.medium.sector_bytes + ring.offset
    found["last_success"] = ring.get(keys.LAST_SUCCESS) or None
    return found
