"""What is compared: the library's rings, and the ways of storing readings that programs commonly take.

A contender has log(time_ms, values), durable on return; reopen() as after a reset; newest, a number that changes when
it turns to its next sector (the naive ones have none). The naive ones keep what a careful program would: a file
closed or flushed after each reading. Knows nothing of what is measured.
"""

import json
import os
import struct


class Ours:
    """FileRing in a folder, or BlockRing on a device, behind the Client as programs use it."""

    def __init__(self, make_ring):
        self._make_ring = make_ring
        self._open()

    def _open(self):
        from blynk_batch import Client

        self.client = Client("bench", ring=self._make_ring())

    def log(self, time, values):
        self.client.log_group(values, timestamp=time)

    def reopen(self):
        self.client.close()
        self._open()

    @property
    def newest(self):
        return self.client.ring.newest


class Csv:
    """A line appended to a file, which is closed each time."""

    newest = 0

    def __init__(self, path):
        self._path = path + "/log.csv"

    def log(self, time, values):
        with open(self._path, "a") as f:
            for pin in values:
                f.write("%d,%d,%r\n" % (time, pin, values[pin]))

    def reopen(self):
        pass


class Binary:
    """Records of 16 bytes appended to a file that stays open, flushed each time."""

    newest = 0

    def __init__(self, path):
        self._path = path + "/log.bin"
        self._file = open(self._path, "ab")

    def log(self, time, values):
        for pin in values:
            self._file.write(struct.pack("<QfI", time, values[pin], pin))
        self._file.flush()

    def reopen(self):
        self._file.close()
        self._file = open(self._path, "ab")


class JsonFiles:
    """A file for each reading, the newest hundred kept."""

    newest = 0
    _KEPT = 100

    def __init__(self, path):
        self._path = path
        self._number = 0

    def log(self, time, values):
        with open("%s/%08d.json" % (self._path, self._number), "w") as f:
            json.dump({"time": time, "values": values}, f)
        if self._number >= self._KEPT:
            os.remove("%s/%08d.json" % (self._path, self._number - self._KEPT))
        self._number += 1

    def reopen(self):
        pass


class InPlace:
    """One 64 KiB file as a ring: each record, with its number, is written over the oldest.

    Starts in the middle: littlefs copies a file from the change to its end, so that there the cost is its mean."""

    newest = 0
    _BYTES = 65536

    def __init__(self, path):
        self._path = path + "/ring.bin"
        with open(self._path, "wb") as f:
            for _ in range(self._BYTES // 1024):
                f.write(bytes(1024))
        self._file = open(self._path, "r+b")
        self._number = self._BYTES // 40

    def log(self, time, values):
        for pin in values:
            self._file.seek(self._number * 20 % (self._BYTES // 20 * 20))
            self._file.write(struct.pack("<QIfI", time, self._number, values[pin], pin))
            self._number += 1
        self._file.flush()

    def reopen(self):
        self._file.close()
        self._file = open(self._path, "r+b")


NAIVE = {"csv": Csv, "binary": Binary, "json": JsonFiles, "in place": InPlace}
