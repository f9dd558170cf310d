"""A script for the station's board can be repeated, as a failed test says that it can."""

from tools.seed import SETTING

DRAW = """
import random

say(random.getrandbits(30))
"""


def test_what_a_script_draws_comes_from_the_seed(station, monkeypatch):
    first = station.run(DRAW)
    assert station.run(DRAW) == first
    monkeypatch.setenv(SETTING, "1")
    assert station.run(DRAW) != first
