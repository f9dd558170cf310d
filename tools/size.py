"""`make size`: lines of every library file, and the bytes it takes on a board as .mpy.

Compiles into build/size/. Knows nothing of the code.
"""

import sys

from tools.compiled import LIBRARY, ROOT, compile_library


def main():
    total_lines = total_bytes = 0
    print("%-32s %8s %12s" % ("file", "lines", ".mpy bytes"))
    for name, size in compile_library(ROOT / "build" / "size").items():
        lines = len((LIBRARY / name).read_text(encoding="utf-8").splitlines())
        print("%-32s %8d %12d" % (name, lines, size))
        total_lines += lines
        total_bytes += size
    print("%-32s %8d %12d" % ("all", total_lines, total_bytes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
