"""Power cuts through whole workloads, on littlefs as both boards mount it and on six kinds of raw device; and proof
that the runner can fail.

Knows no invariant: tools/powercut/engine.py does. A failure prints a case for `make powercut CASE=...`. The closing
lines of a run add the cuts up, and fail a whole run that has too few (tests/conftest.py).
"""

import subprocess
from pathlib import Path

import pytest

from tests.host.boards import ended
from tools.powercut import drive
from tools.seed import seed

ROOT = Path(__file__).resolve().parents[2]
ITEMS = len(drive.MEDIA) * (len(drive.WORKLOADS) + 1)  # and the brown-outs


@pytest.fixture
def survive(record_property):
    """survive(medium, workload, every, part, parts): no cut does harm; how many there were."""

    def run(medium, workload, *share):
        cuts, failures = drive.run_share("ring", medium, workload, *share, seed())
        assert not failures, "\n".join(failures[:10])
        record_property("cuts survived", (drive.family(medium), cuts, ITEMS))
        return cuts

    return run


@pytest.mark.parametrize("workload", [name for name in drive.WORKLOADS if name != "turnover"])
@pytest.mark.parametrize("medium", drive.MEDIA)
def test_every_cut_keeps_what_was_logged(medium, workload, survive):
    assert survive(medium, workload, *drive.share_for(medium, workload, seed())) >= 40


@pytest.mark.parametrize("medium", drive.MEDIA)
def test_cut_at_every_byte_of_the_append_that_turns_the_sector_loses_nothing(medium, survive):
    assert survive(medium, "turnover", *drive.share_for(medium, "turnover", seed())) >= 50


@pytest.mark.parametrize("medium", drive.MEDIA)
def test_sixty_four_brown_outs_in_a_row_wipe_nothing(medium, survive):
    assert survive(medium, "brown-outs", 64, 0, 1) == 64


@pytest.mark.parametrize("workload", ["singles", "acks"])
def test_the_runner_catches_a_store_that_loses_data(workload):
    _, failures = drive.run_share("naive", "nor", workload, 0)
    assert len(failures) > 50


def test_a_failing_case_fails_again_when_it_is_replayed_and_a_good_one_does_not():
    _, failures = drive.run_share("naive", "nor", "singles", 3)
    case = failures[0].split()[1].rstrip(":")
    command = ["make", "--no-print-directory", "powercut", "CASE=" + case]
    again = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert again.returncode != 0 and again.stdout.splitlines()[0] == failures[0]
    assert drive.replay(case.replace("naive:", "ring:")) == (1, [])


def test_a_seed_makes_the_same_cuts_again_and_another_seed_others():
    def cases(seed):
        return [line.split()[1] for line in drive.run_share("naive", "nor", "acks", 2, 0, 1, seed)[1]]

    assert cases(1) == cases(1) != cases(2)


def test_bits_stay_weak_where_recovery_programs_them_to_1_again():
    """What opening saw is programmed once more first: a third boot may still see it otherwise."""
    assert drive.replay("ring:pages:singles:12:117:weak+1:64:weak+0:0:random") == (1, [])


def test_a_second_cut_is_replayed_after_the_first():
    """The naive store recovers nothing, so that its second cut is in the log() after the first."""
    _, failures = drive.run_share("naive", "nor", "singles", 1)
    twice = [line.split()[1].rstrip(":") for line in failures if "+" in line]
    assert twice
    count, again = drive.replay(twice[0])
    assert count == 0 and again[0].split()[1].rstrip(":") == twice[0]


WRONG = [
    ("turn", "'turn' is no case"),
    ("ring:nand:turn:1:0:prefix", "'nand'"),
    ("ring:nor:singles:9999:3:random", "it has no change 9999, only "),
    ("ring:nor:singles:12:9999:random", "change 12 has no byte 9999, only "),
    ("ring:nor:singles:12:3:randon", "'randon' is none of prefix, random, late"),
    ("ring:nor:first:0:1:late+0:0:zero", "'zero' is none of prefix, random, late"),
]


@pytest.mark.parametrize("case, named", WRONG)
def test_what_is_no_case_is_refused_by_name(case, named):
    command = ["make", "--no-print-directory", "powercut", "CASE=" + case]
    done = ended(*command)
    assert done.returncode and named in done.stdout and "Traceback" not in done.stdout
