"""The persistent buffer: a log of frames over sectors, with all that must survive carried inside it.

Knows frames, sectors, the cursor and named counters; no filesystem, no network, no Blynk. The medium below it is
files.py or block.py. Opening is recovery.

A medium has sector_bytes, slots (sectors it holds), unit (alignment of frames), burst (bytes that one torn program
can have touched), patchable (bytes can be programmed to 0x00 in place), erases, and
    open() -> (oldest, newest) or None     read(sequence, offset, view)      slot(sequence)
    begin(sequence)  make it ready         append(sequence, offset, data)    durable on return
    seal(sequence, offset)  it is full     drop(sequence)  it is not needed  close()
"""

from micropython import const

from . import record, sector
from .errors import CorruptRing, RingFull
from .reader import Reader

# State keys. Below 0x80 a tuple of ints, else bytes.
# 32-63 and 0xA0-0xBF belong to the uploader, 64-79 and 0xC0 up to the clock.
OLDEST, CURSOR, DROPPED, CORRUPT, ERASES, SKIPPED = 1, 2, 3, 4, 5, 6
UPLOADED, REQUESTS, REJECTED, EXPIRED, ESTIMATED, BAD_BLOCKS = 7, 8, 9, 10, 11, 12
WINDOW, PART, DELIVERED, DONE = 20, 21, 22, 0x90
PARKED, PARKED_PINS = 40, 8

_ABSOLUTE_EVERY = const(256)
_DROP_RESERVE = const(48)  # the drop frame must fit behind the last data frame; 20 more for each parked pin
_OPEN_WINDOW = const(128)  # opening reads the newest sector in small steps: half of it is blank on average
ENOSPC = const(28)


def parked_keys(state):
    return [key for key in range(PARKED, PARKED + PARKED_PINS) if key in state]


class Ring:
    """A ring over `medium`. `overwrite` False refuses new readings when full instead of dropping the oldest."""

    def __init__(self, medium, overwrite=True, commit_every=1):
        self.medium = medium
        self.overwrite = overwrite
        self.commit_every = commit_every
        self.state = {}
        self._dirty = set()
        self._chain = record.Chain()
        self._buffer = bytearray()
        self._buffered = 0
        self._seen_lost = 0
        self._sealed = False  # the newest sector takes no more frames
        span = medium.open()
        if span:
            self._recover(span[0], span[1])
        else:
            self.oldest = self.newest = self.number = 0
            self._start_sector(0)

    # Opening

    def _recover(self, oldest, newest):
        self.oldest, self.newest = oldest, newest
        first = newest
        while not self._load_header(first):
            first -= 1
            if first < oldest:
                raise CorruptRing("no readable sector header in the ring: open it with format=True to start anew")
        medium = self.medium
        reader = Reader(self, (first, 0), (newest, medium.sector_bytes), 0, _OPEN_WINDOW)
        while True:
            kind = reader.next()
            if not kind:
                break
            if kind == record.STATE:
                record.decode_state(reader.payload(), 0, len(reader.payload()), self.state)
        self.number = reader.number
        self._seed = record.seed(newest, medium.slot(newest))
        self.offset = reader.good_end
        self._chain = reader.chain  # the delta chain goes on where the last boot left it
        self.boot, self.boot_time = reader.chain.boot, reader.chain.time
        self._last_absolute = reader.absolute_at if reader.absolute_at >= 0 else -_ABSOLUTE_EVERY
        if reader.good_end == 0:
            self._sealed = True
        elif reader.offset > self.offset:
            self._clean_tail(reader.offset)
        while oldest < min(self.get(OLDEST), newest):
            medium.drop(oldest)  # a drop frame named it: gone, even if still readable
            oldest += 1
        self.oldest = oldest
        cursor = self.state.get(CURSOR)
        if not cursor or cursor[0] < oldest:
            self._move_cursor_to_oldest()
        window = self.state.get(WINDOW)
        if window and tuple(window[:2]) <= self.cursor()[:2]:
            from .delivered import close_window

            close_window(self)  # all of it was overwritten
        while newest - self.oldest >= medium.slots:
            self._drop_oldest()

    def _load_header(self, sequence):
        """Read state from that sector's header; False if it is damaged."""
        buf = bytearray(sector.PREFIX_BYTES)
        self.medium.read(sequence, 0, memoryview(buf))
        head = sector.parse(buf)
        if not head or head.sequence != sequence or head.size > sector.PREFIX_BYTES + sector.STATE_BYTES + 32:
            return False
        buf = bytearray(head.size)
        self.medium.read(sequence, 0, memoryview(buf))
        state = sector.parse_state(buf, head.size, record.seed(sequence, self.medium.slot(sequence)))
        if state is None:
            return False
        self.state = state
        return True

    def _clean_tail(self, end):
        """Bytes after the last good frame are a torn write: program them to filler, or go to a new sector."""
        if not self.medium.patchable:
            self._sealed = True
            return
        while self.offset < end:
            count = min(64, end - self.offset)
            self.medium.append(self.newest, self.offset, bytes(count))
            self.offset += count
        self._chain.reset()

    def _move_cursor_to_oldest(self):
        self.set(CURSOR, (self.oldest, 0, self.number_at(self.oldest)))

    # State

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
        self._dirty.add(key)

    def add(self, key, count):
        if count:
            self.set(key, (max(0, self.get(key) + count),))

    def forget(self, *keys):
        for key in keys:
            if key in self.state:
                self.set(key, None)

    def save(self, *keys, must=True):
        """One state frame with `keys` and all that changed since the last; durable on return.

        `must` False: leave it for later where only the reserve of a full ring is left."""
        self.commit()
        self._dirty.update(keys)
        if not self._dirty or (not must and self._only_reserve_left()):
            return
        payload = record.encode_state(self.state, self._dirty)
        sequence = self.newest
        self._append(record.STATE, payload)
        if self.newest == sequence:
            self._dirty.clear()

    def put(self, kind, payload):
        """Append a frame of `kind`, durable on return."""
        self.commit()
        self._append(kind, payload)

    def end(self):
        """(sequence, offset, number) just past the last durable frame."""
        return (self.newest, self.offset, self.number)

    def cursor(self):
        """(sequence, offset, number) of the oldest point neither accepted nor set aside."""
        return self.state.get(CURSOR) or (0, 0, 0)

    def reader(self, start=None, end=None):
        start = start or self.cursor()
        end = end or self.end()
        if start[0] < self.oldest:
            start = (self.oldest, 0, self.number_at(self.oldest))
        return Reader(self, start[:2], end[:2], start[2] if len(start) > 2 else 0)

    def save_value(self, key, value):
        """`set` made durable at once."""
        self.set(key, value)
        self.save()

    @property
    def pending(self):
        """Points in the ring that the server has not accepted, parked ones included."""
        count = self.number + self._buffered_points - self.cursor()[2] - self.get(DELIVERED) - self._seen_lost
        return max(0, count) + self.parked

    @property
    def parked(self):
        """Points behind the cursor that wait for their pin to be released."""
        state = self.state
        return sum([state[key][3] for key in parked_keys(state)])

    @property
    def logged(self):
        """Points ever logged."""
        return self.number + self._buffered_points

    @property
    def used_bytes(self):
        return (self.newest - self.oldest) * self.medium.sector_bytes + self.offset

    failed = False  # the medium raised: nothing more is expected of it
    key = None  # what names the place, so that it is not opened twice
    _buffered_points = 0
    boot = boot_time = 0  # the last boot that a frame named, and its last uptime; what opening found

    def saw_lost(self, count):
        """A whole pass from the cursor to the end found `count` points lost to damage."""
        self._seen_lost = count

    @property
    def lost(self):
        """Points known to be lost to damage, those ahead of the cursor included."""
        return self.get(CORRUPT) + self._seen_lost

    # Writing

    def log(self, boot, time, pins, values):
        """Append one data frame: `values` in the order of the bytes `pins`. Durable on return unless
        `commit_every` holds it back. ValueError if it fits no sector, RingFull if it is refused."""
        at = self.offset + len(self._buffer)
        absolute = at - self._last_absolute >= _ABSOLUTE_EVERY or self._sealed
        before = (self._chain.boot, self._chain.time, self._chain.interval, self._chain.pins)
        payload = self._chain.encode(boot, time, pins, values, absolute)
        try:
            if self._sealed or not self._fits(len(payload) + 6, self._drop_reserve):
                self._check_size(payload)
                self._turn(data=True)
                payload = self._chain.encode(boot, time, pins, values, True)
            if payload[0] & 0xE0 > 0x80:
                self._last_absolute = self.offset + len(self._buffer)
            self._buffer.extend(self._aligned(record.frame(0, payload, self._seed)))
            self._buffered += 1
            self._buffered_points += len(pins)
            if self._buffered >= self.commit_every:
                self.commit()
        except Exception:
            chain = self._chain
            if not self._buffered:
                chain.boot, chain.time, chain.interval, chain.pins = before
            raise

    def commit(self):
        """Make all buffered readings durable."""
        if not self._buffered:
            return
        data, points = self._buffer, self._buffered_points
        try:
            self._program(data)
        except Exception:
            # What was not acknowledged is taken back; the place is not trusted again.
            self._sealed = True
            self._buffer, self._buffered, self._buffered_points = bytearray(), 0, 0
            raise
        self.number += points
        self._buffer, self._buffered, self._buffered_points = bytearray(), 0, 0

    def _program(self, data):
        burst = self.medium.burst
        view = memoryview(data)
        at = 0
        while at < len(data):
            self._retry(self.medium.append, self.newest, self.offset + at, view[at : at + burst])
            at += burst
        self.offset += len(data)

    def _retry(self, action, *args):
        """Do it; when the disk is full, give back sectors until it goes or none is left to give."""
        while True:
            try:
                return action(*args)
            except OSError as e:
                if e.args[0] != ENOSPC or not self._make_room():
                    self.failed = e.args[0] != ENOSPC
                    raise

    def _make_room(self):
        """Free the oldest sector on a full disk; False if the policy or the ring's end forbids it."""
        if self.oldest >= self.newest:
            return False
        if self.cursor()[0] <= self.oldest and not self.overwrite:
            return False
        self._drop_oldest(frame=False)
        return True

    def _aligned(self, data):
        return data + b"\xff" * (-len(data) % self.medium.unit)

    def _fits(self, size, reserve):
        return self.offset + len(self._buffer) + size + self.medium.unit + reserve <= self.medium.sector_bytes

    def _check_size(self, payload):
        room = self.medium.sector_bytes - sector.PREFIX_BYTES - len(record.encode_state(self.state)) - 64
        if len(payload) + 32 > room - _DROP_RESERVE:
            raise ValueError("reading of %d bytes: at most %d fit a sector" % (len(payload), room - _DROP_RESERVE - 32))

    def _append(self, kind, payload):
        if self._sealed or not self._fits(len(payload) + 6, 0):
            self._turn(data=False)
            if kind == record.STATE:
                return  # the new header carries it all
        data = self._aligned(record.frame(kind, payload, self._seed))
        self._program(data)

    # Turnover

    def _only_reserve_left(self):
        return not self.overwrite and self.newest - self.oldest >= self.medium.slots - 1

    def _free_accepted(self):
        """Sectors wholly behind the cursor hold nothing pending, unless pins are parked."""
        first = self.cursor()[0]
        for key in parked_keys(self.state):
            first = min(first, self.state[key][1])
        while self.oldest < min(first, self.newest):
            self.medium.drop(self.oldest)
            self.oldest += 1

    def _turn(self, data):
        """Begin the next sector, dropping the oldest where the ring is full."""
        self.commit()
        spare = 1 if data and not self.overwrite else 0
        if self.newest + 1 - self.oldest >= self.medium.slots - spare:
            self._free_accepted()
        while self.newest + 1 - self.oldest >= self.medium.slots - spare:
            # Parked points never block the readings of pins that the server does take.
            if not self.overwrite and self.cursor()[0] <= self.oldest:
                raise RingFull("the ring holds %d readings and overwrite=False: upload or clear() first" % self.pending)
            self._drop_oldest()
        if not self._sealed:
            self.medium.seal(self.newest, self.offset)
        self._start_sector(self.newest + 1)

    def _drop_oldest(self, frame=True):
        """The oldest sector goes, counted. The drop frame is durable before the erase begins, so that a torn
        erase brings nothing back."""
        if self._seen_lost or WINDOW in self.state or self.parked:
            from .delivered import forget_sector

            lost = forget_sector(self, self.oldest)
        else:
            lost = max(0, self.number_at(self.oldest + 1) - self.cursor()[2])
        self.oldest += 1
        self.add(DROPPED, lost)
        if lost or self.cursor()[0] < self.oldest:
            self.set(OLDEST, (self.oldest,))
            if self.cursor()[0] < self.oldest:
                self._move_cursor_to_oldest()
            if frame and not self._sealed:
                keys = [OLDEST, CURSOR, DROPPED, DELIVERED, CORRUPT]
                keys.extend(parked_keys(self.state))
                payload = record.encode_state(self.state, [key for key in keys if key in self._dirty])
                if self._fits(len(payload) + 6, 0):
                    self._program(self._aligned(record.frame(record.STATE, payload, self._seed)))
        self.medium.drop(self.oldest - 1)

    def number_at(self, sequence):
        """Running number of the first point at or after the start of `sequence`."""
        buf = bytearray(sector.PREFIX_BYTES)
        for after in range(sequence, self.newest + 1):
            self.medium.read(after, 0, memoryview(buf))
            head = sector.parse(buf)
            if head and head.sequence == after:
                return head.number
        return self.number

    def _start_sector(self, sequence):
        medium = self.medium
        self._retry(medium.begin, sequence)
        self.set(OLDEST, (self.oldest,))
        self.add(ERASES, medium.erases - self._erases)
        self._erases = medium.erases
        seed = record.seed(sequence, medium.slot(sequence))
        head = sector.pack(sequence, medium.slots, self.number, medium.sector_bytes, self.state, seed, medium.unit)
        self._sealed = True  # until the header is there
        self._retry(medium.append, sequence, 0, head)
        self._sealed = False
        self.newest, self.offset, self._seed = sequence, len(head), seed
        self._dirty.clear()
        self._chain.reset()
        self._last_absolute = -_ABSOLUTE_EVERY
        self._drop_reserve = _DROP_RESERVE + 20 * len(parked_keys(self.state))

    _drop_reserve = _DROP_RESERVE
    _erases = 0

    def clear(self):
        """Drop everything pending, counted."""
        self.commit()
        self.add(DROPPED, self.pending)
        self.forget(WINDOW, PART, DELIVERED, DONE, *parked_keys(self.state))
        self._seen_lost = 0
        self.set(CURSOR, self.end())
        self.save(CURSOR)

    def close(self):
        """Commit, and note counters that changed."""
        self.commit()
        if self._dirty:
            self.save(must=False)
        self.medium.close()
