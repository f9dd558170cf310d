"""make demo, with fewer rows: it must add up by the server's ledger, and must say so when it does not."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run_demo(arguments):
    return subprocess.run(
        ["make", "--no-print-directory", "demo", "ARGS=" + arguments],
        cwd=ROOT,
        env=dict(os.environ, CI="true"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def line(output, name):
    return re.search(r"^  %s +(\S+)" % name, output, re.MULTILINE).group(1)


def test_every_reading_arrives_through_four_power_cuts():
    done = run_demo("--rows 400")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("It adds up.\n")
    assert int(line(done.stdout, "logged")) == 396 * 4
    assert [line(done.stdout, name) for name in ("power cuts", "lost", "never logged", "duplicated")] == list("4000")
    assert int(line(done.stdout, "delivered")) >= 396 * 4
    assert line(done.stdout, "requests") == "4"


def test_a_server_that_loses_points_is_found_out_and_the_status_says_so():
    done = run_demo("--rows 200 --fault drop_past")
    assert done.returncode != 0
    assert "It does NOT add up." in done.stdout
    # Up to four of the 100 points of each pin that it keeps were under way at a cut.
    assert 196 * 4 - 400 <= int(line(done.stdout, "lost")) <= 196 * 4 - 400 + 16


@pytest.mark.parametrize("arguments", ["--rows 99", "--rows 999999", "--seconds -3", "--fault nonsense"])
def test_a_mistake_on_the_command_line_is_named_before_anything_is_done(arguments):
    done = run_demo(arguments)
    assert done.returncode != 0
    assert "Error: Invalid value for '%s'" % arguments.split()[0] in done.stdout
    assert "Traceback" not in done.stdout and "server " not in done.stdout


def test_the_fewest_rows_have_room_for_all_power_cuts():
    said = run_demo("--rows 0").stdout
    done = run_demo("--rows " + re.search(r"range (\d+)<=x", said).group(1))
    assert done.returncode == 0, done.stdout
    assert line(done.stdout, "power cuts") == "4"


def test_ctrl_c_ends_it_with_one_word_and_nothing_left_behind(tmp_path):
    command = [sys.executable, "-m", "tools.demo", "--seconds", "600"]
    environment = dict(os.environ, TMPDIR=str(tmp_path), PYTHONUNBUFFERED="1")
    output = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, **output)
    while not (printed := process.stdout.readline()).startswith("station"):
        assert printed, "it ended before"
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everything that was started gets it
    rest, _ = process.communicate(timeout=60)
    assert rest.count("Aborted!") == 1 and "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []
