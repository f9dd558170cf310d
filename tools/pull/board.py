"""A ring on a board, over USB: reads its files or its blocks, and writes files back when told to.

Connecting resets the board softly, so that no program writes to the ring meanwhile; main.py does not run again until
the next reset. Knows tools/board's connection, and no format.
"""

import base64
import sys
from pathlib import Path

import click

from tools.board import files
from tools.board.connection import Connection
from tools.board.errors import BoardProblem, RemoteError
from tools.pull.sources import FromImage, Source, changes, of_folder, snapshot

_CHUNK_BYTES = 1536
_READ_FILE = """
import binascii
with open(%r, 'rb') as f:
    f.seek(%d)
    print(binascii.b2a_base64(f.read(%d)))
"""
_OPEN_BLOCKS = """
import binascii
device = %s
size = device.ioctl(5, 0) or 512
buf = bytearray(size)
print((size, device.ioctl(4, 0)))
"""
_READ_BLOCK = "device.readblocks(%d, buf)\nfor at in range(0, size, %d): print(binascii.b2a_base64(buf[at:at + %d]))"


def _decoded(text):
    """The bytes of lines such as b'aGk=\\n', as the board prints them."""
    return b"".join(base64.b64decode(line.strip()[2:-1].replace("\\n", "")) for line in text.splitlines())


class FromBoard(Source):
    """`path` is the FileRing's folder; or `device` the Python expression that gives a BlockRing's device there."""

    def __init__(self, port, work, path, device=None, page=None, unit=1):
        self._port = port
        self._path = path.rstrip("/")
        work = Path(work)
        with Connection(port) as board:
            if device:
                self._read_blocks(board, device, work / "blocks")
            else:
                self._read_files(board, work / "ring")
        if device:
            (work / "image").mkdir()
            self.copy = FromImage(work / "blocks", work / "image", page=page, unit=unit).copy
            return
        self._copy = work / "ring"
        self._before = snapshot(self._copy)
        self.copy = of_folder(self._copy)

    def _read_files(self, board, target):
        found = files.present(board, [self._path])
        if not found:
            raise BoardProblem("The board has no ring in %s: name its folder by --path." % self._path)
        self._found = found
        with _progress(sum(size for size, _ in found.values()), "reading " + self._path) as bar:
            for path, (size, digest) in found.items():
                data = b""
                for at in range(0, size, _CHUNK_BYTES):
                    data += _decoded(board.exec(_READ_FILE % (path, at, _CHUNK_BYTES)))
                    bar.update(min(_CHUNK_BYTES, size))
                if files.sha256(data) != digest:
                    raise BoardProblem("%s changed while it was read: run this again." % path)
                copy = target / path[len(self._path) + 1 :]
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(data)

    def _read_blocks(self, board, device, target):
        try:
            size, count = board.ask(_OPEN_BLOCKS % device)
        except RemoteError as error:
            raise BoardProblem("--device %s: %s" % (device, error.text.splitlines()[-1]))
        with open(target, "wb") as sink, _progress(size * count, "reading blocks") as bar:
            for block in range(count):
                sink.write(_decoded(board.exec(_READ_BLOCK % (block, _CHUNK_BYTES, _CHUNK_BYTES))))
                bar.update(size)

    def put_back(self):
        """Whole files; on littlefs each counts once it is closed. Sectors go before the tails that follow them."""
        written, gone = changes(self._before, snapshot(self._copy))
        with Connection(self._port) as board:
            if files.present(board, [self._path]) != self._found:  # what was logged since would be written over
                raise BoardProblem(
                    "The ring on the board has changed since it was read: nothing was put back, and the board sends "
                    "again what the server took. Rename main.py while you work: a watchdog would start it anew."
                )
            for name in written:
                files.write(board, "%s/%s" % (self._path, name), (self._copy / name).read_bytes())
            for name in gone:
                board.exec("import os\nos.remove(%r)" % ("%s/%s" % (self._path, name)))
        return written + gone


def _progress(length, label):
    return click.progressbar(length=length, label=label, file=sys.stderr)
