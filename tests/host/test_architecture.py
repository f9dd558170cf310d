"""docs/architecture.md against the library: it names every file, and no other; each is short enough to be read."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "lib" / "blynk_batch"
SOURCES = {path.relative_to(LIBRARY).as_posix(): path for path in LIBRARY.rglob("*.py")}
NAMED = {name for name in SOURCES if not name.endswith("/__init__.py")}
MOST_LINES = 300


def named():
    """Every `file.py` in the table of what each file knows."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = [line.split("|")[1] for line in text.splitlines() if re.match(r"\| `[\w/]+\.py`", line)]
    return [name for cell in table for name in re.findall(r"`([\w/]+\.py)`", cell)]


def test_the_table_of_files_names_each_file_of_the_library_once():
    assert sorted(named()) == sorted(NAMED)


def test_no_file_of_the_library_is_longer_than_is_read_in_one_go():
    long = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in SOURCES.items()}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}
