"""Sectors of blocks that are written whole and can be torn whole: SD cards, drivers that cache, a file on FAT.

Every block carries its own head, and the block under way is written to two tail blocks in turn, so that one of them
always holds all that was acknowledged. A full block goes once to its place, before a tail moves on to the next. So
an append counts whole or not at all, whatever its length. docs/format.md draws the layout:

    slots sectors, then the two tails. A block: sequence (4 bytes), its index in the sector (2), bytes in use (2),
    slots of the ring (4), CRC-32 of all these and of the bytes in use (4), then the bytes
"""

import struct
from binascii import crc32

from micropython import const

from .slots import Slots

HEAD_BYTES = const(16)
_FORMAT = const("<IHHI")


class Tails(Slots):
    """A medium like Slots; `sector_bytes` is what the blocks of a sector hold without their heads."""

    skips = False  # a card replaces its bad blocks itself

    def __init__(self, flash):
        self._per_sector = flash.sector_bytes // flash.page
        self._holds = flash.page - HEAD_BYTES
        self._block = bytearray(flash.page)  # the block under way, as it is written
        self._body = memoryview(self._block)[HEAD_BYTES:]
        self._cache = bytearray(flash.page)  # the block read last
        self._cached = (-1, -1, -1)  # its sequence and index, and its bytes in use
        self._sequence, self._index, self._used = -1, 0, 0  # of the block under way
        self._live = -1  # the page of the tail that holds all that was acknowledged; the other is written next
        super().__init__(flash)
        self.unit = 1
        self.sector_bytes = self.burst = self._per_sector * self._holds

    def slots_in(self, size):
        return (size - 2 * self.flash.page) // self.flash.sector_bytes

    # Opening

    def newest(self):
        """The highest sequence in the tails, else in the slots; takes up the block under way."""
        best, tails = (-1, 0, 0), self.slots * self._per_sector
        for tail in (0, 1):
            found = self._load(tails + tail)
            if found and found > best:
                best = found
                self._live = tails + tail
                self._block[:] = self._cache
        newest = super().newest()
        if best[0] < newest and self._fetch(newest, 0) >= 0:  # else a cut tore its first block: it was not begun
            # Both tails are damaged or older: the last block that is in its place counts
            self._sequence = -1
            index = self._per_sector - 1
            while index and self._fetch(newest, index) < 0:
                index -= 1
            best = newest, index, max(0, self._fetch(newest, index))
            self._block[:] = self._cache
        self._sequence, self._index, self._used = best
        return best[0]

    def _load(self, page):
        """Have a block in the cache: (sequence, index, bytes in use) if it is of this ring, or None. One wrong read
        is no damage."""
        buf, self._cached = self._cache, (-1, -1, -1)
        for _ in range(3):
            self.flash.read(page * self.flash.page, buf)
            sequence, index, used, slots = struct.unpack_from(_FORMAT, buf)
            if slots == self.slots and index < self._per_sector and used <= self._holds:
                if check(buf, used) == struct.unpack_from("<I", buf, HEAD_BYTES - 4)[0]:
                    return sequence, index, used
        return None

    def peek(self, slot, view):
        """The first bytes of what a slot holds, without the head; as they are if there is no such head."""
        self._cached = (-1, -1, -1)
        self.flash.read(slot * self.flash.sector_bytes, self._cache)
        at = HEAD_BYTES if self._cache[HEAD_BYTES : HEAD_BYTES + 3] == b"BBr" else 0
        view[:] = memoryview(self._cache)[at : at + len(view)]

    def wipe(self, slot):
        """Wipe the first block and those that look like this ring's; with slot 0, the last to be wiped, the tails."""
        pages = [self.page(slot, index) for index in range(self._per_sector)]
        if not slot:
            pages += [self.slots * self._per_sector, self.slots * self._per_sector + 1]
        for page in pages:
            if not page % self._per_sector or self._load(page):
                self.flash.program(page * self.flash.page, bytes(self.flash.page))

    # Sectors

    def page(self, sequence, index):
        """The page that is the place of that block of the sector."""
        return sequence % self.slots * self._per_sector + index

    def read(self, sequence, offset, view):
        """Fill `view`. Blocks that are missing read as filler up to the block under way, as blank behind it."""
        done = 0
        while done < len(view):
            index, at = divmod(offset + done, self._holds)
            count = min(len(view) - done, self._holds - at)
            if sequence == self._sequence and index >= self._index:
                body, used, rest = self._body, self._used if index == self._index else 0, b"\xff"
            else:
                body, used, rest = memoryview(self._cache)[HEAD_BYTES:], self._fetch(sequence, index), b"\0"
            have = max(0, min(count, used - at))
            view[done : done + have] = body[at : at + have]
            view[done + have : done + count] = rest * (count - have)
            done += count

    def _fetch(self, sequence, index):
        """Have that block in the cache; its bytes in use, -1 if it is not there."""
        if self._cached[:2] != (sequence, index):
            found = self._load(self.page(sequence, index))
            self._cached = found if found and found[:2] == (sequence, index) else (sequence, index, -1)
        return self._cached[2]

    def end(self, sequence):
        return self._index * self._holds + self._used

    begin = Slots.drop  # pyright: ignore

    def append(self, sequence, offset, data):
        """Durable on return, whole: what was there stays in its tail until the other tail is written."""
        before = self._sequence, self._index, self._used, self._block, self._body
        block = bytearray(self._block)  # a copy: to go back takes no memory, of which there may be none
        self._block, self._body = block, memoryview(block)[HEAD_BYTES:]
        if sequence != self._sequence or not offset:  # again, if the first try failed at its place
            self._sequence, self._index, self._used = sequence, 0, 0
        page = self.slots * self._per_sector
        page += page == self._live
        try:
            if not offset and len(data) > self._holds:
                self._begin(data)
            else:
                self._add(data)
            if offset and not self._index and self._fetch(sequence, 0) < 0:  # a cut tore it there
                self._write_place()  # first: if that fails, nothing of `data` is to be in a tail
            self._write(page)
        except BaseException:  # also where Ctrl-C breaks in
            self._sequence, self._index, self._used, self._block, self._body = before
            raise
        self._live = page
        if not self._index and not offset:
            self._write_place()  # so that the slot can be found without its tail; a cut can tear it there

    def _begin(self, head):
        """A header over several blocks comes to its place, the first of them last: where that is there, all of it is.
        Half of one would hide what lies below it, such as the ring of another size that it replaces."""
        first = head[: self._holds]
        self._index = 1
        self._add(head[self._holds :])
        self._write_place()
        index, used, body = self._index, self._used, bytes(self._body[: self._used])
        self._index, self._used, self._body[:] = 0, self._holds, first
        self._write_place()
        self._index, self._used = index, used
        self._body[:used] = body

    def _add(self, data):
        done = 0
        while done < len(data):
            if self._used == self._holds:
                self._write_place()
                self._index += 1
                self._used = 0
            count = min(len(data) - done, self._holds - self._used)
            self._body[self._used : self._used + count] = data[done : done + count]
            self._used += count
            done += count

    def _write_place(self):
        self._cached = (-1, -1, -1)
        self._write(self.page(self._sequence, self._index))

    def _write(self, page):
        block = self._block
        struct.pack_into(_FORMAT, block, 0, self._sequence, self._index, self._used, self.slots)
        struct.pack_into("<I", block, HEAD_BYTES - 4, check(block, self._used))
        self.flash.program(page * self.flash.page, block)

    def seal(self, sequence, offset):
        """Write the block under way to its place: the next sector needs the tail. Not twice: if the next header failed
        and is there after all, that is the only copy. Blocks that a write left behind it when it broke off go."""
        if sequence != self._sequence:
            return
        for index in range(self._index + 1, self._per_sector):
            if self._fetch(sequence, index) >= 0:
                self._cached = (-1, -1, -1)
                self.flash.program(self.page(sequence, index) * self.flash.page, bytes(self.flash.page))
        used = self._used
        if self._fetch(sequence, self._index) != used or self._cache[HEAD_BYTES:][:used] != self._body[:used]:
            self._write_place()


def check(block, used):
    view = memoryview(block)
    return crc32(view[HEAD_BYTES : HEAD_BYTES + used], crc32(view[: HEAD_BYTES - 4]))
