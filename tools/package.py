"""`make package`: writes package.json, by which `mip` installs the library, from what lies in lib/.

Sources are named relative to package.json, which mpremote's mip takes, and a board's own from MicroPython 1.25 on.
`make package BASE=github:owner/repository` names them in full, for older firmware.
"""

import json
import re
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
PATH = ROOT / "package.json"


def package(base="", root=ROOT):
    """What mip reads: `urls` is [[path below the board's lib folder, source]], `version` that of the library."""
    prefix = base.rstrip("/") + "/" if base else ""
    sources = sorted(path.relative_to(root).as_posix() for path in (root / "lib").rglob("*.py"))
    init = (root / "lib" / "blynk_batch" / "__init__.py").read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "([^"]+)"$', init, re.MULTILINE).group(1)
    return {"urls": [[source[len("lib/") :], prefix + source] for source in sources], "deps": [], "version": version}


def text(content):
    """One file a line, so that a change is easy to read."""
    lines = ",\n".join("    " + json.dumps(pair) for pair in content["urls"])
    rest = ",\n".join("  %s: %s" % (json.dumps(key), json.dumps(content[key])) for key in ("deps", "version"))
    return '{\n  "urls": [\n%s\n  ],\n%s\n}\n' % (lines, rest)


def base_of(content):
    """The BASE that a package.json was written with."""
    return content["urls"][0][1].partition("/lib/blynk_batch/")[0] if ":" in content["urls"][0][1] else ""


@click.command()
@click.option("--base", help="Where lib/ lies, as mip names it: github:owner/repository or a URL. [default: as it was]")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=PATH)
def main(base, output):
    """Write package.json from what is in lib/."""
    if base is None and PATH.exists():
        base = base_of(json.loads(PATH.read_text(encoding="utf-8")))
    content = package(base or "")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text(content), encoding="utf-8")
    click.echo("%s: %d files, version %s" % (output.name, len(content["urls"]), content["version"]))


if __name__ == "__main__":
    main()
