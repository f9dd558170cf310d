"""`make bundle`: writes the library's bundles into build/bundles/, with the manifest by which a firmware freezes them.

`--trace FILE` reads a traceback instead, "-" from the keyboard, and names the sources' lines in it.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

import click

from tools.compiled import PACKAGE, ROOT, compile_library, joined, write_bundles
from tools.options import command

TARGET = ROOT / "build" / "bundles"
MANIFEST = """\
# Freezes blynk_batch into a firmware: include() this file in your board's manifest, or name it as FROZEN_MANIFEST.

package("blynk_batch", opt=2)
"""
_FRAME = re.compile(r'File "(?:[^"]*/)?%s(?:[./](\w+?))?(?:\.m?py)?", line (\d+)' % PACKAGE)


def write(target, library=None):
    """The bundles as .py below `target`, and manifest.py beside them; what joined() gives.

    Without machine code, which the library can do without: MicroPython puts what it freezes at any even address, but on
    an RP2040 the constants within are read from multiples of four (tools/mpy-tool.py and py/asmthumb.c of 1.28). In one
    firmware of two the first drain hung for good."""
    shutil.rmtree(target, ignore_errors=True)
    made = write_bundles(target, library)
    for bundle in made.natives:
        (target / PACKAGE / (bundle + ".py")).unlink()
    (target / "manifest.py").write_text(MANIFEST, encoding="utf-8")
    return made


def traced(text, bundles):
    """A traceback with each line of a bundle named by its source."""

    def source(found):
        bundle = found.group(1) or "__init__"
        place = bundles.source(bundle, int(found.group(2))) if bundle in bundles.parts else None
        return 'File "lib/%s/%s", line %d' % (PACKAGE, *place) if place else found.group(0)

    return _FRAME.sub(source, text)


@command()
@click.option(
    "--trace",
    type=click.File(errors="replace"),
    help="A traceback of a board: print it with the sources' files and lines.",
)
def main(trace):
    """Join the library's modules into the bundles that boards load."""
    if trace:
        click.echo(traced(trace.read(), joined()), nl=False)
        return
    made = write(TARGET)
    with tempfile.TemporaryDirectory(prefix="bundles-") as folder:
        sizes = compile_library(Path(folder), arch="armv6m")
    for bundle, parts in made.parts.items():
        members = " ".join(file for _, file in parts)
        click.echo("%-10s %6d bytes of .mpy: %s" % (bundle, sizes["%s/%s.mpy" % (PACKAGE, bundle)], members))
    click.echo("%d bundles, %d bytes of .mpy, in %s" % (len(sizes), sum(sizes.values()), TARGET.relative_to(ROOT)))
    for line in made.said:
        click.echo("note: " + line)


if __name__ == "__main__":
    sys.exit(main(prog_name="bundle"))
