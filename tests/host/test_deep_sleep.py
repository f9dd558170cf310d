"""examples/deep_sleep as it is, 500 wakes on a simulated chip and clock: nothing lost, right times, little wear."""

import pytest

from tests.host.simulated_board import ROOT, Board
from tools import device
from tools.compiled import compile_library
from tools.sandbox.testing import Sandbox

WAKES = 500
VOLTS = 40 * 3.3 / 65535  # that each reading is above the one before
BOUND = {"esp32": 0.07, "rp2": 0.12}  # erases a reading


def sleep_through(tmp_path, sandbox, port, count=WAKES, **settings):
    """The words of each line that the board printed."""
    board = Board(tmp_path, port)
    board.install("deep_sleep", TOKEN=sandbox.token, SERVER=sandbox.url, **settings)
    compile_library(tmp_path / "lib")
    paths = [ROOT / "tests" / "board", device.SIM, tmp_path / "lib"]
    wakes = ROOT / "tests" / "board" / "wakes.py"
    done = device.run(wakes, port, board.files, count, heap="1m", paths=paths, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:]
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.parametrize("port", ["esp32", "rp2"])
def test_500_wakes_deliver_every_reading_with_its_time_hourly_and_wear_little(tmp_path, port):
    with Sandbox(total_limit=None) as sandbox:
        lines = sleep_through(tmp_path, sandbox, port)
        true_ms = {int(words[1]): int(words[2]) for words in lines if words[0] == "reading"}
        assert len(true_ms) == WAKES
        measured = list(true_ms.values())[1:]  # the first wake, after power-on, listens for Ctrl-C before
        assert {b - a for a, b in zip(measured, measured[1:])} <= set(range(59000, 63000))
        arrived = sandbox.points()
        numbers = [round(value / VOLTS) - 1 for _, _, value in arrived]
        assert numbers == list(range(WAKES)), "each once, in order"
        off = [ms - true_ms[number] for number, (_, ms, _) in zip(numbers, arrived)]
        assert max(map(abs, off)) < 5000, "seconds off: %r" % off
        uploads = -(-WAKES // 60)
        assert len(sandbox.requests()) <= uploads + 1
        assert sum(words == ["ntp"] for words in lines) == uploads + 1, "once for each upload, with that at the end"
    found = {words[0]: words[1:] for words in lines}
    assert found["stats"] == [str(WAKES), "0", "0", "0"], "logged, estimated, dropped, pending"
    assert int(found["erases"][0]) / WAKES <= BOUND[port], found["erases"]


def test_a_wake_that_fails_after_its_reading_keeps_it(tmp_path, sandbox):
    lines = sleep_through(tmp_path, sandbox, "rp2", 3, SSID=None)
    assert [words[0] for words in lines].count("failed:") >= 2
    assert ["stats", "3", "0", "0", "0"] in lines, "logged, estimated, dropped, pending"
