"""What must survive beside the readings: numbered values that live in the log itself, and what they say of the points.

Knows no frames and no medium; log.py writes the values, decode.py reads them and knows what each can be.
docs/format.md lists them in full. A key below 0x80 holds a tuple of ints >= 0, others bytes.
"""

from .record import put_varint

# The ring's: the oldest sector | the oldest point neither accepted nor set aside (sequence, offset, number)
OLDEST, CURSOR = 1, 2
# Lifetime counters
DROPPED, CORRUPT, ERASES, SKIPPED, UPLOADED, REQUESTS, REJECTED = 3, 4, 5, 6, 7, 8, 9
EXPIRED, ESTIMATED, BAD_BLOCKS, OUTCOMES, REFUSED = 10, 11, 12, 13, 14

# The window under way: its end (sequence, offset, number), cutoff and opening in Unix ms (0 unknown) | done of the pin
# under way, before there: (pin, sequence, offset) | points of it that are done | bitmap of the pins that are done
WINDOW, PART, DELIVERED, DONE = 20, 21, 22, 0x90
# Eight parked pins: (pin, sequence, offset, count, Unix ms of the last try), its first point and how many
PARKED, PARKED_PINS = 40, 8
# Written in place of DONE where pins were added to it: these
DONE_TOO = 0x91

# When to send: (step, Unix ms of the end or 0, wait in s) | (day, points) | the last drain (Unix ms or 0, boot, uptime)
BACKOFF, BUDGET, DRAINED = 32, 33, 34
# What replies taught: batch size and batches accepted since | a batch refused for no known reason: (pin, sequence,
# offset, times) | (points, pin) of a prefix known to hold a bad one | server | whose data goes out
SIZE, STRIKES, BAD, REGION, OWNER = 35, 36, 37, 0xA0, 0xA1
# Unix seconds | points of a batch that the budget cut short: sent again, it is no longer on another day
LAST_SUCCESS, HELD = 38, 39

# Time: the last boot's number | the last anchor's (boot, Unix ms of its uptime 0) | a planned sleep, void once a
# reading follows | Unix ms of the last point delivered: what comes later is never older
BOOT, ANCHOR, SLEEP, KNOWN = 64, 65, 66, 67


class State:
    """`state` {key: value}; `dirty`: keys that changed since the last frame that carries state; `changed`: since the
    sector began."""

    def __init__(self):
        self.state = {}
        self.dirty = set()
        self.changed = set()

    def get(self, key):
        """The first int of the state's `key`, 0 if it has none."""
        value = self.state.get(key)
        return value[0] if value else 0

    def set(self, key, value):
        """Change the state; durable with the next frame that carries state."""
        if value:
            self.state[key] = value
        else:
            self.state.pop(key, None)
        self.dirty.add(key)

    def add(self, key, count):
        if count:
            self.set(key, (max(0, self.get(key) + count),))

    def forget(self, *keys):
        for key in keys:
            if key in self.state:
                self.set(key, None)

    def cursor(self):
        """(sequence, offset, number) of the oldest point neither accepted nor set aside."""
        return self.state.get(CURSOR) or (0, 0, 0)

    def close_window(self):
        self.forget(WINDOW, DONE, PART, DELIVERED)


# Their bytes


def encode_state(state, keys=None):
    """Entries of key, length, value. Keys below 0x80 hold a tuple of ints >= 0 (varints), others bytes;
    an absent key is written with length 0: forget it."""
    out = bytearray()
    for key in sorted(state if keys is None else keys):
        value = state.get(key, b"")
        if key < 0x80:
            data = bytearray()
            for number in value:
                put_varint(data, number)
            value = data
        out.append(key)
        out.append(len(value))
        out.extend(value)
    return out


# What the server has: the points behind the cursor, and in the window under way those of finished pins. Parked pins'
# points stay behind the cursor until they are released or overwritten.


def parked_keys(state):
    return [key for key in range(PARKED, PARKED + PARKED_PINS) if key in state]


def parked(state):
    """{pin: its key} of the parked pins."""
    return {state[key][0]: key for key in parked_keys(state)}


def with_done(bitmap, pin):
    bits = bytearray(max(len(bitmap), (pin >> 3) + 1))
    bits[: len(bitmap)] = bitmap
    bits[pin >> 3] |= 1 << (pin & 7)
    return bytes(bits)


def is_done(bitmap, pin):
    return len(bitmap) > pin >> 3 and bool(bitmap[pin >> 3] & 1 << (pin & 7))


def is_delivered(state, pin, position):
    """True if nothing is left to do for the point of `pin` in the frame at `position`; else it is pending or parked."""
    behind = position < tuple(state.get(CURSOR, (0, 0)))[:2]
    window = state.get(WINDOW)
    if not behind and (not window or position >= tuple(window[:2])):
        return False
    for key in parked_keys(state):
        if state[key][0] == pin:
            return position < tuple(state[key][1:3])
    part = state.get(PART)
    if part and part[0] == pin and position < tuple(part[1:3]):
        return True
    return behind or is_done(state.get(DONE, b""), pin)
