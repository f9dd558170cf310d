"""`make bench`: measures every group, or those named, prints one table and writes build/bench.json.

    python -m tools.bench                  all; writes docs/benchmarks.md with its picture, and docs/benchmarks.json
    python -m tools.bench wear boots       these groups; the document stays as it is
    python -m tools.bench --quick          few readings: shows that everything runs, the figures mean little
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor

from tools.bench import figures, report
from tools.bench.groups import GROUPS
from tools.bench.micropython import ROOT
from tools.bench.plot import draw
from tools.bench.rows import rows_of


def measure(group, quick, workers=2):
    """The group's rows."""
    with ThreadPoolExecutor(1 if group.alone else workers) as pool:
        found = list(pool.map(lambda job: job(), group.jobs(quick)))
    return rows_of(group.name, [cell for cells in found for cell in cells])


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="make bench", description="measure, beside the naive ways")
    parser.add_argument("groups", nargs="*", choices=[[], *(group.name for group in GROUPS)])
    parser.add_argument("--quick", action="store_true", help="few readings")
    options = parser.parse_args(arguments)
    groups = []
    for group in GROUPS:
        if not options.groups or group.name in options.groups:
            print("measuring %s" % group.name, file=sys.stderr)
            groups.append((group, measure(group, options.quick)))
    print(report.text(groups))
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    (build / "bench.json").write_text(report.as_json(groups), encoding="utf-8")
    if not options.groups and not options.quick:
        rows = [row for _, rows in groups for row in rows]
        (ROOT / "docs" / "benchmarks.md").write_text(report.markdown(groups), encoding="utf-8")
        figures.PATH.write_text(figures.as_json(rows), encoding="utf-8")
        draw(rows, ROOT / "docs" / "benchmarks.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
