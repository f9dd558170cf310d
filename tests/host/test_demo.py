"""make demo, with fewer rows: it must add up by the server's ledger, and must say so when it does not."""

import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from tests.host.boards import ended, said
from tools.demo.__main__ import main
from tools.device import ROOT


def run_demo(arguments):
    return ended("make", "--no-print-directory", "demo", "ARGS=" + arguments, env=dict(os.environ, CI="true"))


def line(output, name):
    return re.search(r"^  %s +(\S+)" % name, output, re.MULTILINE).group(1)


def test_every_reading_arrives_through_four_power_cuts():
    done = run_demo("--rows 400")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("It adds up.\n")
    assert int(line(done.stdout, "logged")) == 396 * 4
    names = ("power cuts", "pending", "lost", "never logged", "duplicated")
    assert [line(done.stdout, name) for name in names] == list("40000")
    assert "nothing appears on the page until it is online again" in done.stdout
    assert int(line(done.stdout, "delivered")) >= 396 * 4
    assert line(done.stdout, "requests") == "4"


def test_a_server_that_loses_points_is_found_out_and_the_status_says_so():
    done = run_demo("--rows 200 --fault drop_past")
    assert done.returncode != 0
    assert "It does NOT add up." in done.stdout
    # Up to four of the 100 points of each pin that it keeps were under way at a cut.
    assert 196 * 4 - 400 <= int(line(done.stdout, "lost")) <= 196 * 4 - 400 + 16


def test_a_fault_that_passes_ends_in_another_try_and_every_reading_arrives():
    done = run_demo("--rows 200 --fault server_error:count=2,retry_after_s=1")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("board: trying again in 1 s") == 2 and done.stdout.endswith("It adds up.\n")
    assert line(done.stdout, "requests") == "6" and line(done.stdout, "pending") == "0"


def test_what_is_still_on_the_flash_is_pending_and_not_lost():
    done = run_demo("--rows 200 --fault server_error:skip=1,retry_after_s=3600")
    assert done.returncode == 0, done.stdout
    assert 196 * 3 <= int(line(done.stdout, "pending")) <= 200 * 3 and line(done.stdout, "lost") == "0"
    assert "It adds up so far: nothing is lost, and " in done.stdout


WRONG = ["--rows 99", "--rows 999999", "--seconds -3", "--fault nonsense", "--fault slow:x=1"]


@pytest.mark.parametrize("arguments", WRONG)
def test_a_mistake_on_the_command_line_is_named_before_anything_is_done(arguments):
    printed = said(main, *arguments.split(), status=2)
    assert "Error: Invalid value for '%s'" % arguments.split()[0] in printed and "server " not in printed


def test_the_fewest_rows_have_room_for_all_power_cuts():
    fewest = re.search(r"range (\d+)<=x", said(main, "--rows", 0, status=2)).group(1)
    done = run_demo("--rows " + fewest)
    assert done.returncode == 0, done.stdout
    assert line(done.stdout, "power cuts") == "4"


def test_ctrl_c_ends_it_with_one_word_and_nothing_left_behind(tmp_path):
    command = [sys.executable, "-m", "tools.demo", "--seconds", "600"]
    environment = dict(os.environ, TMPDIR=str(tmp_path), PYTHONUNBUFFERED="1")
    output = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a test run in the background ignores it
        **output,
    )
    while not (printed := process.stdout.readline()).startswith("station"):
        assert printed, "it ended before"
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everything that was started gets it
    rest, _ = process.communicate(timeout=60)
    assert rest.count("Aborted!") == 1 and "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", [b"\x03", b"\r"], ids=["Ctrl-C", "Enter"])
def test_in_a_terminal_it_shows_how_far_it_is_and_a_key_ends_it_well(key):
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.chdir(ROOT)
        os.environ.pop("CI", None)
        os.execvp("make", ["make", "--no-print-directory", "demo", "ARGS=--rows 100 --seconds 1"])
    printed = b""
    while True:
        try:
            printed += os.read(terminal, 4096)
        except OSError:  # it has ended
            break
        if b"until Ctrl-C or Enter." in printed and key:
            os.write(terminal, key)
            key = b""
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, printed
    assert b"Aborted" not in printed and b"Error" not in printed
    assert b"until it is online again, in about 1 s" in printed
    assert re.search(rb"\d+/100", printed) and not re.search(rb"\d\d:\d\d:\d\d", printed)
