"""Which points the server has: those behind the cursor, and in the window under way those of finished pins.

Knows the state's keys for that and the ring's frames; no JSON, no network. Parked pins' points stay behind the
cursor until they are released or overwritten.

    WINDOW  end of the window (sequence, offset, number), cutoff and opening in Unix ms (0 unknown)
    DONE    bitmap of the pins that are finished in it      PART    (pin, sequence, offset): done before there
    PARKED  eight keys, each (pin, sequence, offset, count, Unix ms of the last try): first point and how many
"""

from .full import number_at
from .reader import DATA
from .ring import CORRUPT, DELIVERED, DONE, PART, WINDOW, parked_keys


def is_done(bitmap, pin):
    return len(bitmap) > pin >> 3 and bitmap[pin >> 3] & 1 << (pin & 7)


def with_done(bitmap, pin):
    bits = bytearray(max(len(bitmap), (pin >> 3) + 1))
    bits[: len(bitmap)] = bitmap
    bits[pin >> 3] |= 1 << (pin & 7)
    return bytes(bits)


def parked(state):
    """{pin: its key} of the parked pins."""
    return {state[key][0]: key for key in parked_keys(state)}


def is_delivered(state, pin, position):
    """True if the point of `pin` in the frame at `position`, at or after the cursor, is delivered."""
    window = state.get(WINDOW)
    if not window or position >= tuple(window[:2]):
        return False
    part = state.get(PART)
    if part and part[0] == pin and position < tuple(part[1:3]):
        return True
    for key in parked_keys(state):
        if state[key][0] == pin:
            return position < tuple(state[key][1:3])
    return bool(is_done(state.get(DONE, b""), pin))


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
            close_window(ring)
    ring.saw_lost(0)
    return pending


def close_window(ring):
    ring.forget(WINDOW, DONE, PART, DELIVERED)


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
