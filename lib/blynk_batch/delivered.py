"""Which points the server has: those behind the cursor, and in the window under way those of finished pins.

Knows the state's keys for that and the ring's frames; no JSON, no network. Parked pins' points stay behind the
cursor until they are released or overwritten.

    WINDOW  end of the window (sequence, offset, number), cutoff and opening in Unix ms (0 unknown)
    DONE    bitmap of the pins that are finished in it      PART    (pin, sequence, offset): done before there
    PARKED  eight keys, each (pin, sequence, offset, count, Unix ms of the last try): first point and how many
"""

from .ring import DELIVERED, DONE, PART, WINDOW, parked_keys


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


def close_window(ring):
    ring.forget(WINDOW, DONE, PART, DELIVERED)
