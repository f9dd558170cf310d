"""FileRing: each sector a file, its newest bytes in small tail files that are cheap to rewrite (littlefs).

Knows files and folders, not frames. On littlefs an `open("wb")`-and-close and an append-and-close are each atomic,
and a file of up to about 120 bytes lives inside its folder's metadata: rewriting it costs no block. So each reading
rewrites a tail; only when all tails are full do their bytes go to the sector's file, in one append.

    <path>/0000002a     the sector with sequence 0x2a
    <path>/tail/0 ...   sequence, offset, CRC-32, bytes; live only where its offset is where the bytes before end
"""

import os
import struct
import sys
from binascii import crc32

from micropython import const

from . import sector
from .ring import Ring

_TAIL_HEAD = const(12)
_DEFAULT_CAPACITY = const(262144)
SECTOR_BYTES = const(4096)
_ENOENT = const(2)
_EEXIST = const(17)


class FileRing(Ring):
    """A ring in the folder `path` of any mounted filesystem; the folder is made if it is missing.

    capacity_bytes  at most this much flash, in steps of 4096; None: what the ring had, at first the smaller of
                    256 KiB and half of the free space. A smaller value than before drops the oldest, counted.
    overwrite       True: a full ring drops its oldest sector, counted. False: log() raises RingFull.
    commit_every    readings held in RAM before they are made durable together; 1 loses none.
    tails, tail_bytes  how many tail files and how large; the defaults suit littlefs on ESP32 and RP2.

    Raises ValueError for a capacity under three sectors or a folder that hides the library from `import`, OSError of
    the filesystem as it is.
    """

    def __init__(self, path, capacity_bytes=None, overwrite=True, commit_every=1, tails=8, tail_bytes=120):
        if capacity_bytes is not None and capacity_bytes < 3 * SECTOR_BYTES:
            raise ValueError("capacity_bytes=%r: at least %d" % (capacity_bytes, 3 * SECTOR_BYTES))
        if _hides_library(path):
            raise ValueError("path=%r: MicroPython would import that folder instead of the library" % path)
        super().__init__(_Files(path, capacity_bytes, tails, tail_bytes), overwrite, commit_every)
        self.key = _place(path)


def _absolute(path):
    return path if path.startswith("/") else os.getcwd().rstrip("/") + "/" + path


def _hides_library(path):
    """True if `import blynk_batch` would look here first, as it does for /blynk_batch where "" is in sys.path."""
    places = [_absolute(place).rstrip("/") + "/blynk_batch" for place in sys.path]
    return _absolute(path) in places


def _place(path):
    """The folder and, where the firmware tells (1.25), the filesystem that is mounted there."""
    path = _absolute(path)
    try:
        mounts = os.mount()  # pyright: ignore
        found = [(len(at), id(fs)) for fs, at in mounts if at == "/" or (path + "/").startswith(at + "/")]
    except (TypeError, AttributeError):
        return path
    return (path, max(found)[1]) if found else path


def _make_folder(path):
    at = 0
    while at >= 0:
        at = path.find("/", at + 1)
        try:
            os.mkdir(path if at < 0 else path[:at])
        except OSError as e:
            if e.args[0] != _EEXIST and at < 0:
                try:
                    os.stat(path)
                except OSError:
                    raise e


class _Files:
    unit = 1
    skips = False
    burst = SECTOR_BYTES
    patchable = False  # an append is atomic, so that there is never a torn frame to hide
    sector_bytes = SECTOR_BYTES

    def __init__(self, path, capacity_bytes, tails, tail_bytes):
        self._path = path
        self._tail_bytes = tail_bytes - _TAIL_HEAD
        self._tails = tails
        self._capacity = capacity_bytes
        self.erases = 0
        self._file = None
        self._file_sequence = -1
        self._current = -1  # sequence of the sector under way
        self._spilled = 0  # its bytes that are in its file
        self._tail = bytearray()  # its bytes that are in tails
        self._tail_start = 0  # where the tail being filled starts, as an index into _tail
        self._tail_index = 0

    def slot(self, sequence):
        return 0

    def _name(self, sequence):
        return "%s/%08x" % (self._path, sequence)

    # Opening

    def open(self):
        _make_folder(self._path)
        _make_folder(self._path + "/tail")
        oldest = newest = None
        has_file = False
        for entry in os.ilistdir(self._path):
            sequence = self._sequence(entry[0])
            if sequence is None:
                continue
            if oldest is None or sequence < oldest:
                oldest = sequence
            if newest is None or sequence > newest:
                newest = sequence
                has_file = True
        tails = self._read_tails()
        for sequence, offset, _ in tails:
            if sequence >= 0 and offset == 0 and (newest is None or sequence > newest):
                newest, has_file = sequence, False
        if newest is None:
            self.slots = (self._capacity or self._default_capacity()) // SECTOR_BYTES
            return None
        self._current = newest
        self._spilled = os.stat(self._name(newest))[6] if has_file else 0
        self._join(tails)
        self._remember_slots(newest)
        return (newest if oldest is None else oldest, newest)

    @staticmethod
    def _sequence(name):
        if len(name) != 8:
            return None
        try:
            sequence = int(name, 16)
        except ValueError:
            return None
        return sequence if "%08x" % sequence == name else None

    def _read_tails(self):
        tails = []
        for index in range(self._tails):
            try:
                with open("%s/tail/%d" % (self._path, index), "rb") as f:
                    data = f.read()
            except OSError as e:
                if e.args[0] != _ENOENT:
                    raise
                data = b""
            if len(data) < _TAIL_HEAD:
                tails.append((-1, 0, b""))
                continue
            sequence, offset, crc = struct.unpack_from("<III", data)
            body = data[_TAIL_HEAD:]
            good = crc32(body, crc32(data[:8])) == crc
            tails.append((sequence, offset, body) if good else (-1, 0, b""))
        return tails

    def _join(self, tails):
        """Tails that continue the sector's bytes one after the other, from the first."""
        for index, (sequence, offset, body) in enumerate(tails):
            if sequence != self._current or offset != self._spilled + len(self._tail):
                break
            self._tail_start = len(self._tail)
            self._tail_index = index
            self._tail.extend(body)

    def _remember_slots(self, newest):
        if self._capacity:
            self.slots = self._capacity // SECTOR_BYTES
            return
        buf = bytearray(sector.PREFIX_BYTES)
        self.read(newest, 0, memoryview(buf))
        head = sector.parse(buf)
        self.slots = head.slots if head else self._default_capacity() // SECTOR_BYTES

    def _default_capacity(self):
        free = os.statvfs(self._path)
        return max(3 * SECTOR_BYTES, min(_DEFAULT_CAPACITY, free[1] * free[4] // 2))

    # Reading

    def read(self, sequence, offset, view):
        """Fill `view`; what lies past the sector's bytes reads as 0xFF."""
        done = 0
        current = sequence == self._current
        if not current or offset < self._spilled:
            try:
                done = self._read_file(sequence, offset, view)
            except OSError as e:
                if e.args[0] != _ENOENT:
                    raise
        if current and offset + done >= self._spilled:
            at = offset + done - self._spilled
            part = memoryview(self._tail)[at : at + len(view) - done]
            view[done : done + len(part)] = part
            done += len(part)
        while done < len(view):
            blank = min(64, len(view) - done)
            view[done : done + blank] = b"\xff" * blank
            done += blank

    def _read_file(self, sequence, offset, view):
        if self._file_sequence != sequence:
            self._close_file()
            self._file = open(self._name(sequence), "rb")
            self._file_sequence = sequence
        self._file.seek(offset)
        return self._file.readinto(view)

    def _close_file(self):
        self._file_sequence = -1
        if self._file:
            file, self._file = self._file, None
            file.close()

    # Writing

    def begin(self, sequence):
        self.erases += 1
        self._current = sequence
        self._spilled = 0
        self._reset_tails()

    def _reset_tails(self):
        self._tail = bytearray()
        self._tail_start = self._tail_index = 0

    def append(self, sequence, offset, data):
        """Durable on return. What fits no tail goes to the file together with all that is in tails."""
        start, index = self._tail_start, self._tail_index
        if len(self._tail) - start + len(data) > self._tail_bytes:
            start, index = len(self._tail), index + 1
        if len(data) > self._tail_bytes:
            return self._spill(data)
        if index >= self._tails:
            self._spill(b"")
            start = index = 0
        body = bytes(self._tail[start:]) + bytes(data)
        head = struct.pack("<II", sequence, self._spilled + start)
        with open("%s/tail/%d" % (self._path, index), "wb") as f:
            f.write(head + struct.pack("<I", crc32(body, crc32(head))) + body)
        self._tail.extend(data)
        self._tail_start, self._tail_index = start, index

    def _spill(self, data):
        """Append all tails and `data` to the sector's file: one close, so that all of it counts or none."""
        if self._file_sequence == self._current:
            self._close_file()
        data = bytes(self._tail) + bytes(data)
        name = self._name(self._current)
        with open(name, "ab") as f:
            f.write(data)
        self._spilled += len(data)
        self._reset_tails()

    def seal(self, sequence, offset):
        if self._tail:
            self._spill(b"")

    def drop(self, sequence):
        if self._file_sequence == sequence:
            self._close_file()
        try:
            os.remove(self._name(sequence))
        except OSError as e:
            if e.args[0] != _ENOENT:
                raise

    def close(self):
        self._close_file()
