"""Our figures of the last whole run, for programs that calculate with them: docs/benchmarks.json.

    {what: {on: figure}}, with the names of the rows of docs/benchmarks.md, "" where a row has no `on`

`make bench` writes both files, and a test compares their names. For the wear of a plan there are, on esp32 and rp2
(littlefs) and on nor and pages (raw flash):

    erases per durable reading                   one pin; also `bytes programmed per ...`
    erases per durable reading, groups of 3      and of 8: a group is one frame
    erases per reading, commit_every=8           and 32, one pin
    erases per reading, one a boot               where the board sleeps deeply after each
    log(): flash time, mean, ms                  and p99, max

for what a point takes, headers included, `bytes of flash per point: ` and ints of 3 digits, doubles with all digits,
strings of 9 bytes, steady, 2 decimals, every 10 s, steady, groups of 3, ...; and for a request `bytes of a request
around its points` and `bytes of a request per point`. Measures nothing.
"""

import json
from pathlib import Path

PATH = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.json"


def of_rows(rows):
    """{what: {on: figure}} of the rows in which something of ours was measured."""
    found = {}
    for row in rows:
        if "ours" in row.values:
            found.setdefault(row.what, {})[row.on] = row.values["ours"]
    return found


def as_json(rows):
    return json.dumps(of_rows(rows), indent=1) + "\n"


def load(path=PATH):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def figure(what, on="", figures=None):
    """One figure; KeyError, naming it, if it was not measured."""
    known = load() if figures is None else figures
    if on not in known.get(what, {}):
        raise KeyError("no figure for %r on %r in docs/benchmarks.json: run make bench" % (what, on))
    return known[what][on]
