"""What must survive beside the readings: numbered values that live in the log itself, and what they say of the points.

Knows no frames and no medium; log.py writes the values, decode.py reads them and knows what each can be.
docs/format.md lists them in full.

    entry   key (1 byte) | length (1 byte), 0: forget it | below key 0x80 a tuple of ints >= 0 as varints, else bytes
"""

from .record import put_varint

# The ring's: the oldest sector | the oldest point neither accepted nor set aside (sequence, offset, number)
OLDEST, CURSOR = 1, 2
# Lifetime counters; report.py names them in this order
DROPPED, CORRUPT, ERASES, SKIPPED, UPLOADED, REQUESTS, REJECTED = 3, 4, 5, 6, 7, 8, 9
EXPIRED, ESTIMATED, BAD_BLOCKS, OUTCOMES, REFUSED = 10, 11, 12, 13, 14
# Places that never count, whatever may be read there: (sequence, offset, offset of the end, ...), oldest first | 1: a
# medium that writes over what is there
VOIDS, OVERWRITES = 15, 16
# 1: the sector before OLDEST was dropped, and the books still have its points
RECOUNT = 17
VOIDS_MOST = 9  # ints

# The window under way: its end (sequence, offset, number), cutoff and opening in Unix ms (0 unknown) | done of the pin
# under way, before there: (pin, sequence, offset) | points of it that are done | bitmap of the pins that are done
WINDOW, PART, DELIVERED, DONE = 20, 21, 22, 0x90
# A batch of it that ends before its pin does: (pin, sequence, offset of its end) | pins, each as often as its last
# requests, at most 2, were answered with a failure or died in the midst of the batch
BATCH, FAILED = 39, 0xA3
# What was refused: points behind the cursor or in DONE | the request for some under way: first, end (sequence, offset
# each), pin, cutoff and time in Unix ms, the ring's end then | hourly questions in doubt, Unix s of the last | the
# server's words of the last refusal
HELD, ASKED, DOUBT, WORDS = 48, 50, 51, 0xA2
# Sixteen ranges of refused points: (sequence, offset, sectors to its end, offset there, kind, Unix s of the last try
# and tries, or how one is searched on, pin, ...). OPEN of the kinds: it has no end
RANGES, RANGES_MOST, OPEN_END = 96, 16, 4
# Written in place of DONE where pins were added to it: these
DONE_TOO = 0x91

# When to send: (step, Unix ms of the end or 0, wait in s) | (day, points) | the last drain (Unix ms or 0, boot, uptime)
BACKOFF, BUDGET, DRAINED = 32, 33, 34
# Unix s of the first Date of a reply that was not believed, since the ring knows of a later time
DOUBTED = 36
# What replies taught: batch size, batches accepted since, and while it is on trial the size that failed | server |
# whose data goes out
SIZE, REGION, OWNER = 35, 0xA0, 0xA1
LAST_SUCCESS = 38  # Unix seconds

# Time: the last boot's number | the last anchor's (boot, Unix ms of its uptime 0) | a planned sleep, void once a
# reading follows | Unix ms of the last point delivered: what comes later is never older
BOOT, ANCHOR, SLEEP, KNOWN = 64, 65, 66, 67


class State:
    """`state` {key: value}; `dirty`: {key: True} of what changed since the last frame that carries state; `changed`:
    since the sector began."""

    def __init__(self):
        self.state = {}
        self.dirty = {}  # no set: one that finds no memory to grow is spoilt, and MicroPython looks behind its end
        self.changed = {}

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
        self.dirty[key] = True

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

    def void(self, sequence, start, end):
        """What lies there never counts, whatever may be read."""
        voids = (0,) * VOIDS_MOST + self.state.get(VOIDS, ()) + (sequence, start, end)
        self.set(VOIDS, voids[-VOIDS_MOST:])

    def close_window(self):
        self.forget(WINDOW, DONE, PART, DELIVERED, BATCH)


# Their bytes


def encode_state(state, keys=None):
    """The entries of all keys or of `keys`, some of which the state may not have."""
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


# What the server has: the points behind the cursor, and in the window under way those of finished pins, but for those
# that it refused. Their ranges are exact, and what the ring overwrote of them counts no more.


def range_keys(state):
    """Of the ranges of refused points. One of a length that none has is damage that its check let pass."""
    return [key for key in range(RANGES, RANGES + RANGES_MOST) if len(state.get(key, ())) > 7]


def range_pins(state, flag=0):
    """Their pins; with OPEN_END of those without an end: their new points wait with them, and nobody asks for those."""
    return b"".join([bytes(state[key][7:]) for key in range_keys(state) if state[key][4] & flag == flag])


def first_kept(state):
    """(sequence, offset, number) of the oldest point that is not delivered; the number is 0 where it is refused."""
    return min([state[key][:2] + (0,) for key in range_keys(state)] + [state.get(CURSOR) or (0, 0, 0)])


def with_done(bitmap, pin):
    bits = int.from_bytes(bitmap, "little") | 1 << pin
    return bits.to_bytes(max(len(bitmap), (pin >> 3) + 1), "little")


def is_done(bitmap, pin):
    return len(bitmap) > pin >> 3 and bool(bitmap[pin >> 3] & 1 << (pin & 7))
