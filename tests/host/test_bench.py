"""`make bench` in a few readings: every group measures, and the flash rows of the table hold even then."""

import json
import re

import pytest

from tests.host.boards import said
from tools.bench import figures, report, targets
from tools.bench.explained import WHY
from tools.bench.groups import GROUPS
from tools.bench.__main__ import main, measure
from tools.bench.micropython import ROOT
from tools.bench.rows import line, number, rows_of

FLASH = ("wear", "boots", "opening")
DOCUMENT = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_each_group_measures_what_it_names(group):
    rows = measure(group, quick=True, workers=1)
    assert rows
    for row in rows:
        assert row.values["ours"] >= 0 or len(row.values) > 1, line(row)
    if group.name in FLASH:
        judged = [row for row in rows if row.met is not None]
        assert judged and all(row.met for row in judged), [line(row) for row in judged]
    assert json.loads(report.as_json([(group, rows)]))["rows"]
    assert report.markdown([(group, rows)]).count("\n| ") >= len(rows) + 2


def test_a_group_that_there_is_not_is_answered_with_those_that_there_are():
    assert "'nonsense' is not one of 'wear', " in said(main, "nonsense", status=2)


def test_a_missed_target_shows():
    what, on, _, limit = targets._TARGETS[1]
    for value, met in ((limit * 2, False), (limit / 2, True)):
        rows = rows_of("wear", [{"what": what, "on": on, "who": "ours", "value": value}])
        assert rows[0].met is met
        assert ("**no**" in line(rows[0])) is not met
        assert report.verdict(rows) == "%d of 1 targets met" % met


def document_rows():
    """{(what, on): {heading: text}} of all tables."""
    found, head = {}, []
    for text in DOCUMENT.splitlines():
        cells = [cell.strip() for cell in text.split("|")[1:-1]]
        if cells[:1] == ["what"]:
            head = cells
        elif cells and cells[0] != "---":
            row = dict(zip(head, cells))
            found[row["what"], row.get("on", "")] = row
    return found


def test_every_target_is_judged_in_the_document():
    rows = document_rows()
    for what, media, kind, limit in targets._TARGETS:
        for on in media.split(","):
            assert rows[what, on]["to reach"] == "%s %s" % (kind, number(limit))
            assert rows[what, on]["met"] in ("yes", "**no**")


def test_every_target_that_is_missed_is_explained():
    for (what, on), row in document_rows().items():
        if row.get("met") == "**no**":
            assert len(WHY[what, on]) > 40 and WHY[what, on] in DOCUMENT, (what, on)


def test_the_figures_for_programs_are_those_of_the_document():
    shown = {key: row["ours"] for key, row in document_rows().items() if row.get("ours")}
    stored = {(what, on): number(value) for what, found in figures.load().items() for on, value in found.items()}
    assert stored == shown
    assert len(stored) > 100


HEAP = "least heap with a drain of 10000 points, KiB"
SHOWN = [
    ("README.md", "%s KB of heap compiled, %s KB from", [(HEAP, ".mpy"), (HEAP, ".py")]),
    ("docs/architecture.md", "in a heap of %s KB", [(HEAP, ".mpy")]),
    ("docs/storage.md", "up to %s readings", [("readings per 4 KiB sector", "esp32")]),
    ("docs/storage.md", "\n%s on cards", [("readings per 4 KiB sector", "sd")]),
]
WORN = ("erases", "esp32"), ("erases", "rp2"), ("bytes programmed", "esp32"), ("bytes programmed", "rp2")
for label, of in (
    ("1 (default)", "durable reading"), ("8", "reading, commit_every=8"), ("32", "reading, commit_every=32")
):  # fmt: skip
    row = "| %s | %%s / %%s | %%s / %%s |" % label
    SHOWN.append(("docs/storage.md", row, [("%s per %s" % (unit, of), on) for unit, on in WORN]))


@pytest.mark.parametrize("page, text, shown", SHOWN)
def test_the_texts_name_the_figures_of_the_last_run(page, text, shown):
    measured = figures.load()
    values = [measured[what][on] for what, on in shown]
    words = tuple("%.3f" % value if value < 1 else "%d" % round(value) for value in values)
    assert text % words in (ROOT / page).read_text(encoding="utf-8"), text % words


def test_the_texts_name_the_least_heap_of_the_emulated_pico():
    document = (ROOT / "docs" / "benchmarks-pico.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| heap: least free to (log|drain) .*?\| bytes \| ([\d,]+) ", document, re.MULTILINE))
    least = tuple(int(rows[job].replace(",", "")) // 1024 for job in ("log", "drain"))
    texts = {"README.md": "%d KB of free heap to log, %d KB to upload", "docs/install.md": "%d KB of free heap to log"}
    for page, text in texts.items():
        words = text % least[: text.count("%d")]
        assert words in (ROOT / page).read_text(encoding="utf-8"), words


def test_a_figure_that_was_not_measured_is_named():
    assert figures.figure("erases per durable reading", "nor") < 1
    with pytest.raises(KeyError, match="'erases per reading' on 'moon'"):
        figures.figure("erases per reading", "moon")


@pytest.mark.parametrize(
    "value, text", [(1234.5, "1,234"), (0.04848, "0.0485"), (0.00205, "0.00205"), (12.345, "12.3"), (3, "3"), (0, "0")]
)
def test_three_digits_are_shown(value, text):
    assert number(value) == text
