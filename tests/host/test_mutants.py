"""make mutants: which mistakes it makes, and that it tells one that a test notices from one that none does."""

import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from tools.mutants import __main__ as mutants
from tools.mutants import change, near

ROOT = mutants.ROOT

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
        ("x = 24 * 1000", {"x = 24 // 1000", "x = 25 * 1000", "x = 24 * 2000"}),
        ("a = 'n is %d' % (n + 1)", set()),
        ("a = b if c else True", {"a = b if not c else True", "a = b if c else False"}),
    ],
)
def test_a_mistake_is_in_what_runs_not_in_words(source, after):
    body = "def f():\n    " + source.replace("\n", "\n    ")
    assert {text for _, text in all_changes(body)} == after


SUMS = "def add(a, b):\n    return a + b\n\n\ndef less(a, b):\n    return a - b\n"
TEST = "%s\n\n\ndef test_add():\n    assert sums.add(1, 2) == %d\n"
HOST, DEVICE = "from lib.ring import sums", "from ring import sums"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """checkout(name of a test, its text): a ring of sums with this test."""
    monkeypatch.setattr(mutants, "ROOT", tmp_path)

    def written(name, text):
        lent = {each: (ROOT / each).read_text() for each in ("tools/micropython", "tests/device/runner.py")}
        for path, content in {**lent, "lib/ring/sums.py": SUMS, name: text}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(content)
            (tmp_path / path).chmod(0o755)
        (tmp_path / ".micropython").symlink_to(ROOT / ".micropython")
        for command in ("init -q", "add lib tests tools"):
            subprocess.run(["git", *command.split()], cwd=tmp_path, check=True)
        monkeypatch.setattr(near, "NEAR", {"ring": [name.replace("tests/", "")]})

    return written


def test_it_prints_what_no_test_notices(checkout):
    checkout("tests/device/test_sums.py", TEST % (DEVICE, 3))
    said = CliRunner().invoke(mutants.main, ["--folder", "lib/ring", "--jobs", "1"]).output
    assert "survived: lib/ring/sums.py:6: return a - b -> return a + b" in said
    assert "noticed: lib/ring/sums.py:2: return a + b -> return a - b, by tests/device/test_sums.py::test_add" in said
    assert "1 of   2 noticed, 50 %" in said


def test_a_test_that_fails_without_a_mistake_is_named(checkout):
    checkout("tests/device/test_sums.py", TEST % (DEVICE, 4))
    done = CliRunner().invoke(mutants.main, ["--folder", "lib/ring", "--jobs", "1"])
    assert done.exit_code and "test_sums.py::test_add fails before anything is changed" in str(done.exception)


def test_pytest_runs_what_is_for_the_host(checkout):
    checkout("tests/host/test_sums.py", TEST % (HOST, 4))
    (test,) = near.tests_of("ring", mutants.ROOT)
    assert "assert 3 == 4" in test.failure(mutants.ROOT)


def test_what_goes_on_for_ever_is_ended_and_has_failed(tmp_path):
    endless = near.Test("endless", sys.executable, "-c", "while True: pass")
    endless.seconds = 0
    assert endless.failure(tmp_path) is not None


def test_ctrl_c_begins_no_other_test(checkout, monkeypatch):
    tests = "\n\n\n".join("def test_%d():\n    pass" % number for number in range(50))
    checkout("tests/device/test_sums.py", tests + "\n")
    begun = []

    def interrupted(test, copy):
        begun.append(test.name)
        if len(begun) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)

    monkeypatch.setattr(near.Test, "failure", interrupted)
    done = CliRunner().invoke(mutants.main, ["--folder", "lib/ring", "--jobs", "2"])
    assert done.exit_code == 1 and "Aborted!" in done.output and len(begun) < 8, begun
    assert "survived" not in done.output


def test_a_new_file_of_device_tests_is_near_to_something_or_said_to_be_near_to_nothing():
    other = "sim_flash sim_mount delivery buffered cycles heap torn_imports"  # simulations' own; a part of it; too slow
    near_to_none = {"test_%s" % name for name in other.split()}
    listed = {name.split("/")[1] for names in near.NEAR.values() for name in names if name.startswith("device/")}
    files = {path.stem for path in (ROOT / "tests/device").glob("test_*.py")}
    assert files - listed == near_to_none


def test_a_folder_that_it_does_not_know_is_named():
    done = CliRunner().invoke(mutants.main, ["--folder", "lib/rings"])
    assert done.exit_code == 2 and "'lib/rings' is none of lib/blynk_batch/ring" in done.output


@pytest.mark.parametrize("option", ["--count", "--jobs", "--minutes"])
def test_no_mistakes_are_refused(option):
    done = CliRunner().invoke(mutants.main, [option, "0"])
    assert done.exit_code == 2 and "x>=1" in done.output, done.output
