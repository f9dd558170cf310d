"""`make bench`: measures every group, or those named, prints one table and writes build/bench.json.

    python -m tools.bench                  all; writes docs/benchmarks.md with its picture, and docs/benchmarks.json
    python -m tools.bench wear boots       these groups; the document stays as it is
    python -m tools.bench --quick          few readings: shows that everything runs, the figures mean little
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import click

from tools.bench import figures, report
from tools.bench.groups import GROUPS
from tools.bench.micropython import ROOT
from tools.bench.plot import draw
from tools.bench.rows import rows_of
from tools.options import command


def measure(group, quick, workers=2):
    """The group's rows."""
    with ThreadPoolExecutor(1 if group.alone else workers) as pool:
        found = list(pool.map(lambda job: list(job()), group.jobs(quick)))
    return rows_of(group.name, [cell for cells in found for cell in cells])


@command()
@click.argument("names", metavar="[GROUP]...", nargs=-1, type=click.Choice([group.name for group in GROUPS]))
@click.option("--quick", is_flag=True, help="Few readings.")
def main(names, quick):
    """Measure all groups, or those named, beside the naive ways."""
    groups = []
    for group in GROUPS:
        if not names or group.name in names:
            print("measuring %s" % group.name, file=sys.stderr)
            groups.append((group, measure(group, quick)))
    print(report.text(groups))
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    (build / "bench.json").write_text(report.as_json(groups), encoding="utf-8")
    if not names and not quick:
        rows = [row for _, rows in groups for row in rows]
        (ROOT / "docs" / "benchmarks.md").write_text(report.markdown(groups), encoding="utf-8")
        figures.PATH.write_text(figures.as_json(rows), encoding="utf-8")
        draw(rows, ROOT / "docs" / "benchmarks.svg")


if __name__ == "__main__":
    main(prog_name="bench")
