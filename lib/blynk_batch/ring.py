"""The persistent buffer: a log of frames over sectors, with all that must survive carried inside it.

Knows frames, sectors, the cursor and named counters; no filesystem, no network, no Blynk. The medium below it is
files.py or block.py. Opening is recovery.

A medium has sector_bytes, slots (sectors it holds), unit (alignment of frames), burst (bytes that one torn program
can have touched), patchable (bytes can be programmed to 0x00 in place), skips (it is raw: a sector that fails can be
left out), erases (not counted yet), and
    open() -> (oldest, newest) or None     read(sequence, offset, view)      slot(sequence)
    begin(sequence)  make it ready         append(sequence, offset, data)    durable on return
    seal(sequence, offset)  it is full     drop(sequence)  it is not needed  close()
    free_from(sequence)  that or the next that can be begun     oldest_from(sequence, newest)  that or the next there is
    explained(error)  an OSError, in words where it has any     give_spare()  on a full disk; False if there is none
"""

from micropython import const

from . import let_go, load, record, sector
from .errors import RingFull
from .reader import Reader
from .state import DELIVERED, ERASES, OLDEST, REFUSED, State, parked_keys

ABSOLUTE_EVERY = const(256)
DROP_RESERVE = const(48)  # the drop frame must fit behind the last data frame; 20 more for each parked pin
_SURELY_FITS = const(256)
ENOSPC = const(28)


class Ring(State):
    """A ring over `medium`. `overwrite` False refuses new readings when full instead of dropping the oldest."""

    def __init__(self, medium, overwrite=True, commit_every=1):
        super().__init__()
        self.medium = medium
        self.overwrite = overwrite
        self.commit_every = commit_every
        self.chain = record.Chain()
        self._buffer = bytearray()
        self._buffered = 0
        self.seen_lost = 0  # points ahead of the cursor that a whole pass found lost to damage
        self.sealed = False  # the newest sector takes no more frames
        span = medium.open()
        if span:
            from .recover import recover

            recover(self, span[0], span[1])
            let_go("recover")
        else:
            self.oldest = self.number = self.offset = 0
            self.newest = -1
            self.sealed = True
            self.turn(data=False)

    # State

    def save(self, *keys, must=True):
        """One state frame with `keys` and all that changed since the last; durable on return.

        `must` False: leave it for later where only the reserve of a full ring is left."""
        self.dirty.update(keys)
        reserve = DROP_RESERVE if self._is_reserve() else 0  # what is left then is for an anchor
        if not self.dirty or (reserve and not must):
            return self.commit()
        payload = record.encode_state(self.state, self.dirty)
        if not self.sealed and not self.medium.skips and self.fits(len(payload) + 6, reserve):
            # One write with the readings that wait. Raw sectors that fail move on readings, but no other frames.
            self._buffer.extend(self.framed(record.STATE, payload))
            self.commit()
        else:
            self.commit()
            try:
                self.put(record.STATE, payload, reserve)
            except RingFull:
                return  # it waits in RAM until a window is done, which frees sectors
        self.dirty.clear()

    def _is_reserve(self):
        return not self.overwrite and self.newest - self.oldest >= self.medium.slots - 1

    def put(self, kind, payload, reserve=0):
        """Append a frame of `kind`, `reserve` bytes before the sector's end at the latest; durable on return."""
        self.commit()
        if self.sealed or not self.fits(len(payload) + 6, reserve):
            self.turn(data=False)
            if kind == record.STATE:
                return  # the new header carries it all
        try:
            self.program(self.framed(kind, payload))
        except BaseException as e:
            self.instead(e, "append_again", kind, payload)

    def end(self):
        """(sequence, offset, number) just past the last durable frame."""
        return (self.newest, self.offset, self.number)

    def reader(self, start=None, end=None):
        start, end = start or self.cursor(), end or self.end()
        if start[0] < self.oldest:
            from .full import number_at

            start = (self.oldest, 0, number_at(self, self.oldest))
        return Reader(self, start[:2], end[:2], start[2] if len(start) > 2 else 0)

    def save_value(self, key, value):
        """`set` made durable at once."""
        self.set(key, value)
        self.save()

    @property
    def pending(self):
        """Points in the ring that the server has not accepted, parked ones included."""
        count = self.number + self.buffered_points - self.cursor()[2] - self.get(DELIVERED) - self.seen_lost
        return max(0, count) + self.parked

    @property
    def parked(self):
        """Points behind the cursor that wait for their pin to be released."""
        return sum([self.state[key][3] for key in parked_keys(self.state)])

    failed = False  # the medium raised: nothing more is expected of it
    key = None  # what names the place, so that it is not opened twice
    buffered_points = 0
    drop_reserve = DROP_RESERVE
    past = 0  # sectors behind the newest that were found to fail
    boot = 0  # the last boot that a frame named, as far as opening saw

    # Writing

    def log(self, boot, time, pins, values):
        """Append one data frame: `values` in the order of the bytes `pins`. Durable on return unless
        `commit_every` holds it back. ValueError if it fits no sector, RingFull, counted, if it is refused."""
        at = self.offset + len(self._buffer)
        absolute = at - self.last_absolute >= ABSOLUTE_EVERY or self.sealed
        before = (self.chain.boot, self.chain.time, self.chain.interval, self.chain.pins)
        payload = self.chain.encode(boot, time, pins, values, absolute)
        try:
            if self._is_reserve():
                from .full import turn

                turn(self, self.medium.slots)  # RingFull, or sectors that the server has go
            if self.sealed or not self.fits(len(payload) + 6, self.drop_reserve):
                self.turn(data=True, size=len(payload))
                payload = self.chain.encode(boot, time, pins, values, True)
            if payload[0] & 0xE0 > 0x80:
                self.last_absolute = self.offset + len(self._buffer)
            self._buffer.extend(self.framed(0, payload))
            self._buffered += 1
            self.buffered_points += len(pins)
            if self._buffered >= self.commit_every:
                self.commit()
        except BaseException as e:
            if isinstance(e, RingFull):
                self.add(REFUSED, len(pins))
            chain = self.chain
            if self._buffered:  # the frame before is there still
                chain.boot, chain.time, chain.interval, chain.pins = before
            else:
                chain.reset()
            raise

    def commit(self):
        """Make all buffered readings durable."""
        if not self._buffer:
            return
        data, points = self._buffer, self.buffered_points
        try:
            self.program(data)
        except BaseException as e:  # also where Ctrl-C breaks in: it may be written or not
            # What was not acknowledged is taken back; the place is not trusted again.
            self._buffer, self._buffered, self.buffered_points = bytearray(), 0, 0
            self.chain.reset()
            self.instead(e, "write_again", data)
        self.number += points
        self._buffer, self._buffered, self.buffered_points = bytearray(), 0, 0

    def program(self, data):
        burst = self.medium.burst
        view = memoryview(data)
        at = 0
        while at < len(data):
            self._retry(self.medium.append, self.newest, self.offset + at, view[at : at + burst])
            at += burst
        self.offset += len(data)

    def _retry(self, action, *args):
        try:
            return action(*args)
        except OSError as e:
            from .full import again

            return again(self, e, action, args)

    def instead(self, error, remedy, *args):
        """This place failed; not all of a raw medium need have."""
        is_full = isinstance(error, RingFull) or error.args[:1] == (ENOSPC,)
        self.sealed = self.sealed or not is_full
        if is_full or not self.medium.skips or not isinstance(error, OSError):
            raise error
        load("badblock", remedy)(self, *args)

    def framed(self, kind, payload):
        """The bytes of a frame in the newest sector, as many as the medium's unit asks for."""
        data = record.frame(kind, payload, self.seed)
        return data + b"\xff" * (-len(data) % self.medium.unit)

    def fits(self, size, reserve):
        return self.offset + len(self._buffer) + size + self.medium.unit + reserve <= self.medium.sector_bytes

    def turn(self, data, size=0):
        """Begin the next sector, dropping the oldest where the ring is full. ValueError for a data frame with a
        payload of `size` bytes that fits none."""
        if size > _SURELY_FITS:
            load("full", "check_size")(self, size)
        self.commit()
        most = self.medium.slots - (1 if data and not self.overwrite else 0)
        if self.newest + 1 + self.past - self.oldest >= most:
            from .full import turn

            turn(self, most)
        if self.newest >= 0:
            self._retry(self.medium.seal, self.newest, self.offset)
        sequence = self.medium.free_from(self.newest + 1 + self.past)
        if self.newest < 0:
            self.oldest = sequence
        try:
            self.start_sector(sequence)
        except OSError as e:
            self.instead(e, "skip", most)

    def start_sector(self, sequence):
        medium = self.medium
        self._retry(medium.begin, sequence)
        self.set(OLDEST, (self.oldest,))
        self.add(ERASES, medium.erases)
        medium.erases = 0
        seed = record.seed(sequence, medium.slot(sequence))
        head = sector.pack(sequence, medium.slots, self.number, medium.sector_bytes, self.state, seed, medium.unit)
        self.sealed = True  # until the header is there
        self._retry(medium.append, sequence, 0, head)
        self.sealed = False
        self.newest, self.offset, self.seed = sequence, len(head), seed
        self.past = 0
        self.dirty.clear()
        self.chain.reset()
        self.last_absolute = -ABSOLUTE_EVERY
        self.drop_reserve = DROP_RESERVE + 20 * len(parked_keys(self.state))

    def clear(self):
        """Drop everything pending, counted."""
        load("full", "clear")(self)

    def __repr__(self):
        size = self.medium.slots * self.medium.sector_bytes // 1024
        return "<%s %s: %d pending, %d KiB>" % (type(self).__name__, self.medium.place(), self.pending, size)

    def close(self, sleeping=False):
        """Commit, and note counters that changed. `sleeping`: deep sleep comes next, so that no file needs closing,
        which on FAT would write its folder."""
        self.commit()
        if self.dirty:
            self.save(must=False)
        if not sleeping:
            self.medium.close()
