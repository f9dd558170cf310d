"""The collector of device tests: what must fail does fail, and the closing line tells the truth.

Runs pytest on a small checkout of its own that links to this one's tools; without plugins, whose import would take far
longer than what is tested here.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.device import ROOT

TESTS = ROOT / "tests"
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


class Checkout:
    def __init__(self, folder):
        self.folder = folder
        device = folder / "tests" / "device"
        device.mkdir(parents=True)
        (folder / "tools").mkdir()
        for name in ("micropython", "node", "seed.py", "sim"):
            (folder / "tools" / name).symlink_to(ROOT / "tools" / name)
        (folder / "lib").symlink_to(ROOT / "lib")
        shutil.copy(TESTS / "conftest.py", folder / "tests")
        for name in ("conftest.py", "runner.py"):
            shutil.copy(TESTS / "device" / name, device)
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib -p no:cacheprovider -v\n")

    def add(self, text, wasm=False):
        header = "" if wasm else "WASM = False\n"
        (self.folder / "tests" / "device" / "test_made.py").write_text(header + text)

    def run(self, *arguments, **environment):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "tests", *arguments],
            cwd=self.folder,
            env={**os.environ, **ALONE, "CI": "", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=400,
        )
        self.output = done.stdout.decode()
        self.status = done.returncode
        return self.output.splitlines()[-1]

    def outcomes(self):
        return dict(re.findall(r"::(\S+) (PASSED|FAILED|SKIPPED|ERROR)", self.output))


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_only_a_test_that_reports_success_passes(checkout):
    checkout.add(
        "import os, sys\n"
        "def test_right():\n    assert 1 + 1 == 2\n"
        "def test_wrong():\n    assert 1 + 1 == 3\n"
        "def test_leaves_early_with_status_0():\n    sys.exit(0)\n"
        "def test_is_killed():\n    os.system('kill -9 $PPID')\n    while True:\n        pass\n"
        "def test_prints_a_traceback():\n"
        "    try:\n        1 // 0\n    except ZeroDivisionError as error:\n        sys.print_exception(error)\n"
        "async def test_coroutine_that_is_wrong():\n    assert False\n"
    )
    assert checkout.run() == "1 passed, 5 failed, 0 skipped"
    assert checkout.status == 1
    assert [name for name, outcome in checkout.outcomes().items() if outcome == "PASSED"] == ["test_right"]


def test_the_failing_line_is_shown(checkout):
    checkout.add("def test_wrong():\n    assert 1 + 1 == 3, 'sums are off'\n")
    checkout.run()
    assert "AssertionError: sums are off" in checkout.output
    assert "test_made.py" in checkout.output


def test_what_is_drawn_at_random_depends_on_the_seed_and_a_failure_says_how_to_repeat_it(checkout):
    checkout.add(
        "import os, random, sys\n"
        "def test_a():\n    print('DRAWN', os.urandom(6), random.getrandbits(30), sys.argv[3])\n    assert False\n",
        wasm=True,
    )

    def drawn(seed):
        checkout.run("-k", "not newest", BLYNK_BATCH_SEED=seed)
        assert "BLYNK_BATCH_SEED=%s" % seed in checkout.output.splitlines()
        assert 'BLYNK_BATCH_SEED=%s make test ARGS="tests/device/test_made.py::test_a"' % seed in checkout.output
        return re.findall("DRAWN (.*)", checkout.output)

    first = drawn("7")
    assert len(set(first)) == 1 and drawn("7") == first and drawn("8")[0] != first[0]


def test_a_seed_that_is_no_number_is_refused(checkout):
    checkout.run(BLYNK_BATCH_SEED="today")
    assert checkout.status != 0 and "BLYNK_BATCH_SEED=today: a seed is a number" in checkout.output


def test_what_tests_start_can_be_interrupted_where_make_runs_in_the_background(checkout):
    """A shell without job control lets what it starts with & ignore SIGINT, and so would all that they start."""
    (checkout.folder / "tests" / "test_child.py").write_text(
        "import signal, subprocess, time\n"
        "def test_child():\n"
        "    child = subprocess.Popen(['sleep', '300'])\n"
        "    child.send_signal(signal.SIGINT)\n"
        "    assert child.wait(60) == -signal.SIGINT\n"
    )
    command = ["sh", "-c", '"$@" & wait $!', "sh", sys.executable, "-m", "pytest", "tests/test_child.py"]
    options = {"env": {**os.environ, **ALONE}, "stdout": subprocess.PIPE, "text": True, "timeout": 300}
    for workers in ([], ["-p", "xdist", "-n", "1"]):
        done = subprocess.run([*command, *workers], cwd=checkout.folder, **options)
        assert done.stdout.endswith("1 passed, 0 failed, 0 skipped\n"), done.stdout


def test_a_test_that_hangs_fails(checkout):
    checkout.add("TIMEOUT_S = 1\ndef test_endless():\n    while True:\n        pass\n")
    assert checkout.run() == "0 passed, 1 failed, 0 skipped"
    assert "still running after 1 s" in checkout.output


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def helper():\n    pass\n",
        "def test_a():\n    pass\ndef test_a():\n    pass\n",
        "class Tests:\n    def test_a(self):\n        pass\ndef test_b():\n    pass\n",
        "def test_a(:\n",
    ],
    ids=["empty", "no test", "same name twice", "hidden in a class", "syntax error"],
)
def test_a_file_whose_tests_cannot_all_run_fails(checkout, text):
    checkout.add(text)
    assert checkout.run() == "0 passed, 1 failed, 0 skipped"
    assert checkout.status != 0


def test_no_test_at_all_fails(checkout):
    assert checkout.run() == "0 passed, 0 failed, 0 skipped"
    assert checkout.status != 0


def test_skipped_tests_alone_fail(checkout):
    checkout.add("def test_a():\n    pass\n", wasm=True)
    assert checkout.run("-k", "wasm", CI="", PATH="/usr/bin/nowhere") == "0 passed, 0 failed, 1 skipped"
    assert checkout.status != 0


def test_missing_node_fails_in_continuous_integration(checkout):
    checkout.add("def test_a():\n    pass\n", wasm=True)
    assert checkout.run("-k", "wasm", CI="true", PATH="/usr/bin/nowhere") == "0 passed, 1 failed, 0 skipped"


def test_each_test_has_an_empty_folder_that_is_gone_afterwards(checkout):
    checkout.add(
        "import os, sys\n"
        "def test_a():\n"
        "    assert os.listdir() == [] and os.getcwd().split('/')[-1] == sys.argv[1].split('/')[-1]\n"
        "    open('left', 'w').close()\n    os.mkdir('folder')\n"
        "def test_b():\n    assert os.listdir() == []\n    print('FOLDER', os.getcwd())\n    assert False\n"
    )
    assert checkout.run() == "1 passed, 1 failed, 0 skipped"
    folder = re.search("FOLDER (.*)", checkout.output).group(1)
    assert not os.path.exists(folder)


def test_heap_constant_limits_the_heap(checkout):
    checkout.add("HEAP = '64k'\ndef test_a():\n    bytearray(60_000)\ndef test_b():\n    bytearray(10_000)\n")
    checkout.run()
    assert checkout.outcomes() == {"test_a": "FAILED", "test_b": "PASSED"}


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_webassembly_port_runs_the_same_functions_with_narrow_small_integers(checkout):
    checkout.add(
        "import sys\nimport blynk_batch\n"
        "def test_narrow():\n    assert sys.maxsize == 0x7FFFFFFF\n"
        "def test_wide():\n    assert sys.maxsize > 0x7FFFFFFF\n"
        "def test_leaves():\n    sys.exit(0)\n",
        wasm=True,
    )
    assert checkout.run() == "2 passed, 4 failed, 0 skipped"
    outcomes = checkout.outcomes()
    assert outcomes["test_narrow"] == "FAILED" and outcomes["test_narrow[wasm]"] == "PASSED"
    assert outcomes["test_wide"] == "PASSED" and outcomes["test_wide[wasm]"] == "FAILED"


def test_one_test_can_be_chosen_by_word(checkout):
    checkout.add("def test_ring_turns():\n    pass\ndef test_other():\n    assert False\n")
    assert checkout.run("-k", "ring") == "1 passed, 0 failed, 0 skipped"
    assert checkout.status == 0


NEWEST = Path(sys.executable).with_name("micropython")


@pytest.mark.skipif(not NEWEST.exists(), reason="no newest Unix port for this machine")
def test_device_tests_run_on_the_newest_port_where_asked(checkout):
    version = "import sys\n\n\ndef test_port():\n    assert sys.implementation[1][:2] %s (1, 29), sys.implementation\n"
    checkout.add(version % "==")
    assert checkout.run("--newest", "-k", "newest") == "1 passed, 0 failed, 0 skipped", checkout.output
    checkout.add(version % "<")
    assert checkout.run("-k", "newest").startswith("0 passed, 0 failed"), checkout.output
