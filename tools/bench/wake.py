"""The deep-sleep cycle with the library in flash, as source or compiled."""

import tempfile
from pathlib import Path

from tools.bench import micropython
from tools.compiled import compile_library


def cells(form, on, wakes):
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        library = micropython.ROOT / "lib"
        if form == "mpy":
            library = Path(folder)
            compile_library(library)
        return micropython.cells("wake", library, form, on, wakes)
