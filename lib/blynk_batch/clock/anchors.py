"""The frames and notes that tie a boot's uptime to Unix time: anchors, and the ends of planned sleeps.

Loaded where the clock was not set for some reading. Anchors lie in the log, the last one also in each sector's header,
so that none is lost when the sector that held it is dropped.
"""

from ..errors import RingFull
from ..ring import record, state as keys


def write(ring, boot, epoch):
    """Note durably that `boot` had uptime 0 at Unix ms `epoch`. RingFull where that finds no room: it counts in RAM."""
    payload = bytearray()
    record.put_varint(payload, boot)
    ring.set(keys.ANCHOR, (boot, epoch))
    ring.put(record.ANCHOR, payload + epoch.to_bytes(6, "little"))


def sleep(ring, boot, wake, is_open):
    """Note durably that `boot` sleeps until its uptime is `wake` ms; `is_open`: it has readings without an anchor.

    In the state: (boot, wake, 1 or 0); shorter behind a reading of this boot, since there is a note for each wake:
    (2 * ms from the reading to the wake + the 1,)."""
    chain = ring.chain
    note = (boot, wake, 1 if is_open else 0)
    behind = chain.pins and chain.boot == boot and chain.time <= wake
    _save(ring, ((wake - chain.time) * 2 + note[2],) if behind else note)
    if behind and not chain.pins:
        _save(ring, note)  # that reading is in another page


def _save(ring, note):
    ring.set(keys.SLEEP, note)
    try:
        ring.save()
    except RingFull:
        pass  # what room a full ring has is for acks


def read(ring):
    """(boot, wake, open) as `sleep` noted it."""
    note = ring.state[keys.SLEEP]
    if len(note) > 1:
        return note
    return ring.chain.boot, ring.chain.time + (note[0] >> 1), note[0] & 1
