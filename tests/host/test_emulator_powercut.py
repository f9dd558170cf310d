"""What `make emulate-powercut` holds against a board: the ledger notices each kind of loss. No firmware is needed."""

import pytest

from tools.emulator.lab import Mark
from tools.emulator.powercut import _FIGURE, _FIGURES, _FIRST, _LAST, _LOGGED, _NOTHING, _OPENED, Ledger

GOOD = {
    "first": 5, "last": 9, "count": 5, "bad": 0, "pending": 5, "logged": 10, "uploaded": 5, "dropped": 0, "corrupt": 0
}  # fmt: skip


def marks(*pairs):
    return [Mark(kind << 28 | number, 0, 0, 0, 0, {}, 0) for kind, number in pairs]


def logged(*numbers):
    return marks(*((_LOGGED, number) for number in numbers))


def accepted(first, last):
    return marks((_FIRST, first), (_LAST, last))


def opened(**changed):
    found = {**GOOD, **changed}
    values = [_NOTHING if found[name] is None else found[name] for name in _FIGURES]
    return marks((_OPENED, 0), *((_FIGURE, value) for value in values))


@pytest.fixture
def ledger():
    """Readings 0 to 9 are acknowledged, and the server has the first five."""
    started = Ledger()
    assert started.take(logged(*range(10)) + accepted(0, 4)) == []
    return started


def test_what_is_as_it_should_be_is_no_problem(ledger):
    assert ledger.take(opened()) == []
    assert (ledger.readings, ledger.opened, ledger.repeated) == (10, 1, 0)


def test_a_reading_that_was_under_way_may_be_there(ledger):
    assert ledger.take(opened(last=10, count=6, pending=6, logged=11) + logged(11)) == []


def test_a_batch_may_come_twice_and_is_counted(ledger):
    assert ledger.take(accepted(3, 8)) == [] and ledger.repeated == 1


def test_a_ring_from_which_the_server_has_all_may_be_empty(ledger):
    empty = dict(first=None, last=None, count=0, pending=0, uploaded=10)
    assert ledger.take(accepted(5, 9) + opened(**empty) + logged(10)) == []


def test_what_was_overwritten_may_be_missing_at_the_head(ledger):
    assert ledger.take(opened(first=7, count=3, pending=3, dropped=2)) == []


@pytest.mark.parametrize(
    "changed, problem",
    [
        (dict(last=8, count=4, pending=4, logged=9), "readings 9 to 9 are lost"),
        (dict(last=11, count=7, pending=7, logged=12), "readings 11 to 11 are invented"),
        (dict(first=6, count=4, pending=4, uploaded=6), "reading 5 is lost before 6"),
        (dict(first=None, last=None, count=0, pending=0, logged=5), "readings 5 to 9 are lost"),
        (dict(bad=1), "1 readings are not as they were logged"),
        (dict(pending=6, uploaded=4), "6 readings are pending, and 5 are there"),
        (dict(logged=11, uploaded=6), "the books say 11 readings, and 10 were logged"),
        (dict(uploaded=6), "the books do not add up"),
        (dict(corrupt=1), "1 frames are taken for damaged"),
    ],
)
def test_each_kind_of_loss_is_noticed(ledger, changed, problem):
    [found] = ledger.take(opened(**changed))
    assert problem in found


def test_what_was_seen_once_has_to_stay(ledger):
    assert ledger.take(opened(last=10, count=6, pending=6, logged=11)) == []
    [found] = ledger.take(opened())
    assert "readings 10 to 10 are lost" in found


def test_a_gap_in_what_is_acknowledged_is_noticed(ledger):
    assert ledger.take(logged(11)) == ["reading 11 is acknowledged after 9"]


def test_a_batch_that_leaves_readings_out_is_noticed(ledger):
    [found] = ledger.take(accepted(6, 9))
    assert "reading 5 is left out" in found
