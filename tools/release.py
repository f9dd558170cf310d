"""`make release`: the files of a release, in build/release/, the same bytes from the same sources.

    blynk_batch-VERSION-mpy.zip      compiled bundles, byte code for every board with MicroPython 1.22 or newer
    blynk_batch-VERSION-py.zip       the sources
    blynk_batch-VERSION-frozen.zip   bundles and manifest.py, for those who build a firmware
    SHA256SUMS

Each folder blynk_batch in them goes into a board's /lib; package.json beside it is for mip. Knows nothing of how a
release is published.
"""

import hashlib
import shutil
import tempfile
import zipfile
from pathlib import Path

import click

from tools import package
from tools.bundle.__main__ import write as write_bundles
from tools.compiled import LIBRARY, PACKAGE, ROOT
from tools.options import command

TARGET = ROOT / "build" / "release"
_MPY = """blynk_batch %(version)s, compiled for MicroPython 1.22 and newer, any processor.

Copy the folder blynk_batch into the folder lib of your board, as a whole:

    Thonny      View > Files; open the board's folder lib (make it if it is missing), right-click on blynk_batch on
                this computer, "Upload to /lib"
    mpremote    mpremote mkdir :lib          (an error says that it is there)
                mpremote cp -r blynk_batch :lib/
    mip         mpremote mip install ./package.json

Remove an older blynk_batch from the board first: a file of the same name ending in .py would be loaded instead.
Lines in a traceback, as `File "blynk_batch._upload", line 120`, are those of the bundles:

%(lines)s"""
_PY = """blynk_batch %(version)s, the sources. Copy the folder blynk_batch into the folder lib of your board; compiled
files load faster and take less room: they are in blynk_batch-%(version)s-mpy.zip.
"""
_FROZEN = """blynk_batch %(version)s for a firmware of your own. In your board's manifest:

    include("/path/to/this/folder/manifest.py")
"""


def lines(bundles):
    """Which source each line of a bundle came from, as a table of text; machine code is not among what is released."""
    out = []
    for bundle, parts in bundles.parts.items():
        if bundle in bundles.natives:
            continue
        name = PACKAGE if bundle == "__init__" else "%s.%s" % (PACKAGE, bundle)
        out += ["    %-22s from line %5d: %s" % (name, first, file) for first, file in parts]
    return "\n".join(out) + "\n"


def archive(path, files):
    """A zip of {name: bytes} that depends on nothing else."""
    with zipfile.ZipFile(path, "w") as out:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(info, files[name])


def read(folder, pattern):
    found = [path for path in folder.rglob(pattern) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def contents(version):
    """{form: {name: bytes}}"""
    licence = {"LICENSE": (ROOT / "LICENSE").read_bytes()}
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        package.write_compiled(Path(folder) / "mpy")
        bundles = write_bundles(Path(folder) / "frozen")
        mpy, frozen = read(Path(folder) / "mpy", "*"), read(Path(folder) / "frozen", "*.py")
    sources = read(LIBRARY, "*.py")
    sources["package.json"] = package.text(package.beside(sources)).encode()
    values = {"version": version, "lines": lines(bundles)}
    forms = {"mpy": (mpy, _MPY), "py": (sources, _PY), "frozen": (frozen, _FROZEN)}
    return {form: {**files, **licence, "README.txt": (text % values).encode()} for form, (files, text) in forms.items()}


def write(target):
    """The paths of what was written."""
    version = package.version()
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    paths = []
    for form, files in contents(version).items():
        paths.append(target / ("blynk_batch-%s-%s.zip" % (version, form)))
        archive(paths[-1], files)
    sums = ["%s  %s\n" % (hashlib.sha256(path.read_bytes()).hexdigest(), path.name) for path in paths]
    (target / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    return [*paths, target / "SHA256SUMS"]


@command()
def main():
    """Write a release's files into build/release/."""
    for path in write(TARGET):
        click.echo("%s (%d bytes)" % (path.relative_to(ROOT), path.stat().st_size))


if __name__ == "__main__":
    main(prog_name="release")
