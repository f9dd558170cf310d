"""make mutants: which mistakes it makes, and that it tells one that a test notices from one that none does."""

import subprocess

import pytest
from click.testing import CliRunner

from tools.mutants import __main__ as mutants
from tools.mutants import change

SOURCE = '''
def is_small(n):
    """Text with 1 number."""
    tell(n)
    return n < 10 and n is not None
'''


def all_changes(source):
    return {(before, after) for before, after in (change.changed(source, place)[1:] for place in change.places(source))}


def test_each_place_gives_one_mistake():
    assert all_changes(SOURCE) == {
        ("tell(n)", "pass"),
        ("return n < 10 and n is not None", "return n <= 10 and n is not None"),
        ("return n < 10 and n is not None", "return n < 11 and n is not None"),
        ("return n < 10 and n is not None", "return n < 10 or n is not None"),
        ("return n < 10 and n is not None", "return n < 10 and n is None"),
    }


@pytest.mark.parametrize(
    "source, after",
    [
        ("x += 1", {"x -= 1", "x += 2", "pass"}),
        ("if a:\n    b = c << 2", {"if not a:", "b = c >> 2", "b = c << 3"}),
        ("a = 'n is %d' % n", set()),
        ("a = b if c else True", {"a = b if not c else True", "a = b if c else False"}),
    ],
)
def test_a_mistake_is_in_what_runs_not_in_words(source, after):
    body = "def f():\n    " + source.replace("\n", "\n    ")
    assert {text for _, text in all_changes(body)} == after


def test_it_prints_what_no_test_notices(tmp_path, monkeypatch):
    package = tmp_path / "lib" / "ring"
    package.mkdir(parents=True)
    (package / "sums.py").write_text("def add(a, b):\n    return a + b\n\n\ndef less(a, b):\n    return a - b\n")
    (tmp_path / "test_sums.py").write_text(
        "import sys\nsys.path.insert(0, 'lib/ring')\nimport sums\n\n\ndef test_add():\n    assert sums.add(1, 2) == 3\n"
    )
    for command in ("init -q", "add ."):
        subprocess.run(["git", *command.split()], cwd=tmp_path, check=True)
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    monkeypatch.setattr(mutants, "TESTS", {"ring": ["test_sums.py"]})
    said = CliRunner().invoke(mutants.main, ["--folder", "lib/ring", "--jobs", "1"]).output
    assert "survived: lib/ring/sums.py:6: return a - b -> return a + b" in said
    assert "sums.py:2" not in said and "lib/ring" in said and "1 of   2 noticed, 50 %" in said


def test_a_folder_that_it_does_not_know_is_named():
    done = CliRunner().invoke(mutants.main, ["--folder", "lib/rings"])
    assert done.exit_code == 2 and "'lib/rings' is none of lib/blynk_batch/ring" in done.output
