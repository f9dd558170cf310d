"""FileRing: each sector a file, its newest bytes in small tail files that are cheap to rewrite (littlefs).

Knows files and folders, not frames. On littlefs an `open("wb")`-and-close and an append-and-close are each atomic,
and a file of up to about 120 bytes lives inside its folder's metadata: rewriting it costs no block. So each reading
rewrites a tail; only when all tails are full do their bytes go to the sector's file, in one append.

    <path>/0000002a     the sector with sequence 0x2a
    <path>/tail/0 ...   sequence, offset, CRC-32, bytes; live only where its offset is where the bytes before end
    <path>/spare        two blocks of nothing, given up when the disk is full
"""

import os
import struct
from binascii import crc32

from micropython import const

from .. import let_go, load
from ..ring.log import Ring

_TAIL_HEAD = const(12)
SECTOR_BYTES = const(4096)
_SPARE_BYTES = const(8000)  # with the file's own pointers no more than two blocks
_ENOENT = const(2)


class FileRing(Ring):
    """A ring in the folder `path` of any mounted filesystem; on FAT in one file of full size, see fat.py.

    path            made if it is missing, with the folders above it but for the first of an absolute path, which has
                    to be there: a card that is not mounted must not become a folder of the board's own flash
    capacity_bytes  at most this much for readings, in steps of 4096, at least 12,288; None: what the ring had, at
                    first the smaller of 256 KiB and half of the free space. A larger value than before counts at
                    once, a smaller one drops the oldest readings, counted. (FAT copies; without room it stays.)
    overwrite       True: a full ring or disk drops its oldest sector, counted. False: log() raises RingFull.
    commit_every    readings held in RAM before they are made durable together, at least 1; 1 loses none
    tails, tail_bytes  how many tail files, at least 1, of how many bytes, 60 or more; the defaults suit littlefs on
                    ESP32 and RP2. Not for FAT.

    Raises ValueError or TypeError for an argument, also for a folder that hides the library from `import`; OSError of
    the filesystem with its number and words; WrongDevice for a newer format, CorruptRing if no header can be read,
    and nothing is changed then.
    """

    def __init__(self, path, capacity_bytes=None, overwrite=True, commit_every=1, tails=8, tail_bytes=120):
        absolute = load("arguments").check_folder(path, capacity_bytes, overwrite, commit_every, tails, tail_bytes)
        let_go("arguments")
        from . import folder

        path = path.rstrip("/")
        try:
            self.key = folder.place(absolute)
            medium = folder.look(Files(path, capacity_bytes, tails, tail_bytes))
            let_go("media.folder")
            super().__init__(medium, overwrite, commit_every)
            if capacity_bytes and medium.slots != capacity_bytes // SECTOR_BYTES:
                from .fat import refit

                refit(self, capacity_bytes // SECTOR_BYTES)
                let_go("media.folder")
        except OSError as e:
            from ..arguments import explained

            raise explained(e, path)


def size_of(name):
    """Bytes of a file, -1 if it is not there."""
    try:
        return os.stat(name)[6]
    except OSError:
        return -1


class Files:
    """The medium: sectors as files in the folder `path`."""

    unit = 1
    skips = False
    burst = SECTOR_BYTES
    patchable = False  # an append is atomic, so that there is never a torn frame to hide
    sector_bytes = SECTOR_BYTES
    remedy = "remove the folder's files to start anew"

    def __init__(self, path, capacity, tails, tail_bytes):
        self.path = path
        self.place = path or "/"
        self.tail_bytes = tail_bytes - _TAIL_HEAD
        self.tails = tails
        self.capacity = capacity
        self.slots = 0
        self.erases = 0
        self._has_spare = False  # or not looked for yet
        self.span = None  # (oldest, newest) sequence, if a ring is there
        self._file = None
        self._file_sequence = -1
        self.current = -1  # sequence of the sector under way
        self.spilled = 0  # its bytes that are in its file
        self.tail = bytearray()  # its bytes that are in tails
        self.tail_start = 0  # where the tail being filled starts, as an index into `tail`
        self.tail_index = 0

    def slot(self, sequence):
        return 0

    def name(self, sequence):
        return "%s/%08x" % (self.path, sequence)

    def open(self):
        return self.span

    # Reading

    def read(self, sequence, offset, view):
        """Fill `view`; what lies past the sector's bytes reads as 0xFF."""
        done = 0
        current = sequence == self.current
        if not current or offset < self.spilled:
            try:
                done = self._read_file(sequence, offset, view)
            except OSError as e:
                if e.args[0] != _ENOENT:
                    raise
        if current and offset + done >= self.spilled:
            at = offset + done - self.spilled
            part = memoryview(self.tail)[at : at + len(view) - done]
            view[done : done + len(part)] = part
            done += len(part)
        view[done:] = b"\xff" * (len(view) - done)

    def _read_file(self, sequence, offset, view):
        if self._file_sequence != sequence:
            self.close()
            self._file = open(self.name(sequence), "rb")
            self._file_sequence = sequence
        self._file.seek(offset)
        return self._file.readinto(view)

    def close(self):
        """Let go of the file that was read last."""
        self._file_sequence = -1
        if self._file:
            file, self._file = self._file, None
            file.close()

    # Writing

    def exists(self, sequence):
        return size_of(self.name(sequence)) >= 0

    def free_from(self, sequence):
        """The first sequence from there on whose name is not taken by somebody else's file."""
        while self.exists(sequence):
            sequence += 1
        return sequence

    def oldest_from(self, sequence, newest):
        """That sector if it is there, else the next that is: what was dropped last may not be noted yet."""
        while sequence < newest and not self.exists(sequence):
            sequence += 1
        return sequence

    def begin(self, sequence):
        self.erases += 1
        self.current = sequence
        self.spilled = 0
        self._reset_tails()
        if not self._has_spare:
            self._make_spare()

    def _make_spare(self):
        """Have the two blocks that are given up on a full disk: one is for the sector's file, one to append to it,
        which writes its last block anew. Without room the ring goes without."""
        name = self.path + "/spare"
        self._has_spare = size_of(name) > 0
        if not self._has_spare:
            try:
                with open(name, "wb") as f:
                    for _ in range(_SPARE_BYTES // 64):
                        f.write(b"\xff" * 64)
                self._has_spare = True
            except OSError:
                self.give_spare()

    def give_spare(self):
        """Free the spare blocks; False if there are none."""
        name = self.path + "/spare"
        was_there = size_of(name) > 0
        self._has_spare = False
        try:
            os.remove(name)
        except OSError:
            return False
        return was_there

    def _reset_tails(self):
        self.tail = bytearray()
        self.tail_start = self.tail_index = 0

    def append(self, sequence, offset, data):
        """Durable on return. What fits no tail goes to the file together with all that is in tails."""
        start, index = self.tail_start, self.tail_index
        if len(self.tail) - start + len(data) > self.tail_bytes:
            start, index = len(self.tail), index + 1
        if len(data) > self.tail_bytes:
            return self._spill(data)
        if index >= self.tails:
            self._spill(b"")
            start = index = 0
        body = bytes(self.tail[start:]) + bytes(data)
        head = struct.pack("<II", sequence, self.spilled + start)
        body = head + struct.pack("<I", crc32(body, crc32(head))) + body
        with open("%s/tail/%d" % (self.path, index), "wb") as f:  # nothing may fail from here on but the write
            f.write(body)
        self.tail.extend(data)
        self.tail_start, self.tail_index = start, index

    def _spill(self, data):
        """Append all tails and `data` to the sector's file: one close, so that all of it counts or none."""
        if self._file_sequence == self.current:
            self.close()
        data = bytes(self.tail) + bytes(data)
        with open(self.name(self.current), "ab") as f:
            f.write(data)
        self.spilled += len(data)
        self._reset_tails()

    def seal(self, sequence, offset):
        if self.tail:
            self._spill(b"")

    def drop(self, sequence):
        """Remove the sector's file, if it is one."""
        self.close()
        name = self.name(sequence)
        try:
            with open(name, "rb") as f:
                is_ours = f.read(3) == b"BBr"
            if is_ours:
                os.remove(name)
        except OSError as e:
            if e.args[0] != _ENOENT:
                raise
