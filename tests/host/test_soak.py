"""Some simulated days of make soak: the ledger adds up, and says so loudly when it does not."""

import sys

import pytest

from tests.host.boards import ended, said
from tools.soak.__main__ import main
from tools.soak.ledger import Journal, Ledger


def soak(*arguments):
    """(status, output, {name: number} of the report)"""
    done = ended(sys.executable, "-m", "tools.soak", *arguments, timeout=600)
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("  ")]
    found = {row[0]: int(row[1]) for row in rows if row[1:2] and row[1].isdigit()}
    return done.returncode, done.stdout, found


@pytest.mark.parametrize("seed", [2, 5, 11])
def test_days_of_faults_and_power_cuts_add_up(seed):
    status, output, found = soak("--seed", seed, "--days", 4)
    assert status == 0 and output.splitlines()[-1] == "It adds up.", output
    assert output.splitlines()[1] == "living", output  # in a terminal with a bar
    assert found["logged"] > 500 and found["delivered"] > 300 and found["requests"] > 10, output
    rest = ("delivered", "dropped", "rejected", "expired", "pending")
    assert found["logged"] == sum(found[name] for name in rest), output


def test_a_server_that_stores_less_than_it_accepts_does_not_add_up():
    status, output, _ = soak("--seed", 2, "--days", 1, "--fault", "drop_past")
    assert status == 1 and output.splitlines()[-1] == "It does NOT add up."
    assert "points count as delivered and did not arrive" in output


REFUSED = [
    (["--days=1", "--fault=drop_passt"], 2, "'drop_passt' is not one of"),
    (["--days=inf"], 2, "inf is no number of days"),
    (["--days=nan"], 2, "nan is no number of days"),
    (["--days=0"], 2, "x>0"),
    (["--days=-1"], 2, "x>0"),
    (["--days=1000000", "--journal=HERE/none/journal"], 1, "cannot be used: No such file or directory"),
]


@pytest.mark.parametrize("arguments, status, says", REFUSED)
def test_what_cannot_be_is_refused_by_name_before_days_are_lived_through(tmp_path, arguments, status, says):
    printed = said(main, *[argument.replace("HERE", str(tmp_path)) for argument in arguments], status=status)
    assert says in printed.splitlines()[-1] and "add up" not in printed


# What the ledger says about journals that are made up. Times: true, shown.

JOURNAL = """
log 1 1000 1000 {"1": 1, "2": 1.25}
ok
log 2 2000 - {"1": 2}
torn
log 3 3000 3000 {"1": 3}
ok
accepted
stats logged 3
stats uploaded 3
stats pending 0
stats corrupt 0
stats dropped 0
stats rejected 0
stats expired 0
stats estimated 0
"""
ARRIVED = [(1, 1, 1000, 1), (1, 1, 3000, 3), (1, 2, 1000, 1.25)]


def problems(points=ARRIVED, journal=JOURNAL, lost_reply=False):
    batches = {1: (1, False), 2: (1, lost_reply)}
    return Ledger(Journal(journal.strip().splitlines()), batches, points).problems


def test_the_ledger_of_a_run_without_faults_has_no_problems():
    assert problems() == []


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (ARRIVED[:2], "did not arrive"),
        (ARRIVED + [(2, 1, 9000, 9)], "never logged"),
        (ARRIVED[:2] + [(1, 2, 1001, 1.25)], "was logged at 1000 and arrived with 1001"),
        (ARRIVED + [(2, 1, 3000, 3)], "stored and not taken for delivered"),
        (ARRIVED + [(2, 1, 3000, 3), (2, 1, 2000, 2)], "repeats 1 points beside 1 new ones"),
        (ARRIVED + [(2, 1, 3005, 3)], "arrived with 2 times"),
    ],
)
def test_the_ledger_names_what_is_wrong(points, words):
    assert words in "\n".join(problems(points))


def test_a_batch_sent_again_after_a_lost_reply_is_no_problem():
    assert problems(ARRIVED + [(2, 1, 3000, 3)], lost_reply=True) == []


def test_a_reading_that_is_nowhere_is_a_problem_whatever_the_board_counts():
    lost = JOURNAL.replace("uploaded 3", "uploaded 2")
    assert problems(ARRIVED[:2], journal=lost.replace("dropped 0", "dropped 1")) == []
    assert problems(ARRIVED[:2], journal=lost.replace("pending 0", "pending 1")) != []
