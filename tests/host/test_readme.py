"""The README's first program runs on a simulated board exactly as it is printed."""

import pytest

from tests.host import markdown
from tests.host.simulated_board import Board

CONFIG = "TOKEN = %r\nSERVER = %r\nSSID, PASSWORD = 'a network', 'a password'\n"
# The program sleeps a minute at a time; the board's time is not this machine's to spend.
NO_SLEEP = """
import sys, time
class Time:
    def __getattr__(self, name):
        return getattr(time, name)
    def sleep(self, seconds):
        assert seconds == 60
sys.modules["time"] = Time()
network.WLAN.script = [False, True]
machine.wire(26, [40000, 40001, 40002])
"""


@pytest.fixture
def program():
    first = next(markdown.blocks("README.md"))
    assert first.kind == "python"
    return first.text


@pytest.mark.parametrize("port", ["esp32", "rp2"])
def test_the_first_program_keeps_and_sends_readings_as_printed(program, port, tmp_path, sandbox):
    board = Board(tmp_path, port)
    board.program(program)
    (board.files / "config.py").write_text(CONFIG % (sandbox.token, sandbox.url))
    output = board.start(NO_SLEEP)
    assert output.endswith("<Result uploaded=2 requests=1 pending=0>\nCtrl-C\n"), output
    assert [(pin, value) for pin, _, value in sandbox.points()] == [(1, 40000), (1, 40001)]


def test_it_has_eight_to_twelve_lines_of_code(program):
    assert 8 <= len([line for line in program.splitlines() if line.strip()]) <= 12
