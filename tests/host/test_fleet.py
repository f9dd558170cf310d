"""A small fleet by `make fleet`'s own code: stations that start together do not ask together for ever."""

import pytest

from tests.host.boards import said
from tools.fleet.__main__ import main, simulate
from tools.fleet.figures import Figures, monthly_requests

STATIONS, INTERVAL_S = 2000, 900


@pytest.mark.parametrize("setting", ["--stations=0", "--stations=1799", "--interval=0", "--interval=86400"])
def test_a_fleet_that_cannot_be_is_refused_in_words(setting):
    option = setting.partition("=")[0]
    printed = said(main, setting, status=2)
    assert "Invalid value for '%s'" % option in printed and len(printed) < 300


def test_power_that_comes_back_everywhere_is_a_peak_of_one_interval_alone():
    figures = simulate("power", STATIONS, INTERVAL_S, 1)
    assert sum(figures.requests[:4]) == STATIONS, "all have drained once within half a minute"
    assert max(figures.requests[:3]) < STATIONS / 2, "but not in one instant"
    assert figures.worst_after_the_first() <= 2
    assert INTERVAL_S // 2 <= figures.shortest_s <= figures.longest_s < INTERVAL_S * 3 // 2
    per_interval = [sum(figures.requests[at : at + 90]) for at in range(180, 1080, 90)]
    assert per_interval == [STATIONS] * 10, "each station once in every interval"


def test_a_server_that_was_away_for_six_hours_is_not_run_down_by_its_return():
    figures = simulate("away", STATIONS, INTERVAL_S, 1)
    peaks = figures.peaks()
    assert max(peaks[28:]) <= 10 * figures.mean and max(peaks[36:]) <= 2 * figures.mean
    assert sum(figures.requests[-90:]) == STATIONS, "all are back in step"
    assert sum(figures.requests[360:2520]) < STATIONS * 6 * 4, "they asked less while it was away"


@pytest.mark.parametrize("seed", [1, 2])
def test_429_for_half_an_hour_makes_no_peak(seed):
    assert simulate("busy", STATIONS, INTERVAL_S, seed).worst_after_the_first() <= 2


def test_peaks_and_months_are_counted():
    figures = Figures(90, 900, [5] + [0] * 89 + [1, 3] + [1] * 88, 0, 0)
    assert (figures.mean, figures.peaks(), figures.worst_after_the_first()) == (1, [5, 3], 3)
    assert monthly_requests(1000, 900, 2) == 5760000
