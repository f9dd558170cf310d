"""Bytes of the library as boards load it: in all, each bundle, and the blocks of flash that they take."""

import tempfile
from pathlib import Path

from tools.bench.micropython import cell
from tools.compiled import PACKAGE, compile_library
from tools.size import blocks


def measure():
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = compile_library(Path(folder))
        taken = {board: blocks(Path(folder) / PACKAGE, board) for board in ("esp32", "rp2")}
    yield cell("bytes of .mpy, the whole library", "", "ours", sum(found.values()))
    for board, count in taken.items():
        yield cell("blocks of 4 KiB that the library takes", board, "ours", count)
    for name, size in found.items():
        yield cell("bytes of .mpy: " + name, "", "ours", size)


def jobs(quick):
    """Size of the library

    The bundles that boards load, by mpy-cross with -O2.
    """
    yield measure
