"""`make package`: what `mip` installs: package.json for the sources in lib/, and build/package/ with compiled bundles.

Files are named relative to package.json, which mpremote's mip takes, and a board's own from MicroPython 1.25 on.
For older firmware `make package BASE=github:owner/repository` names the sources in full, and BASE=http://address:port,
where this checkout is served, both.
"""

import json
import os
import re
import shutil
from pathlib import Path

import click

from tools.compiled import compile_library
from tools.device import ROOT
from tools.options import command

PATH = ROOT / "package.json"
COMPILED = ROOT / "build" / "package"
_BASE = re.compile(r"https?://[^/\s]\S*|(github|gitlab|codeberg):[^/\s]+/[^/\s]\S*")


def version(root=ROOT):
    init = (root / "lib" / "blynk_batch" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "([^"]+)"$', init, re.MULTILINE).group(1)


def package(base="", root=ROOT):
    """What mip reads: `urls` is [[path below the board's lib folder, source]], `version` that of the library."""
    prefix = base.rstrip("/") + "/" if base not in ("", ".") else ""
    sources = sorted(path.relative_to(root).as_posix() for path in (root / "lib").rglob("*.py"))
    urls = [[source[len("lib/") :], prefix + source] for source in sources]
    return {"urls": urls, "deps": [], "version": version(root)}


def beside(names, base=""):
    """The same for files that lie beside package.json, in a folder with the URL `base`, as they will on the board."""
    urls = [[name, "%s/%s" % (base, name) if base else name] for name in sorted(names)]
    return {"urls": urls, "deps": [], "version": version()}


def text(content):
    """One file a line, so that a change is easy to read."""
    lines = ",\n".join("    " + json.dumps(pair) for pair in content["urls"])
    rest = ",\n".join("  %s: %s" % (json.dumps(key), json.dumps(content[key])) for key in ("deps", "version"))
    return '{\n  "urls": [\n%s\n  ],\n%s\n}\n' % (lines, rest)


def base_of(content):
    """The BASE that a package.json was written with."""
    return content["urls"][0][1].partition("/lib/blynk_batch/")[0] if ":" in content["urls"][0][1] else ""


def write_compiled(folder, base=""):
    """The compiled bundles below `folder`, and their package.json; {name: bytes}. `base` is the URL by which a board
    sees this checkout, if it does."""
    shutil.rmtree(folder, ignore_errors=True)
    sizes = compile_library(folder)
    url = "%s/%s" % (base.rstrip("/"), folder.relative_to(ROOT).as_posix()) if base.startswith("http") else ""
    (folder / "package.json").write_text(text(beside(sizes, url)), encoding="utf-8")
    return sizes


@command()
@click.option("--base", help="Where lib/ lies, as mip names it: github:owner/repository or a URL. [default: as it was]")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=PATH, help="[default: package.json]")
def main(base, output):
    """Write package.json from what is in lib/, and the compiled bundles into build/package/."""
    if base is None and PATH.exists():
        base = base_of(json.loads(PATH.read_text(encoding="utf-8")))
    if base and not _BASE.fullmatch(base):
        raise click.ClickException("BASE=%s is not as mip takes it: http://address or github:owner/repository" % base)
    content = package(base or os.path.relpath(ROOT, output.resolve().parent))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text(content), encoding="utf-8")
    sizes = write_compiled(COMPILED, base or "")
    click.echo("%s: %d files, version %s" % (output.name, len(content["urls"]), content["version"]))
    click.echo("%s: %d compiled files, %.1f KB" % ("build/package", len(sizes), sum(sizes.values()) / 1024))


if __name__ == "__main__":
    main()
