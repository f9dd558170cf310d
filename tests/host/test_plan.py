"""make plan: its figures hold on a real ring, its arithmetic is right, and it says what cannot work and what would."""

import json
import re
from dataclasses import replace
from functools import partial

import pytest

from tests.host.boards import said
from tools.plan import answer as plan
from tools.plan import words
from tools.plan.__main__ import main
from tools.plan.station import Station, pin, seconds, size

COSTS = {"erases per row": 0.05, "flash ms per row": 3.0, "rows per sector": 400}
STATION = Station({1: "double", 2: "integer"}, 60, 14 * 86400, 900, "littlefs-esp32", 2 * 1024 * 1024)


run_plan = partial(said, main)


def work_out(costs=COSTS, limits=None, **changes):
    """(answer, advice) for STATION with some of it changed."""
    limits = limits or plan.Limits()
    station = replace(STATION, **changes)
    answer = plan.work_out(station, costs, limits, plan.Link())
    return answer, plan.advice(station, answer, limits)


def test_the_figures_follow_from_what_a_row_costs():
    answer, advice = work_out()
    rows = 14 * 24 * 60 + 15  # what an upload interval had gathered before the outage began
    assert answer.capacity_bytes == (51 + 2) * 4096
    assert answer.readings_held == 51 * 400 * 2
    assert answer.backlog_points == rows * 2
    assert answer.catch_up_requests == 2 * 3
    assert (answer.points_per_day, answer.requests_per_month) == (2880, 5760)
    assert answer.lifetime_years == pytest.approx(512 * 100_000 / (0.05 * 525960))
    assert advice == []


def test_the_ring_holds_also_what_was_not_due_yet_when_the_outage_began():
    answer, advice = work_out(outage_s=86400, upload_s=30 * 86400)
    assert answer.readings_held >= answer.backlog_points == 31 * 24 * 60 * 2
    assert 1 <= answer.outage_days < 2 and advice == []


def test_long_texts_fill_a_request_by_their_bytes():
    answer, _ = work_out(pins={1: "string:1024", 2: "double"}, upload_s=86400, outage_s=86400 * 9, flash_bytes=1 << 30)
    assert answer.catch_up_requests == 8 + 2  # 14,400 rows: 1,917 texts of 1,043 bytes, or 10,000 numbers in each
    assert answer.requests_per_month == (1 + 1) * 30


def test_a_server_that_takes_no_more_than_is_logged_never_lets_a_station_catch_up():
    _, advice = work_out(limits=plan.Limits(points_per_day=2880))
    assert [fails for fails, _ in advice] == [True]
    assert "2,880 points a day, and the server takes 2,880: log every 90 s or more slowly" in advice[0][1]
    assert not any(fails for fails, _ in work_out(limits=plan.Limits(points_per_day=2880), every_s=90)[1])


LIFE = dict(COSTS, **{"erases per row": 20})


@pytest.mark.parametrize(
    "changes, costs, fails, words",
    [
        ({"every_s": 1}, COSTS, True, "172,800 points a day, and the server takes 100,000: log every 2 s"),
        ({"upload_s": 50, "every_s": 50}, COSTS, True, "103,680 requests a month, and the plan has 100,000"),
        ({"outage_s": 86400 * 80}, COSTS, True, "a ring of 1164 KiB does not fit 1024 KiB"),
        ({}, LIFE, False, "the flash lasts about 4 years: log every 3 minutes"),
        ({"outage_s": 86400 * 100, "every_s": 900}, COSTS, False, "Blynk takes points of the last three months"),
        ({"outage_s": 86400 * 9, "every_s": 2}, COSTS, False, "catching up takes 58 days, since"),
    ],
)
def test_what_cannot_work_or_may_bite_is_said_with_what_would_do(changes, costs, fails, words):
    _, advice = work_out(costs, **changes)
    assert [text for failing, text in advice if failing is fails and words in text], advice


def test_what_is_proposed_works():
    for changes in ({"every_s": 1, "outage_s": 3600}, {"every_s": 50, "upload_s": 50}, {"outage_s": 86400 * 80}):
        _, advice = work_out(**changes)
        assert advice[0][0]
    assert work_out(every_s=2, outage_s=3600)[1] == []
    assert work_out(every_s=50, upload_s=60)[1] == []
    assert "log every 90 s" in work_out(outage_s=86400 * 80)[1][0][1]
    wider = dict(COSTS, **{"rows per sector": 396})  # a longer interval takes a few more bytes
    assert not any(fails for fails, _ in work_out(wider, outage_s=86400 * 80, every_s=90)[1])


def test_uploading_more_seldom_is_proposed_only_where_that_takes_fewer_requests():
    plan_of_100 = plan.Limits(requests_per_month=100)
    texts = [text for _, text in work_out(limits=plan_of_100, every_s=2, upload_s=86400)[1]]
    assert "300 requests a month, and the plan has 100: log more slowly, or fewer pins" in texts
    assert "upload every 15 hours or more seldom" in work_out(limits=plan_of_100)[1][0][1]


def test_a_flash_that_holds_no_ring_is_said_to_be_too_small():
    for size_bytes in (100, 4096, 16 * 1024):
        fails, text = work_out(flash_bytes=size_bytes)[1][0]
        assert fails and "no ring fits %d KiB, the smallest has 12" % (size_bytes // 2048) in text
    assert "log every 55 minutes" in work_out(flash_bytes=24 * 1024)[1][0][1]


def test_a_sector_is_erased_once_a_turn_even_if_the_measurement_saw_no_erase():
    answer, _ = work_out(dict(COSTS, **{"erases per row": 0}), medium="raw")
    assert answer.erases_per_row == 1 / 400
    assert answer.lifetime_years == pytest.approx(53 * 100_000 * 400 / 525960)


@pytest.mark.parametrize(
    "seconds, said",
    [(0.3, "1 s"), (2, "2 s"), (11, "15 s"), (61, "90 s"), (124, "3 minutes"), (601, "15 minutes"),
     (3599, "60 minutes"), (3700, "1.5 hours"), (8449, "2.5 hours"), (90000, "25 hours"), (86400 * 3, "3 days"),
     (86400 * 191, "191 days"), (11 * 3600, "11 hours"), (86400 * 1234567, "1234567 days")],
)  # fmt: skip
def test_an_interval_is_rounded_up_to_what_a_person_would_say(seconds, said):
    assert words.interval(seconds) == said


@pytest.mark.parametrize(
    "years, said",
    [(413, "longer than the 20 years for which flash keeps data"), (19.9, "about 19 years"), (1.5, "about 18 months"),
     (0.01, "about 1 month")],
)  # fmt: skip
def test_flash_lasts_no_longer_than_its_makers_promise(years, said):
    assert words.years(years) == said


def test_counts_and_days_are_rounded_down():
    assert [words.count(number) for number in (7, 999, 41768)] == ["7", "999", "41,700"]
    said = ["9 hours", "45 hours", "14 days", "3 years", "more than 20 years"]
    assert [words.days(number) for number in (0.4, 1.9, 14.52, 1200, 48500)] == said


def test_groups_are_recommended_to_who_logs_pins_apart():
    pins = ("--pin", "V1:double", "--pin", "V2:double", "--outage", "2d")
    apart, grouped = run_plan(*pins, "--apart"), run_plan(*pins)
    assert "log_group() instead of a log() a pin" in apart and "times as long" in apart
    takes, instead = re.search(r"takes (\d+) KiB instead of (\d+),", apart).groups()
    assert "client.log_group({1: ..., 2: ...})" in grouped and "instead" not in grouped
    assert "=%s * 1024" % takes in grouped and "=%s * 1024" % instead in apart


@pytest.mark.parametrize("text, expected", [("90", 90), ("15m", 900), ("36h", 129600), ("1.5d", 129600)])
def test_times_have_units(text, expected):
    assert seconds(text) == expected


BAD = [(seconds, "soon"), (seconds, "0"), (seconds, "36526d"), (seconds, "9" * 400), (size, "2G"), (size, "0")]


@pytest.mark.parametrize("read, text", [*BAD, (size, "1048577M"), (pin, "V256:x")])
def test_what_is_no_time_or_size_or_pin_is_refused(read, text):
    with pytest.raises(ValueError, match=text):
        read(text)


@pytest.mark.parametrize("text", ["V1", "V1:float", "V1:string", "V1:double:3", "V1:string:2000"])
def test_a_pin_needs_a_kind_and_a_string_its_length(text):
    assert text in run_plan("--pin", text, status=2)


def test_rows_that_no_sector_holds_and_rows_a_year_apart_end_without_a_traceback():
    printed = run_plan(*(word for number in range(4) for word in ("--pin", "V%d:string:1024" % number)), status=1)
    assert printed.startswith("Error: such rows cannot be measured: ValueError: reading of 41")
    run_plan("--pin", "V1:double", "--every", "365d")


def test_a_row_may_have_all_pins_that_there_are():
    pins = [word for number in range(256) for word in ("--pin", "V%d:boolean" % number)]
    printed = run_plan(*pins, status=1)
    assert "Error" not in printed and "ring " in printed


# Logs the rows of an outage into a ring of the capacity that the plan chose; prints how many were dropped.
OUTAGE = """
import sys
import blynk_batch

ring = blynk_batch.FileRing("ring", capacity_bytes=int(sys.argv[1]))
client = blynk_batch.Client("token", ring=ring)
for row in range(int(sys.argv[2])):
    client.log_group({1: round(20 + row % 999 / 100, 2), 2: row % 500}, timestamp=1648054765458 + row * 60000)
print(client.stats()["dropped"])
"""


def test_the_ring_that_it_chooses_holds_the_outage(run_on_device):
    found = run_plan("--pin", "V1:double", "--pin", "V2:integer", "--outage", "1d", "--json")
    capacity = json.loads(found)["plan"]["capacity_bytes"]
    assert run_on_device(OUTAGE, capacity, 24 * 60) == "0\n"
    assert run_on_device(OUTAGE, capacity, 2 * 24 * 60) != "0\n"


def test_a_plan_that_cannot_work_ends_with_status_1_and_a_deep_sleeper_on_raw_flash_with_0():
    pins = ("--pin", "V1:double", "--pin", "V2:double")
    assert "CANNOT WORK" in run_plan(*pins, "--every", "1s", "--medium", "raw", status=1)
    sleeper = ("--pin", "V3:string:20", "--deep-sleep", "--medium", "raw-pages", "--flash", "1M", "--apart")
    assert "blocks=" in run_plan(*sleeper)
