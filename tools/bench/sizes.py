"""Bytes of the compiled library: in all, what a board loads that only logs, and each file."""

import tempfile
from pathlib import Path

from tools.bench.micropython import cell
from tools.compiled import compile_library


def measure():
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = compile_library(Path(folder))
    yield cell("bytes of .mpy, the whole library", "", "ours", sum(found.values()))
    for name, size in found.items():
        yield cell("bytes of .mpy: " + name, "", "ours", size)


def jobs(quick):
    yield lambda: list(measure())
