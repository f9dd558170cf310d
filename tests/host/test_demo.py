"""make demo, with fewer rows: it must add up by the server's ledger, and must say so when it does not."""

import os
import re
import subprocess
from pathlib import Path

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
