"""`make release-check`: may this checkout be released as the version that it says? Prints each check; status 1 if not.

The version stands in lib/blynk_batch/__init__.py alone; package.json repeats it for mip. Knows nothing of how a release
is published.
"""

import json
import re
import sys

import click

from tools.options import command, git
from tools.package import ROOT, package, version


def problems(root):
    """One sentence for each thing that stands against a release."""
    wanted = version(root)
    if not re.fullmatch(r"\d+\.\d+\.\d+", wanted):
        yield "the version %r is not of the form 1.2.3" % wanted
    listed, there = json.loads((root / "package.json").read_text()), package(root=root)
    if listed["version"] != wanted:
        yield "package.json says version %s, the library %s" % (listed["version"], wanted)
    differing = {target for target, _ in listed["urls"]} ^ {target for target, _ in there["urls"]}
    if differing:
        yield "package.json does not list the files of lib/: %s" % ", ".join(sorted(differing))
    changes = (root / "CHANGES.md").read_text()
    section = re.search(r"^## %s \((.*)\)$" % re.escape(wanted), changes, re.M)
    if not section:
        yield "CHANGES.md has no section `## %s (date)`" % wanted
    elif not re.fullmatch(r"\d{4}-\d\d-\d\d", section.group(1)):
        yield "CHANGES.md dates %s %r, not by a day such as 2026-11-24" % (wanted, section.group(1))
    if git(root, "status", "--porcelain"):
        yield "there are uncommitted changes: git status"
    if "v" + wanted in git(root, "tag").split():
        yield "v%s is a tag already: raise the version" % wanted


@command()
def main():
    """May this checkout be released? The tests are `make test`'s."""
    found = list(problems(ROOT))
    for problem in found:
        click.echo("no: " + problem)
    if found:
        sys.exit(1)
    click.echo("%s may be released: run make test and make release, then tag v%s" % (version(), version()))


if __name__ == "__main__":
    main(prog_name="release-check")
