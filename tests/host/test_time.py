"""The timestamps that arrive in the sandbox's database, for what clocks, sleeps, resets and power cuts do to a board.

Each row of the table is lived through on a simulated ESP32 and RP2: chip, littlefs, clock and resets as theirs, the
library's own SystemClock, real HTTP. What the board knows of the true time is none of the test's: it compares.
"""

import json

import pytest

from tests.host.simulated_board import ROOT
from tools import device
from tools.sandbox.testing import Sandbox

S, M, H, D = 1000, 60_000, 3_600_000, 86_400_000
YEAR = 365 * D
BOTH = ("esp32", "rp2")
LOG, NTP, UP, CUT, RESET, LOSE = ["log"], ["ntp", 0], ["upload"], ["cut"], ["reset"], ["lose"]
MINUTELY = [LOG, ["wait", M]]
WAKE = [["wait", 500], LOG, ["wait", 700], ["sleep", 58 * S]]


def times(count, *steps):
    return ["times", count, list(steps)]


def steps_of(*steps):
    return [*steps, UP]


# name: (steps, ports, what is expected)
#   within     most that a time may be off, ms       error      {first serial: ms that times are off on purpose}
#   estimated, dropped  as stats() counts them       guessed    serials of which only the order counts
#   missing    how many of the first do not arrive   held       how many of the last wait for the clock
TABLE = {
    "the clock set first": (steps_of(NTP, times(5, *MINUTELY)), BOTH, {}),
    "the clock set after five readings": (steps_of(times(5, *MINUTELY), NTP, times(2, *MINUTELY)), BOTH, {}),
    "set after the readings, and a power cut in the next": (
        steps_of(times(5, *MINUTELY), NTP, UP, CUT, LOG, NTP, LOG), BOTH, {"torn": {6}},
    ),
    "a watchdog's reset in between": (
        steps_of(NTP, times(3, *MINUTELY), RESET, times(3, *MINUTELY), NTP, LOG), BOTH, {},
    ),
    "each of three boots set late": (
        steps_of(times(3, times(4, *MINUTELY), NTP, LOG, ["off", H])), BOTH, {},
    ),
    "sixty wakes, the clock set in the last": (
        steps_of(times(59, *WAKE), ["wait", 500], LOG, NTP), BOTH, {"within": 5 * S},
    ),
    "three hours of wakes, the clock set each hour": (
        steps_of(times(3, times(20, *WAKE), NTP, UP, ["sleep", 50 * S])), BOTH, {"within": 5 * S},
    ),
    "wakes after the clock was set, and none after": (
        [NTP, *WAKE, times(10, *WAKE), UP], ("esp32",), {"within": 5 * S},
    ),
    "the same where sleep loses the time: they wait": (
        [NTP, *WAKE, times(10, *WAKE), UP], ("rp2",), {"within": 5 * S, "held": 10},
    ),
    "wakes, then off for a day: counted on from the clock before": (
        steps_of(LOG, NTP, LOG, ["sleep", 50 * S], times(5, *WAKE), ["off", D], NTP, LOG),
        ("rp2",), {"within": 5 * S, "estimated": 5},
    ),
    "the same with the clock set before the first reading": (
        steps_of(NTP, LOG, ["sleep", 50 * S], times(5, *WAKE), ["off", D], NTP, LOG),
        ("rp2",), {"within": 5 * S, "estimated": 5},
    ),
    "the same with the clock set after the last reading before the sleep": (
        steps_of(LOG, NTP, ["sleep", 50 * S], times(5, *WAKE), ["off", D], NTP, LOG),
        ("rp2",), {"within": 5 * S, "estimated": 5},
    ),
    "wakes that never knew it, then off for a day": (
        steps_of(times(5, *WAKE), ["off", D], NTP, LOG), BOTH, {"guessed": set(range(1, 6)), "estimated": 5},
    ),
    "the same, dropped": (
        steps_of(times(5, *WAKE), ["off", D], NTP, LOG), BOTH, {"missing": 5, "options": {"unsynced": "drop"}},
    ),
    "unknown boots between known ones": (
        steps_of(NTP, LOG, times(3, ["off", H], times(3, *MINUTELY)), ["off", H], NTP, LOG),
        BOTH, {"guessed": set(range(2, 11)), "estimated": 9},
    ),
    "cut by power cuts between known boots": (
        steps_of(NTP, LOG, times(3, ["off", M], LOG, ["wait", M], CUT, LOG), NTP, LOG),
        BOTH, {"guessed": set(range(2, 8)), "torn": {3, 5, 7}, "estimated": None},
    ),
    "the anchor behind a whole turn of the ring": (
        steps_of(times(3000, LOG, ["wait", S]), NTP, LOG),
        BOTH, {"missing": None, "options": {"capacity_bytes": 12288}},
    ),
    "the anchor before a whole turn of the ring": (
        steps_of(LOG, NTP, LOG, ["sleep", S], times(3000, LOG, ["wait", S]), NTP, LOG),
        ("rp2",), {"missing": None, "options": {"capacity_bytes": 12288}},
    ),
    "the clock lost in the middle of a run": (
        steps_of(NTP, times(3, *MINUTELY), LOSE, times(3, *MINUTELY), NTP, LOG), BOTH, {},
    ),
    "an hour slow, then put right": (
        steps_of(["ntp", -H], times(3, *MINUTELY), NTP, times(3, *MINUTELY)), BOTH, {"error": {1: -H, 4: 0}},
    ),
    "eight hours fast, then put right": (
        steps_of(["ntp", 8 * H], times(3, *MINUTELY), NTP, times(3, *MINUTELY)), BOTH, {"error": {1: 8 * H, 4: 0}},
    ),
    "three years ahead, then put right": (
        steps_of(["ntp", 3 * YEAR], times(3, *MINUTELY), UP, NTP, times(3, *MINUTELY)),
        BOTH, {"error": {1: 3 * YEAR, 4: 0}},
    ),
    "five years behind is no clock at all": (
        steps_of(["ntp", -5 * YEAR], times(3, *MINUTELY), NTP, times(3, *MINUTELY)), BOTH, {},
    ),
    "three years ahead with a limit on age": (
        steps_of(["net", None, 0], NTP, times(3, *MINUTELY), ["ntp", 3 * YEAR], LOG), BOTH,
        {"error": {4: 3 * YEAR}, "options": {"max_age_days": 30}},
    ),
    "set by the upload itself": (steps_of(["net", 0, None], times(5, *MINUTELY)), BOTH, {"within": 1500}),
    "set by the server's Date, where NTP is blocked": (
        steps_of(["net", None, 0], times(5, *MINUTELY)), BOTH, {"within": 2500},
    ),
    "a kiss of death, then the server's Date": (
        steps_of(["net", "2085978496000", 0], times(5, *MINUTELY)), BOTH, {"within": 2500},
    ),
    "a kiss of death moves no good clock": (
        steps_of(NTP, ["net", "2085978496000", None], times(5, *MINUTELY), UP, times(5, *MINUTELY)), BOTH, {},
    ),
    "NTP and Date years wrong, and both right in the end": (
        steps_of(["net", -5 * YEAR, -5 * YEAR], times(3, *MINUTELY), UP, ["net", 0, 0], times(3, *MINUTELY)),
        BOTH, {"within": 1500},
    ),
    "sixty wakes, and the last uploads": (
        steps_of(["net", 0, None], times(60, *WAKE), ["wait", 500]), BOTH, {"within": 5 * S},
    ),
    "never set": (steps_of(times(3, *MINUTELY)), BOTH, {"held": 3}),
}  # fmt: skip
CASES = [(name, port) for name, (_, ports, _) in TABLE.items() for port in ports]


@pytest.fixture(scope="module")
def shared():
    """One sandbox; each case has a token of its own."""
    tokens = ["case-%03d" % number for number in range(len(CASES))]
    with Sandbox(tokens=tokens, total_limit=None) as running:
        yield running


def live_through(sandbox, port, token, steps, options):
    paths = [ROOT / "tests" / "board", device.SIM, device.LIB, device.FROZEN]
    arguments = [port, sandbox.url, token, json.dumps(steps), json.dumps(options)]
    done = device.run(ROOT / "tests" / "board" / "timed.py", *arguments, heap="2m", paths=paths, timeout=400)
    assert done.returncode == 0, done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    true_ms = {int(words[1]): int(words[2]) for words in lines if words[0] == "log"}
    stats = {words[1]: words[2] for words in lines if words[0] == "stats"}
    return true_ms, stats, done.stdout


def assert_times(arrived, true_ms, within=50, error=None, guessed=(), torn=()):
    stamps = dict(arrived)
    wrong_by = 0
    for serial in range(1, max(true_ms) + 1):
        wrong_by = (error or {}).get(serial, wrong_by)
        if serial in stamps and serial in true_ms and serial not in guessed:
            off = stamps[serial] - true_ms[serial] - wrong_by
            assert abs(off) <= within, "reading %d is %d ms off" % (serial, off)
    if not error:
        order = [ms for _, ms in arrived]
        assert order == sorted(order)
        assert min(true_ms.values()) - D <= order[0] and order[-1] <= max(true_ms.values()) + M


@pytest.mark.parametrize(("name", "port"), CASES)
def test_times_arrive_as_they_were(shared, name, port):
    steps, _, expected = TABLE[name]
    token = shared.tokens[CASES.index((name, port))]
    true_ms, stats, output = live_through(shared, port, token, steps, expected.get("options", {}))
    arrived = [(int(value), ms) for _, ms, value in shared.points(1, token)]
    serials = [serial for serial, _ in arrived]
    torn = expected.get("torn", set())
    held = expected.get("held", 0)
    missing = expected.get("missing", 0)
    if missing is None:
        missing = int(stats["dropped"])
        assert missing > 100
    wanted = [serial for serial in sorted(true_ms)][missing : len(true_ms) - held]
    assert [serial for serial in serials if serial not in torn] == wanted, output
    assert int(stats["dropped"]) == missing and stats["expired"] == stats["corrupt"] == "0"
    assert int(stats["waiting_for_clock"]) == int(stats["pending"]) == held
    last = [line for line in output.splitlines() if line.startswith("upload")][-1]
    assert ("waiting='clock'" in last) == bool(held)
    if expected.get("estimated", 0) is not None:
        assert int(stats["estimated"]) == expected.get("estimated", 0)
    keep = ("within", "error", "guessed")
    assert_times(arrived, true_ms, **{key: expected[key] for key in keep if key in expected}) if arrived else None
