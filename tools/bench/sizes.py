"""Bytes of the compiled library: in all, what a board loads that only logs, and each file."""

import tempfile
from pathlib import Path

from tools.bench.micropython import ROOT, cell
from tools.size import compiled_bytes


def compile_library(target):
    """The library as .mpy files below `target`: {name: bytes}."""
    source = ROOT / "lib"
    files = sorted(source.rglob("*.py"))
    return {
        str(file.relative_to(source)): compiled_bytes(file, (target / file.relative_to(source)).with_suffix(".mpy"))
        for file in files
    }


def measure():
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = compile_library(Path(folder))
    yield cell("bytes of .mpy, the whole library", "", "ours", sum(found.values()))
    for name, size in found.items():
        yield cell("bytes of .mpy: " + name, "", "ours", size)


def jobs(quick):
    yield lambda: list(measure())
