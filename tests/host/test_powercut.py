"""Power cuts through whole workloads, on littlefs as both boards mount it and on four kinds of raw device; and proof
that the runner can fail.

Knows no invariant: tools/powercut/engine.py does. A failure prints a case for `make powercut CASE=...`.
"""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("powercut_drive", ROOT / "tools" / "powercut" / "drive.py")
drive = importlib.util.module_from_spec(spec)
spec.loader.exec_module(drive)


@pytest.mark.parametrize("workload", ["singles", "groups", "strings", "boots", "acks", "turn", "lap"])
@pytest.mark.parametrize("medium", drive.MEDIA)
def test_every_cut_keeps_what_was_logged(medium, workload, record_property):
    cuts, failures = drive.run_share("ring", medium, workload, drive.every_for(medium, workload, False))
    record_property("cuts survived", cuts)
    assert not failures, "\n".join(failures[:10])
    assert cuts > 100


@pytest.mark.parametrize("medium", drive.MEDIA)
def test_cut_at_every_byte_of_the_append_that_turns_the_sector_loses_nothing(medium, record_property):
    cuts, failures = drive.run_share("ring", medium, "turnover", drive.every_for(medium, "turnover", False))
    record_property("cuts survived", cuts)
    assert not failures, "\n".join(failures[:10])
    assert cuts > 100


@pytest.mark.parametrize("medium", drive.MEDIA)
def test_sixty_four_brown_outs_in_a_row_wipe_nothing(medium, record_property):
    cuts, failures = drive.run_share("ring", medium, "brown-outs", 64)
    record_property("cuts survived", cuts)
    assert not failures, failures
    assert cuts == 64


@pytest.mark.parametrize("workload", ["singles", "acks"])
def test_the_runner_catches_a_store_that_loses_data(workload):
    _, failures = drive.run_share("naive", "nor", workload, 0)
    assert len(failures) > 50


def test_a_failing_case_fails_again_when_replayed():
    _, failures = drive.run_share("naive", "nor", "singles", 0)
    case = failures[0].split()[1].rstrip(":")
    count, again = drive.replay(case)
    assert count == 0 and [line.split()[1].rstrip(":") for line in again] == [case]
