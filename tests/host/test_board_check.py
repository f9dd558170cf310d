"""make board-check on the virtual board: a report of what it found, and no mercy for what is wrong."""

import re

import pytest

from tests.host.boards import mpremote, run, said
from tools.board import files
from tools.board.connection import Connection
from tools.board_check.__main__ import main
from tools.board_check.check import TOKEN, Check
from tools.deploy import library
from tools.sandbox.testing import Sandbox

LOSE_THE_NEWEST = b"""
import os
try:
    for name in os.listdir("/board_check.ring"):
        if name.isdigit():
            os.remove("/board_check.ring/" + name)
except OSError:
    pass
"""


def check(board, *arguments, status=0):
    return said(main, "--port", board.port, *arguments, status=status)


@pytest.fixture(scope="module")
def compiled():
    return library.files()


@pytest.fixture
def board_with_library(board, compiled):
    for path, data in compiled.items():
        target = board.folder / path[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    board.reset()
    return board


def rows(report):
    return dict(re.findall(r"^\| (.+?) \| (.+) \|$", report, re.MULTILINE))


def test_make_board_check_reports_what_it_measured_and_leaves_nothing_behind(board_with_library):
    report = run("make", "--no-print-directory", "board-check", "PORT=" + board_with_library.port)
    found = rows(report)
    assert re.search(r"^### Board check: blynk_batch \d+\.\d+\.\d+ on .+, 20\d\d-\d\d-\d\d$", report, re.MULTILINE)
    assert re.match(r"MicroPython v1\.\d+", found["firmware"])
    assert found["filesystem at /"].startswith("848 KB, ") and "blocks of 4096" in found["filesystem at /"]
    used = [float(found["heap " + when].split()[0]) for when in ("before the import", "after it", "with an open ring")]
    assert used == sorted(used) and used[0] < used[2]
    assert re.match(r"\d+\.\d ms in the mean, \d+\.\d ms the longest", found["log(), each of 50 readings"])
    assert found["readings after it"] == "50 of 50 as logged, 0 damaged"
    assert {"hard reset until its prompt answers", "opening the ring after it"} <= set(found)
    assert report.endswith("By `make board-check`: all as it should be.\n")
    assert {path.name for path in board_with_library.folder.iterdir()} == {"lib"}


@pytest.mark.parametrize("wifi", [(), ("--wifi", "any")])
def test_without_a_network_or_its_name_it_says_that_the_drain_was_not_tried(board_with_library, wifi):
    if wifi:
        board_with_library.network = False
        board_with_library.reset()
    found = "no network: drain not tried" if wifi else "no Wi-Fi was named: drain not tried"
    assert rows(check(board_with_library, *wifi))["drain"] == found


def test_with_a_network_it_drains_to_a_sandbox_and_compares(board_with_library):
    found = rows(check(board_with_library, "--wifi", "any", "--password", "none"))["drain"]
    assert re.match(r"50 of 50 readings in 1 request\(s\), \d+\.\d s; the server has each once, as logged$", found)


class Forgetful(Sandbox):
    """Says OK and keeps ten readings."""

    def __enter__(self):
        super().__enter__().fault("drop_past", keep=10)
        return self


def test_readings_that_the_server_does_not_have_are_reported_as_wrong(board_with_library, monkeypatch):
    monkeypatch.setattr("tools.board_check.check.Sandbox", Forgetful)
    report = check(board_with_library, "--wifi", "any", status=1)
    assert "50 of 50 readings" in rows(report)["drain"] and "the server has 10 **(wrong)**" in rows(report)["drain"]
    assert report.endswith("By `make board-check`: wrong: drain.\n")


def test_readings_that_a_reset_loses_are_reported_as_wrong_with_status_1(board_with_library):
    with Connection(board_with_library.port) as board:
        files.write(board, "/boot.py", LOSE_THE_NEWEST)
    report = check(board_with_library, status=1)
    assert re.match(r"\d+ of 50 as logged, \d+ damaged \*\*\(wrong\)\*\*", rows(report)["readings after it"])
    assert report.endswith("By `make board-check`: wrong: readings after it.\n")


def test_a_board_without_the_library_is_told_what_to_do_first(board):
    assert "The library is not on the board: run `make deploy PORT=%s` first." % board.port in check(board, status=1)


def test_a_library_whose_deploy_broke_off_is_one_that_is_not_there(board_with_library):
    (board_with_library.folder / library.TARGET[1:] / "__init__.mpy").unlink()
    assert "run `make deploy PORT=%s` first" % board_with_library.port in check(board_with_library, status=1)


def test_ctrl_c_leaves_nothing_on_the_board(board_with_library, monkeypatch):
    def interrupted(self):
        self._board.exec("log(%r, 3, 1648054765458)" % TOKEN)
        self._board.send("while True: time.sleep_ms(100)")
        raise KeyboardInterrupt

    monkeypatch.setattr(Check, "_log", interrupted)
    check(board_with_library, status=1)
    assert {path.name for path in board_with_library.folder.iterdir()} == {"lib"}


def test_a_ring_of_the_programs_own_is_left_alone(board_with_library):
    use = "import blynk_batch\nc = blynk_batch.Client('t' * 32)\nprint(c.pending)\nc.log(1, 1)\nc.close()"
    assert mpremote(board_with_library, "exec", use) == "0\n"
    check(board_with_library)
    assert mpremote(board_with_library, "exec", use) == "1\n"
