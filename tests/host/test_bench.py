"""`make bench` in a few readings: every group measures, and the flash rows of the table hold even then."""

import json

import pytest

from tools.bench import figures, report, targets
from tools.bench.groups import GROUPS
from tools.bench.__main__ import measure
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


def test_a_missed_target_shows():
    what, on, _, limit = targets._TARGETS[1]
    for value, met in ((limit * 2, False), (limit / 2, True)):
        rows = rows_of("wear", [{"what": what, "on": on, "who": "ours", "value": value}])
        assert rows[0].met is met
        assert ("**no**" in line(rows[0])) is not met
        assert report.verdict(rows) == "%d of 1 targets met" % met


def test_every_target_is_of_something_that_is_measured():
    missing = [what for what, _, _, _ in targets._TARGETS if "| %s |" % what not in DOCUMENT]
    assert not missing


def test_the_figures_for_programs_are_those_of_the_document():
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in DOCUMENT.splitlines() if row.startswith("| ")]
    rows = [row for row in rows if row[0] != "---"]
    shown, column = {}, None
    for row in rows:
        if row[0] == "what":
            column = row.index("ours") if "ours" in row else None
            on = row.index("on") if "on" in row else None
        elif column is not None and row[column]:
            shown[row[0], row[on] if on else ""] = row[column]
    stored = {(what, on): number(value) for what, found in figures.load().items() for on, value in found.items()}
    assert stored == shown
    assert len(stored) > 100


def test_a_figure_that_was_not_measured_is_named():
    assert figures.figure("erases per durable reading", "nor") < 1
    with pytest.raises(KeyError, match="'erases per reading' on 'moon'"):
        figures.figure("erases per reading", "moon")


@pytest.mark.parametrize(
    "value, text", [(1234.5, "1,234"), (0.04848, "0.0485"), (0.00205, "0.00205"), (12.345, "12.3"), (3, "3"), (0, "0")]
)
def test_three_digits_are_shown(value, text):
    assert number(value) == text
