"""The README's programs live through a simulated week on both boards as they are printed, with all its outages."""

import json

import pytest

from tests.host import markdown
from tests.host.simulated_board import ROOT
from tools import device
from tools.sandbox.testing import Sandbox

CONFIG = "TOKEN = %r\nSERVER = %r\nSSID, PASSWORD = 'a network', 'a password'\n"
HOUR, DAY = 60, 1440
BOTH = ("esp32", "rp2")
# Minutes and what happens then: the router starts after the board, outages, power cuts, no NTP, no Date, both again.
WEEK = [
    [0, "router off"],
    [3, "router on"],
    [DAY, "router off"],
    [DAY + 7 * HOUR, "router on"],
    *[[2 * DAY + 10 * number, "router %s" % ("on" if number & 1 else "off")] for number in range(20)],
    [3 * DAY, "power off"],
    [3 * DAY + 3 * HOUR, "ntp off"],
    [4 * DAY, "router off"],
    [4 * DAY, "power off"],
    [4 * DAY + 2 * HOUR + 5, "router on"],
    [5 * DAY, "date off"],
    [5 * DAY, "power off"],
    [5 * DAY + 9 * HOUR, "date on"],
    [6 * DAY, "other password"],
    [6 * DAY + 5 * HOUR, "router on"],
]


@pytest.fixture(scope="module")
def programs():
    first, second = [block for block in markdown.blocks("README.md") if block.kind == "python"][:2]
    return first.text, second.text


def live(tmp_path, sandbox, port, program, days, events, token=None):
    """What the board printed, line by line."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "main.py").write_text(program)
    (tmp_path / "files" / "config.py").write_text(CONFIG % (token or sandbox.token, sandbox.url))
    (tmp_path / "events.json").write_text(json.dumps(events))
    paths = [ROOT / "tests" / "board", device.SIM, ROOT / "lib", device.FROZEN]
    week = ROOT / "tests" / "board" / "week.py"
    arguments = [port, tmp_path / "files", days, tmp_path / "events.json"]
    done = device.run(week, *arguments, heap="4m", paths=paths, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout.splitlines()


def assert_all_arrived(sandbox, lines, readings):
    true_ms = {int(line.split()[1]): int(line.split()[2]) for line in lines if line.startswith("reading ")}
    assert len(true_ms) >= readings
    arrived = sandbox.points()
    assert [value for _, _, value in arrived] == list(true_ms), "each once, in order"
    off = [abs(ms - true_ms[value]) for _, ms, value in arrived]
    assert max(off) < 3000, "times are up to %d ms off" % max(off)


@pytest.mark.parametrize("port", BOTH)
@pytest.mark.parametrize("number", [0, 1], ids=["first", "with a watchdog"])
def test_the_programs_live_through_a_week_of_outages_as_printed(programs, number, port, tmp_path):
    with Sandbox(total_limit=None) as sandbox:
        lines = live(tmp_path, sandbox, port, programs[number], 7, WEEK)
        assert_all_arrived(sandbox, lines, 7 * DAY - 6 * HOUR - 200)
        assert len(sandbox.requests()) < 7 * 24 * 5
    words = [line for line in lines if line.startswith("Wi-Fi")]
    assert len(words) < 200, "a line for each change, not for each minute"


@pytest.mark.parametrize("port", BOTH)
@pytest.mark.parametrize(
    ("events", "token", "says"),
    [
        ([[0, "router off"]], None, "no such network in reach"),
        ([[0, "other password"]], None, "wrong password"),
        ([[0, "ntp off"], [0, "date off"]], None, "waiting='clock'"),
        ([], "wrong-token", "InvalidToken"),
    ],
    ids=["no Wi-Fi", "wrong password", "no time", "wrong token"],
)
def test_what_is_wrong_is_said_within_a_minute_and_logging_goes_on(programs, port, tmp_path, events, token, says):
    with Sandbox(total_limit=None) as sandbox:
        lines = live(tmp_path, sandbox, port, programs[0], 1 / 24, events, token)
    readings = [number for number, line in enumerate(lines) if line.startswith("reading ")]
    assert len(readings) == 60
    told = [number for number, line in enumerate(lines) if says in line]
    assert told and told[0] < readings[2], "\n".join(lines[:20])


def test_the_first_program_has_eight_to_ten_lines_of_code(programs):
    assert 8 <= len([line for line in programs[0].splitlines() if line.strip()]) <= 10
