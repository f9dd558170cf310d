"""Sectors as files, the newest bytes in small tail files that are cheap to rewrite: FileRing on littlefs.

Knows files and folders, not frames. On littlefs what is written from open to close is atomic, and a file of up to some
120 bytes lives inside its folder's metadata: rewriting it costs no block. So each reading rewrites a tail; when all are
full their bytes go to the sector's file, at once. They are not in its folder, all of whose names littlefs reads.

    <path>/log/3fffffd5  the sector with sequence 0x2a, counted down: littlefs finds the first of a folder's names first
    <path>/0 ...         tails: sequence, offset, CRC-32, bytes; live only where its offset is where the bytes before
                         end. The first always names the newest sector
    <path>/log/spare     two blocks of 0xFF, given up when the disk is full
"""

import os
import struct
from binascii import crc32

from micropython import const

_TAIL_HEAD = const(12)
LAST = const(0x3FFFFFFF)  # no sequence is higher
SECTOR_BYTES = const(4096)
_DEFAULT_SLOTS = const(64)
_SPARE_BYTES = const(8000)  # with the file's own pointers no more than two blocks
_SPARE_PIECE = const(64)
_ENOSPC = const(28)
_EISDIR = const(21)
MISSING = (2, 13, 20, 21)  # ENOENT, EACCES, ENOTDIR, EISDIR


def is_missing(error):
    """The number of an OSError that says that there is no such file; any other is raised: it may be there."""
    if error.errno not in MISSING:
        raise error
    return error.errno


def _write(parts, at, file):
    """Write and close. If Ctrl-C breaks in, as it does within a write to a Pico's flash, do it all once more: else the
    garbage collector would close the file later, over what is newer. Returns what broke in, or None, without a jump,
    where more could. Takes no memory: `file` comes last, since an open one that is not written is empty."""
    try:
        if at is not None:  # else it is there. littlefs ends what was broken off only where the place is another
            file.seek(at + 1)
            file.seek(at)
        for part in parts:
            file.write(part)
        return file.close()
    except Exception:
        file.close()
        raise
    except BaseException as e:
        _write(parts, at or 0, file)
        return e


class Files:
    """The medium: sectors as files below the folder `path`."""

    unit = 1
    skips = False  # an append is atomic, so that there is never a torn frame to hide
    burst = SECTOR_BYTES
    sector_bytes = SECTOR_BYTES
    remedy = "remove the folder's files to start anew"

    def __init__(self, path, tails, tail_bytes):
        self.path, self.place = path, path or "/"
        self.tails, self.tail_bytes = tails, min(tail_bytes, SECTOR_BYTES) - _TAIL_HEAD
        self._names = []  # theirs
        self.slots = self.wanted = 0
        self._has_spare = False  # or not looked for yet
        self._files = {}  # the one that was read last, by its sequence
        self._seen = 0  # tails that are known to be nobody else's
        self._head = bytearray(_TAIL_HEAD)  # of the tail that is written
        self._place = memoryview(self._head)[:8]
        self._go_on(-1, 0)

    def _go_on(self, sequence, spilled, blank=None):
        self.current = sequence  # of the sector under way
        self.spilled = spilled  # its bytes that are in its file
        # The newest sector's bytes that are in tails, and those of the tail that is being filled
        self.tail, self._body = blank or (bytearray(), bytearray())
        self._index = 0  # of that tail

    def slot(self, sequence):
        return 0

    def name(self, sequence):
        return "%s/log/%08x" % (self.path, LAST - sequence)

    # Reading

    def span(self, newest, head):
        """(oldest, newest) of the ring whose newest sector has the header `head`; None: damaged."""
        self.slots = self.wanted = head.slots if head else _DEFAULT_SLOTS
        oldest = max(0, newest + 1 - self.slots)
        return oldest if head else self.oldest_from(oldest, newest), newest

    def take_up(self, sequence, size, tail):
        """Go on with that sector: `size` of its bytes are in its file (below 0: it has none yet), those of `tail`, the
        first, behind them, then those of each tail that goes on where the one before ends."""
        self._go_on(sequence, max(0, size))
        index = 0
        while tail[:2] == (sequence, self.spilled + len(self.tail)) and tail[2]:
            self._body, self._index = bytearray(tail[2]), index
            self.tail.extend(tail[2])
            index += 1
            tail = self.read_tail(index)  # there may be more than this ring is to write

    def end(self, sequence):
        return self.spilled + len(self.tail)

    def read_tail(self, index):
        """(sequence, offset, body), sequence -1 where there is none that is whole. A file or folder of somebody else's
        ends the tails, so that it is never written."""
        while len(self._names) <= index:
            self._names.append("%s/%d" % (self.path, len(self._names)))
        try:
            with open(self._names[index], "rb") as f:
                data = f.read(self.tail_bytes + 1024)
                if len(data) > self.tail_bytes + 1000:  # of a run with larger ones
                    data += f.read(SECTOR_BYTES)
        except OSError as e:
            data = b"/" if is_missing(e) == _EISDIR else b""
        tail = -1, 0, b""
        if len(data) >= _TAIL_HEAD:
            sequence, offset, crc = struct.unpack_from("<III", data)
            body = data[_TAIL_HEAD:]
            if crc32(body, crc32(data[:8])) == crc and sequence <= LAST:
                tail = sequence, offset, body
        if data and tail[0] < 0:
            self.tails = min(self.tails, index)
        else:
            self._seen = max(self._seen, index + 1)
        return tail

    def read(self, sequence, offset, view):
        spilled = self.spilled if sequence == self.current else SECTOR_BYTES  # so far it is in its file
        done = 0
        if offset < spilled:
            part = view[: spilled - offset]
            try:
                file = self._opened(sequence)
                file.seek(offset)
                done = file.readinto(part)
            except OSError:
                from .names import read_again  # not by load(), as in ring/log.py

                done = read_again(self, sequence, offset, part)
        at = offset + done - spilled
        if at >= 0:
            part = memoryview(self.tail)[at : at + len(view) - done]
            view[done : done + len(part)] = part
            done += len(part)
        view[done:] = b"\xff" * (len(view) - done)

    def size(self, sequence):
        """Bytes of that sector's file, -1 if there is none, -2 for a folder of that name. Opened, since littlefs looks
        through the folder twice for a stat."""
        try:
            return self._opened(sequence).seek(0, 2)
        except OSError as e:
            return -2 if is_missing(e) == _EISDIR else -1

    def _opened(self, sequence):
        if sequence not in self._files:
            self.close()
            self._files[sequence] = open(self.name(sequence), "rb")
        return self._files[sequence]

    def close(self):
        """Close the file that was read last."""
        while self._files:
            self._files.popitem()[1].close()

    # Writing

    def free_from(self, sequence):
        while self.size(sequence) not in (-1, 0):  # an empty one is what a full disk left of a header
            sequence += 1
        return sequence

    def oldest_from(self, sequence, newest):
        while sequence < newest and self.size(sequence) == -1:
            sequence += 1
        return sequence

    def begin(self, sequence):
        """Also write the spare, two blocks to give up on a full disk: one for the sector's file, one to append to it,
        which writes its last block anew. Without room the ring goes without."""
        try:
            if not self._has_spare and not self._spare_bytes():
                pieces = [b"\xff" * _SPARE_PIECE] * (_SPARE_BYTES // _SPARE_PIECE)
                broken = _write(pieces, None, open(self.path + "/log/spare", "wb"))
                if broken:
                    raise broken
            self._has_spare = True
        except OSError:  # it is tried again with the next sector
            pass
        self._go_on(sequence, 0)

    def _spare_bytes(self):
        """Bytes of the spare, 0 if there is none, -1 if the file of that name is somebody else's."""
        try:
            with open(self.path + "/log/spare", "rb") as f:
                ours = f.read(_SPARE_PIECE) == b"\xff" * _SPARE_PIECE
                size = f.seek(0, 2)
        except OSError:
            return 0
        return size if not size or size == _SPARE_BYTES and ours else -1

    def give_spare(self):
        self._has_spare = False
        try:
            if self._spare_bytes() > 0:
                os.remove(self.path + "/log/spare")
                return True
        except OSError:
            pass
        return False

    def append(self, sequence, offset, data):
        """What fits no tail goes to the file together with all that is in tails."""
        if self._files:  # an open file takes a kilobyte of heap, which this one needs
            self.close()
        if sequence != self.current:  # Ctrl-C broke off the turn to the next
            self._go_on(sequence, offset)
        if len(data) > self.tail_bytes or not self._may_write(0):
            if not offset and self._may_write(0):
                self._write_tail(0, bytearray(), b"")  # so that the first tail names the newest sector
            return self._end_file(self.spilled, self.tail, data)
        body, index = self._body, self._index
        if len(body) + len(data) > self.tail_bytes:
            body, index = bytearray(), index + 1
        if not self._may_write(index):
            self._end_file(self.spilled, self.tail, b"")
            body, index = self._body, 0
        self._write_tail(index, body, data)

    def _may_write(self, index):
        """False behind the last tail, and from somebody else's file of that name on."""
        while self._seen <= index < self.tails:
            self.read_tail(self._seen)
        return index < self.tails

    def _write_tail(self, index, body, data):
        """Have that tail hold `body` and behind it `data`."""
        size, before = len(self.tail), len(body)
        try:
            self.tail.extend(data)
            body.extend(data)
            struct.pack_into("<II", self._head, 0, self.current, self.spilled + size - before)
            struct.pack_into("<I", self._head, 8, crc32(body, crc32(self._place)))
            broken = _write((self._head, body), None, open(self._names[index], "wb"))
        except BaseException:
            body[before:] = b""
            self.tail[size:] = b""  # last: these take memory, and while it is too long the sector takes no more
            raise
        self._body, self._index = body, index
        if broken:
            raise broken

    def _end_file(self, at, tail, data):
        """Have the file of the sector under way end with `tail` and `data` at `at`, 0: nothing else is in it. They are
        not joined: the open file takes a kilobyte of heap in one piece, which may be the last."""
        self.close()
        blank = bytearray(), bytearray()  # before it is written: these take memory
        broken = _write((tail, data), at, open(self.name(self.current), "r+b" if at else "wb"))
        self._go_on(self.current, at + len(tail) + len(data), blank)
        if broken:
            raise broken

    def seal(self, sequence, offset):
        """Complete the file; make it anew if it ends with what broke off, or its last block has failed."""
        if sequence != self.current:  # the tails have the next one, whose beginning was broken off
            return
        if max(self.end(sequence), self.size(sequence)) <= offset:
            try:
                return self.tail and self._end_file(self.spilled, self.tail, b"")
            except OSError as e:
                if e.errno == _ENOSPC:
                    raise
        data = bytearray(offset)
        self.read(sequence, 0, memoryview(data))
        self._end_file(0, b"", data)

    def drop(self, sequence):
        self.close()
        name = self.name(sequence)
        try:
            with open(name, "rb") as f:
                if f.read(3) != b"BBr":
                    return
            os.remove(name)
        except OSError:  # a file that cannot be read or removed stays, with its failed block
            pass
