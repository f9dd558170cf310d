"""The report: rows as text for the terminal, as JSON for programs, as docs/benchmarks.md for people.

Knows no measurement; what is said about a row that is not met stands in explained.py.
"""

import json
from textwrap import fill

from tools.bench.explained import WHY
from tools.bench.rows import HEAD, line

_WIDTH = 119
INTRODUCTION = """# Benchmarks

Made by `make bench`, which measures all of it anew, the naive ways included, on simulated flash that keeps the chip's
rules, under MicroPython's Unix port: no board was measured. The heading of each table names the command for it alone.
`build/bench.json` has every digit, `docs/benchmarks.json` our own figures for programs (`tools/bench/figures.py`).

![Erases and bytes programmed for a durable reading, ours beside the naive ways](benchmarks.svg)

**CSV append**: a line appended and the file closed, for each reading. **Binary append, flush**: 16 bytes appended to
a file that stays open. **JSON file each**: a file for each reading, the newest hundred kept. **File in place**: a
record of 20 bytes written over the oldest in a file of 64 KiB. *esp32* and *rp2* are littlefs as those boards mount it,
*nor* is raw flash that takes single bytes, *pages* raw flash that takes pages of 256 bytes, *sd* an SD card without a
filesystem, *fat* one with FAT.
"""
PEERS = """
Peers: [sequential-storage](https://github.com/tweedegolf/sequential-storage) with 24 bytes an item, 8 of them its
header with a CRC; [FlashDB](https://github.com/armink/FlashDB), time series, whose records have no CRC;
[littlefs](https://github.com/littlefs-project/littlefs), the cuts of its own test runner.
"""


def verdict(rows):
    judged = [row for row in rows if row.met is not None]
    if not judged:
        return "no targets among these"
    return "%d of %d targets met" % (sum(row.met for row in judged), len(judged))


def text(groups):
    """`groups`: [(Group, rows)], as aligned columns."""
    lines = [HEAD]
    for _, rows in groups:
        lines += [line(row) for row in rows]
    widths = [max(len(one[column]) for one in lines) for column in range(len(HEAD))]
    head, *rest = ["  ".join(part.ljust(width) for part, width in zip(one, widths)).rstrip() for one in lines]
    return "\n".join([head, "-" * len(head), *rest, "", verdict([row for _, rows in groups for row in rows])])


def markdown(groups):
    rows = [row for _, rows in groups for row in rows]
    parts = [INTRODUCTION, verdict(rows) + ".\n"]
    for group, rows in groups:
        parts.append("## %s: `make bench ARGS=%s`\n\n%s\n" % (group.title, group.name, fill(group.note, _WIDTH)))
        parts.append(_table(rows))
        missed = [row for row in rows if row.met is False]
        for row in missed:
            parts.append("Not met: %s, %s.\n\n%s\n" % (row.what, row.on, WHY.get((row.what, row.on), "")))
    return "\n".join(parts) + PEERS


def _table(rows):
    used = [column for column in range(len(HEAD)) if any(line(row)[column] for row in rows)]
    lines = [[texts[column] for column in used] for texts in [HEAD] + [line(row) for row in rows]]
    rule = ["---" if HEAD[column] in ("what", "on", "met", "peers, published") else "--:" for column in used]
    return "".join("| %s |\n" % " | ".join(one) for one in [lines[0], rule] + lines[1:])


def as_json(groups):
    return json.dumps({"rows": [row.as_dict() for _, rows in groups for row in rows]}, indent=1)
