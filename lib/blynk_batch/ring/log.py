"""The persistent buffer: a log of frames over sectors, with all that must survive carried inside it.

Knows frames, sectors, the cursor and named counters; no filesystem, no network, no Blynk. Opening is recovery.
media/__init__.py says what a medium below it does and promises.
"""

from micropython import const

from . import record, sector
from .. import let_go, load
from ..errors import RingFull
from .pages import Pages
from .state import BAD_BLOCKS, DELIVERED, ERASES, HELD, LAST_SUCCESS, OLDEST, OVERWRITES, REFUSED, REQUESTS

_SURELY_FITS = const(256)
_UNSURE = const(2)
_STATISTICS = (REQUESTS, LAST_SUCCESS)  # can wait where room is left for acks only


class Ring(Pages):
    """A ring over `medium`. `span`: the (oldest, newest) sequence found there, None for a new ring.
    `overwrite` False refuses new readings when full instead of dropping the oldest."""

    opened = 0  # how many rings had been closed before it was opened
    failed = False  # the medium raised, and nothing has worked since
    weak = b""  # the last frames that opening saw: a cut may have left them half programmed
    unchecked = False  # opening has left check_books() for later
    is_mixed = False  # damage took some of the state that opening read
    cleared = (0, 0)  # where the end was at the last clear()
    buffered_points = 0
    sealed = True  # the newest sector takes no more frames; _UNSURE: nor may what lies behind its end ever count
    defers = False  # state that finds no room in a full ring waits in RAM until its oldest sector goes

    def __init__(self, medium, span, overwrite=True, commit_every=1):
        super().__init__()
        self.medium = medium
        self.opened, self.overwrite, self.commit_every = Ring.opened, overwrite, commit_every
        self.chain = record.Chain()
        self.waiting = bytearray()  # frames to be written at `offset`
        # Set here, not above: an object needs more than 29 names. A full table of 29 is searched whole for each method.
        self.bad = 0  # sectors behind the newest that were found to fail, or to be somebody else's
        self.seen_lost = 0  # points ahead of the cursor that a whole pass found lost to damage
        self._buffered = 0  # readings in it
        if span:
            for name in ("ring.parsing", "ring.reader", "ring.decode"):
                load(name)
            load("ring.recover", "recover")(self, span[0], span[1])
        else:
            self.salt = sector.draw_salt()
            self.oldest = self.number = self.offset = 0
            self.newest = -1
            self.turn(data=False)
        for name in ("ring.torn", "ring.recover", "ring.decode", "ring.reader", "ring.course", "ring.parsing"):
            let_go(name)

    # What is there

    def end(self):
        """(sequence, offset, number) just past the last durable frame."""
        return (self.newest, self.offset, self.number)

    def check_books(self):
        """Finish opening, once. A wake that only logs does without: littlefs reads some kilobytes for it."""
        if self.unchecked:
            load("ring.room", "check_books")(self)
            let_go("ring.room")
            let_go("ring.books")

    def reader(self, start=None, end=None):
        self.check_books()
        start, end = start or self.cursor(), min(end or self.end(), self.end())  # state may name a place behind it
        if start[0] < self.oldest:
            start = (self.oldest, 0, sector.number_at(self, self.oldest))
        return load("ring.reader", "Reader")(self, start[:2], end, start[2] if len(start) > 2 else 0)

    def __getattr__(self, name):
        """`pending`: points in the ring that the server has not accepted, refused ones included.

        Not a property: if a class has one, setting any attribute takes a Pico 60 us, to look through all classes."""
        if name != "pending":
            raise AttributeError(name)
        self.check_books()
        count = self.number + self.buffered_points - self.cursor()[2] - self.get(DELIVERED) - self.seen_lost
        return max(0, count) + self.get(HELD)

    def __repr__(self):
        size = self.medium.slots * self.medium.sector_bytes // 1024
        return "<%s in %s: %d pending, %d KiB>" % (type(self).__name__, self.medium.place, self.pending, size)

    # Writing: a frame goes into the buffer, and the buffer to the newest sector, which is turned when it is full

    def log(self, boot, time, pins, values):
        """Append one data frame: `values` in the order of the bytes `pins`. Durable on return unless
        `commit_every` holds it back. ValueError if it fits no sector, RingFull, counted, if it is refused."""
        refused = len(pins)
        try:
            if not self.overwrite and self._is_reserve():
                load("ring.room", "make_room")(self, False)  # RingFull, or sectors that the server has go
            kinds, body = record.encode_values(values)
            if not self.add_data(boot, time, pins, kinds, body):
                self.turn(data=True, size=len(self.chain.payload))
                self.add_data(boot, time, pins, kinds, body)
            self._buffered += 1
            refused = 0  # settle() counts all that waits
            if self._buffered >= self.commit_every:
                self.settle()
        except BaseException as e:
            self.chain.reset()  # whatever became of this reading, the next does not refer to it
            if isinstance(e, RingFull):
                self.add(REFUSED, refused)
            raise

    def put(self, kind, payload):
        """Append a frame that is neither readings nor state; durable on return, with the readings that wait."""
        if not self.place(kind, payload):
            self.turn(data=False)
            self.place(kind, payload)
        self.commit()

    def save(self, must=True):
        """One state frame with all that changed since the last; durable on return, with the readings that wait.
        RingFull if a full ring has no room for it: no reading is dropped for a note.
        `must` False: leave it for later then, and if only the reserve of a ring that may not overwrite is left."""
        reserved = self._is_reserve()  # what is left there is for acks
        if not self.dirty or reserved and not must:
            return self.commit()
        noted = dict(self.dirty)
        for key in _STATISTICS if reserved else ():
            noted.pop(key, None)
        if not self.place(record.STATE, self.entries(noted)):
            try:
                self.turn(data=False)  # the new header carries it all
            except RingFull:
                if must and not self.defers:
                    raise
            return
        self.note_saved(noted)  # first: Ctrl-C, or want of memory, may end this once the frame is there
        try:
            for key in noted:  # on a full disk, making room changes more
                self.dirty.pop(key, None)
            self.commit()
        except BaseException:
            self.dirty.update(noted)
            raise

    def save_value(self, key, value):
        """`set` made durable at once."""
        self.set(key, value)
        self.save()

    def commit(self):
        """Make all that waits in RAM durable."""
        if self.waiting and not self.sealed:
            self.settle()

    def settle(self):
        """commit(), which also programs again what opening saw last."""
        data = self.waiting
        try:
            self.program(data)
        except BaseException as e:  # also Ctrl-C: it may be written or not
            points = self.buffered_points
            try:
                moves = self.may_move_on(e)  # first: it seals
                self._take_back()
                if not moves:
                    raise e
                load("ring.rewrite", "write_again")(self, data, points > 0)
            except BaseException as e:
                self._take_back()
                if isinstance(e, RingFull):
                    self.add(REFUSED, points)
                raise

    def _take_back(self):
        """Forget all that waits, none of it acknowledged: readings, a mark and the state in it."""
        before, self.sealed = self.sealed, _UNSURE  # while memory may run out: a sealed sector writes none of it
        self._buffered = self.buffered_points = 0
        self.state_at, self._done, self.page = 1, None, -1
        self.chain.reset()
        self.waiting = bytearray()
        self.sealed = before

    def program(self, data):
        """Write `data`, durable on return, and before it once more what opening saw last."""
        size, start, medium = len(data), self.offset, self.medium
        if self.weak:
            data, start = self.weak + data, start - len(self.weak)
        if not data:
            return
        before, self.sealed = self.sealed, _UNSURE  # until it is counted: Ctrl-C comes at jumps, of which there is none
        try:
            try:
                medium.append(self.newest, start, data)
            except OSError as e:
                self._again(e, medium.append, self.newest, start, data)
            self.weak = b""
            self.waiting[:] = b""  # before anything is counted: it takes memory
            self.offset += size
            self.number += self.buffered_points
            self._buffered = self.buffered_points = 0
            self.sealed = before
        except (OSError, RingFull, MemoryError):
            if medium.end(self.newest) == start:  # nothing of it is there
                self.sealed = before
            raise

    def _is_reserve(self):
        """True in the sector that readings may not enter where they may not overwrite."""
        return not self.overwrite and self.newest - self.oldest >= self.medium.slots - 1

    # Sectors

    def turn(self, data, size=0):
        """Begin the next sector, dropping the oldest where the ring is full; readings leave one to acks and state.
        ValueError for a data frame with a payload of `size` bytes that fits none."""
        self.check_books()
        if size > _SURELY_FITS or size and self.medium.unit > _SURELY_FITS:
            load("ring.room", "check_size")(self, size)
        if self.sealed:
            self._take_back()
        self.settle()
        most = self.medium.slots - (1 if data else 0)
        for tries in (1, 2):  # of raw sectors that fail
            sequence = self._retry(self.medium.free_from, self.newest + 1 + self.bad)
            self.bad = sequence - self.newest - 1
            if self.newest < 0:
                self.oldest = sequence
            if sequence - self.oldest >= most:
                load("ring.room", "make_room")(self, data)
            if self.newest >= 0:
                self._retry(self.medium.seal, self.newest, self.offset)
            try:
                return self.start_sector(sequence)
            except OSError as e:
                if not self.may_move_on(e):
                    raise
                self.bad = (self.bad + 1) % min(self.medium.slots - 1, self.medium.skips)  # never on to the newest
                if tries == 2 or not self.bad:
                    raise

    def start_sector(self, sequence):
        medium = self.medium
        self._retry(medium.begin, sequence)
        if self.newest < 0 and medium.skips and self._retry(medium.overwrites, sequence):
            self.set(OVERWRITES, (1,))
        self.set(OLDEST, (self.oldest,))
        self.add(ERASES, 1)
        if self.sealed == _UNSURE:
            self.void(self.newest, self.offset, medium.sector_bytes)
        self.sealed = True  # until the header is there
        first, slot = self.number, medium.slot(sequence)
        head = sector.pack(sequence, medium.slots, first, medium.sector_bytes, self.state, slot, medium.unit, self.salt)
        self._retry(medium.append, sequence, 0, head)
        self.newest, self.offset, self.first_number = sequence, len(head), self.number
        self.bad, self.weak = 0, b""
        self.dirty.clear()
        self.changed.clear()
        self.chain.reset()
        self.begin_pages(len(head))
        self.sealed = self.failed = False

    def _retry(self, action, *args):
        """Do it; on a full disk make room and do it again, as long as there is something to drop."""
        try:
            return action(*args)
        except OSError as e:
            return self._again(e, action, *args)

    def _again(self, error, action, *args):
        from .room import again  # not by load(), which collects: the medium may fail with what it would close

        return again(self, error, action, args)

    def may_move_on(self, error):
        """After `error` in writing: seal the newest sector, unless only the disk or the heap was full. True on raw
        flash, where another sector may do."""
        if isinstance(error, (RingFull, MemoryError)) or isinstance(error, OSError) and error.errno == sector.ENOSPC:
            return False
        self.sealed = self.sealed or True  # or _UNSURE
        if not self.medium.skips or not isinstance(error, OSError):
            return False
        self.add(BAD_BLOCKS, 1)
        return True

    # The end

    def clear(self):
        """Drop everything pending, counted."""
        load("ring.room", "clear")(self)

    def close(self, sleeping=False):
        """Commit, and note counters that changed. `sleeping`: deep sleep comes next, so that no file needs closing,
        which on FAT would write its folder."""
        self.opened = Ring.opened = Ring.opened + 1
        self.save(must=False)
        if self.newest - self.oldest >= self.medium.slots:
            self.check_books()  # now: for a later look at `pending` it would write into what another client has
        if not sleeping:
            self.medium.close()
