"""`make size`: lines of every library file; of every bundle that boards load, the bytes as .mpy; the blocks they take.

Compiles into build/size/. Knows nothing of the code.
"""

import re
import shutil
import tempfile
from pathlib import Path

import click

from tools import device
from tools.compiled import LIBRARY, PACKAGE, ROOT, compile_library
from tools.options import command

_COUNTER = ROOT / "tools" / "bundle" / "device" / "blocks.py"


def blocks(folder, board="rp2"):
    """Blocks of 4 KiB that a folder takes on the littlefs of a board, its names and its own included."""
    done = device.run(_COUNTER, folder, board, heap="16m", paths=[device.SIM, device.FROZEN])
    found = re.search(r"^BLOCKS (\d+)$", done.stdout, re.MULTILINE)
    if not found:
        raise RuntimeError(done.stdout)
    return int(found.group(1))


def source_blocks():
    """The same for the sources, without what is for editors."""
    with tempfile.TemporaryDirectory(prefix="size-") as folder:
        copy = Path(folder) / PACKAGE
        shutil.copytree(LIBRARY / PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.pyi", "py.typed"))
        return blocks(copy)


@command()
def main():
    """Count each library file's lines, and the bytes and blocks that it takes on a board."""
    lines = {p.relative_to(LIBRARY): len(p.read_text(encoding="utf-8").splitlines()) for p in LIBRARY.rglob("*.py")}
    click.echo("%-36s %8s" % ("file", "lines"))
    for name in sorted(lines):
        click.echo("%-36s %8d" % (name.as_posix(), lines[name]))
    click.echo("%-36s %8d\n" % ("%d files" % len(lines), sum(lines.values())))
    target = ROOT / "build" / "size"
    shutil.rmtree(target, ignore_errors=True)
    sizes = compile_library(target)
    click.echo("%-36s %8s" % ("bundle", "bytes"))
    for name, size in sizes.items():
        click.echo("%-36s %8d" % (name, size))
    click.echo("%-36s %8d\n" % ("%d bundles" % len(sizes), sum(sizes.values())))
    click.echo("blocks of 4 KiB on a Pico: %d as bundles, %d as sources" % (blocks(target / PACKAGE), source_blocks()))


if __name__ == "__main__":
    main(prog_name="size")
