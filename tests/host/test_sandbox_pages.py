"""What the page is told over HTTP: summaries, charts with gaps, the paged ledger, CSV, events, and big ledgers."""

import csv
import io
import json
import sqlite3

import pytest

from tests.host import wire
from tests.host.wire import post, request
from tools.sandbox.queries import usual_range
from tools.sandbox.testing import Sandbox

T = 1790000000000
MINUTE = 60_000


def ask(sandbox, path):
    reply = request(sandbox.url, "GET", path)
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


def rows_of(sandbox, path):
    reply = request(sandbox.url, "GET", path)
    assert reply.status == 200 and reply.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(reply.body)))


def test_the_summary_of_an_empty_ledger_names_its_devices(sandbox):
    summary = ask(sandbox, "/sandbox/summary")
    names = ("requests", "batches", "points", "duplicates", "bytes", "spoilt")
    assert summary["totals"] == dict.fromkeys(names, 0)
    assert [device["token"] for device in summary["devices"]] == [sandbox.token]
    assert summary["pins"] == []


def test_the_summary_adds_up():
    with Sandbox(tokens=["a", "b"]) as sandbox:
        post(sandbox, [[T, 1], [T + 1, 2]], token="a")
        post(sandbox, [[T, 1]], token="a")
        post(sandbox, [[T, 7.5], [T - 5, 8]], "v2", token="b")
        post(sandbox, "[]", token="b")
        post(sandbox, [[T, 1]], token="c")
        summary = ask(sandbox, "/sandbox/summary")

        def told(part, names):
            return [tuple(row[name] for name in names.split()) for row in part]

        assert told([summary["totals"]], "requests batches spoilt points duplicates") == [(5, 3, 2, 5, 1)]
        assert told(summary["devices"], "token requests batches points") == [("a", 2, 2, 3), ("b", 2, 1, 2)]
        pins = [(1, 3, T, T + 1, "2"), (2, 2, T - 5, T, "7.5")]
        assert told(summary["pins"], "pin points first_ms last_ms latest") == pins


def series(sandbox, first, last, slices=600, pin=1):
    return ask(sandbox, "/sandbox/series?device=1&pin=%d&from=%d&to=%d&slices=%d" % (pin, first, last, slices))


def test_a_short_series_is_drawn_point_by_point(sandbox):
    post(sandbox, [[T, 1], [T + MINUTE, 3.5], [T + 2 * MINUTE, 2]])
    drawn = series(sandbox, T, T + MINUTE)
    assert (drawn["ms"], drawn["low"], drawn["high"]) == ([T, T + MINUTE], [1, 3.5], [1, 3.5])
    assert (drawn["gaps"], drawn["slice_ms"]) == ([], 0)


def test_a_long_silence_is_a_gap(sandbox):
    post(sandbox, [[T + i * MINUTE, i] for i in range(20) if not 8 < i < 18])
    drawn = series(sandbox, T, T + 20 * MINUTE)
    assert drawn["gaps"] == [[T + 8 * MINUTE, T + 18 * MINUTE]]
    assert drawn["low"] == [*range(9), None, 18, 19]
    assert drawn["ms"] == sorted(drawn["ms"])


def test_a_long_series_keeps_its_extremes_and_its_gaps(sandbox):
    values = {i: 20 for i in range(9000) if not 4000 <= i < 5000}
    values[1234], values[7777] = -40, 99.5
    post(sandbox, [[T + i * 1000, value] for i, value in values.items()])
    drawn = series(sandbox, T, T + 8_999_000, slices=100)
    assert 80 <= len(drawn["ms"]) <= 101
    assert min(low for low in drawn["low"] if low is not None) == -40
    assert max(high for high in drawn["high"] if high is not None) == 99.5
    assert len(drawn["gaps"]) == 1
    first, last = drawn["gaps"][0]
    assert abs(first - (T + 3_999_000)) <= drawn["slice_ms"] and abs(last - (T + 5_000_000)) <= drawn["slice_ms"]


def test_booleans_are_drawn_and_texts_of_the_time_asked_for_are_listed(sandbox):
    post(sandbox, [[T, True], [T + 1, False]])
    post(sandbox, [[T + i * MINUTE, "text %d" % i] for i in range(4)], "v2")
    assert series(sandbox, T, T + 1)["low"] == [1, 0]
    assert series(sandbox, T, T + 1, pin=2)["ms"] == []
    texts = [{"ms": T + i * MINUTE, "value": '"text %d"' % i} for i in (3, 2, 1, 0)]
    assert ask(sandbox, "/sandbox/texts?device=1&pin=2") == texts
    span = "&from=%d&to=%d" % (T + MINUTE, T + 2 * MINUTE)
    assert ask(sandbox, "/sandbox/texts?device=1&pin=2" + span) == texts[1:3]


def test_the_ledger_comes_in_pages_newest_first_and_is_searched_by_time_and_by_words(sandbox):
    post(sandbox, [[T, 1]])
    post(sandbox, [[T, 1]], "v3")
    sandbox.fault("server_error", status=503, count=1)
    post(sandbox, [[T, 1]], "v3")
    post(sandbox, [[T, 1]], token="stranger")

    def found(question):
        return [row["id"] for row in ask(sandbox, "/sandbox/requests?" + question)]

    arrived = sandbox.requests()[1]["arrived_ms"]
    pages = {"size=2": [4, 3], "size=2&before=3": [2, 1], "kind=refused": [4, 3], "kind=stored&size=1": [2]}
    words = {"find=v3": [3, 2], "find=V3+503": [3], "find=v3+SERVER_error": [3], "find=strang": [4], "find=%25": []}
    times = {"until=%d" % (arrived - 10**7): []}
    for question, ids in {**pages, **words, **times}.items():
        assert found(question) == ids, question
    assert found("until=%d" % arrived)[-2:] == [2, 1]


DAY = 24 * 60 * MINUTE
STEADY = [T + i * MINUTE for i in range(100)]
STRAYS = [
    ("all of it", STEADY, (0, 0)),
    ("one of 1970", [0, *STEADY], (1, 0)),
    ("one of 1970 and one of 2106", [5, *STEADY, 4294967295000], (1, 1)),
    ("five of a hundred", [i * DAY for i in range(5)] + STEADY, (5, 0)),
    ("too many to be strays", [i * MINUTE for i in range(6)] + STEADY, (0, 0)),
    ("a gap of days behind days", [T - 9 * DAY + i for i in range(3)] + [T + i * DAY // 24 for i in range(80)], (0, 0)),
    ("three a week apart", [T, T + 7 * DAY, T + 14 * DAY], (0, 0)),
    ("two far apart", [0, T], (0, 0)),
    ("the first after 1970", [0, T, T + MINUTE], (1, 0)),
    ("four with both", [0, T, T + MINUTE, 4294967295000], (1, 1)),
    ("one", [T], (0, 0)),
]  # fmt: skip


@pytest.mark.parametrize("times, outside", [case[1:] for case in STRAYS], ids=[case[0] for case in STRAYS])
def test_a_few_points_far_away_do_not_stretch_the_time_shown(times, outside):
    early, late = outside
    wanted = {"from": times[early], "to": times[len(times) - 1 - late], "outside": early + late}
    assert usual_range(times, times, len(times)) == wanted


def test_the_summary_has_the_usual_time_of_each_device_and_of_all():
    with Sandbox(tokens=["a", "b"]) as sandbox:
        post(sandbox, [[ms, 1] for ms in STEADY], token="a")
        post(sandbox, [[0, 1]], "v2", token="a")
        post(sandbox, [[T + 5, 1]], token="b")
        ranges = ask(sandbox, "/sandbox/summary")["ranges"]
        assert ranges["1"] == ranges[""] == {"from": T, "to": STEADY[-1], "outside": 1}
        assert ranges["2"] == {"from": T + 5, "to": T + 5, "outside": 0}


def test_points_are_exported_as_they_arrived(sandbox):
    post(sandbox, '[[%d,21.50],[%d,"a,b \\"c\\""]]' % (T, T - 1))
    post(sandbox, [[T, 1]], "v2")
    rows = rows_of(sandbox, "/sandbox/points.csv")
    arrived = [str(row["arrived_ms"]) for row in sandbox.batches()]
    assert rows == [
        ["batch", "arrived_ms", "token", "pin", "ms", "value", "time_utc"],
        ["1", arrived[0], sandbox.token, "1", str(T), "21.50", "2026-09-21T14:13:20.000Z"],
        ["1", arrived[0], sandbox.token, "1", str(T - 1), '"a,b \\"c\\""', "2026-09-21T14:13:19.999Z"],
        ["2", arrived[1], sandbox.token, "2", str(T), "1", "2026-09-21T14:13:20.000Z"],
    ]
    assert len(rows_of(sandbox, "/sandbox/points.csv?pin=2")) == 2
    assert len(rows_of(sandbox, "/sandbox/points.csv?device=2")) == 1


def test_the_ledger_is_exported_with_what_was_refused(sandbox):
    post(sandbox, [[T, 1]])
    post(sandbox, [[T, 1]], "v300")
    header, stored, refused = rows_of(sandbox, "/sandbox/requests.csv")
    assert dict(zip(header, stored))["points"] == "1"
    assert dict(zip(header, refused))["message"] == "Wrong pin format."


def test_a_token_with_a_line_end_stays_in_its_row(sandbox):
    post(sandbox, [[T, 1]], token="a%0Db")
    assert len(rows_of(sandbox, "/sandbox/requests.csv")) == 2


def test_events_tell_of_every_request_and_fault(sandbox):
    with wire.socket.create_connection(wire.address(sandbox.url), timeout=60) as page:
        page.sendall(b"GET /sandbox/events HTTP/1.1\r\nHost: s\r\n\r\n")
        stream = page.makefile("rb")
        while b"hello" not in stream.readline():
            pass
        sandbox.fault("no_date")
        post(sandbox, [[T, 1]])
        lines = []
        while sum(line.startswith(b"data:") for line in lines) < 2:
            lines.append(stream.readline())
    events = [line.split(b": ", 1)[1].strip() for line in lines if line.startswith(b"event:")]
    data = [json.loads(line[6:]) for line in lines if line.startswith(b"data:")]
    assert events == [b"faults", b"request"]
    assert data[0][0]["name"] == "no_date"
    assert (data[1]["id"], data[1]["points"], data[1]["fault"]) == (1, 1, "no_date")


PATHS = ["/page/nothing.js", "/page/..%2fcli.py", "/page/", "/charts/uPlot.d.ts", "/charts/..%2fpackage.json"]


@pytest.mark.parametrize("path", PATHS)
def test_only_the_pages_own_files_are_served(sandbox, path):
    assert request(sandbox.url, "GET", path).status == 404


def test_a_million_points_in_two_thousand_batches_stay_small_answers(sandbox):
    batches, size = 2000, 500
    _fill(sandbox.database, batches, size)
    summary = ask(sandbox, "/sandbox/summary")
    assert summary["totals"]["points"] == batches * size
    assert summary["pins"][0]["points"] == batches * size
    drawn = series(sandbox, T, T + batches * size * 1000)
    assert len(drawn["ms"]) <= 601
    assert (min(drawn["low"]), max(drawn["high"])) == (-1000, 1000)
    assert len(ask(sandbox, "/sandbox/requests?size=100")) == 100
    zoomed = series(sandbox, T + 500_000_000, T + 500_100_000)
    assert len(zoomed["ms"]) == 101


def test_the_charts_of_a_big_ledger_never_read_its_table(sandbox):
    post(sandbox, [[T, 1]])
    queries = [
        "SELECT min(number) FROM points WHERE device = 1 AND pin = 1 AND ms >= 5 AND ms < 9",
        "SELECT ms, number FROM points WHERE device = 1 AND pin = 1 AND ms BETWEEN 5 AND 9 ORDER BY ms",
    ]
    for query in queries:
        (plan,) = sandbox.query("EXPLAIN QUERY PLAN " + query)
        assert "USING COVERING INDEX points_by_time (device=? AND pin=? AND ms>? AND ms<?)" in plan["detail"]


def _fill(database, batches, size):
    """Points one second apart, 20 but for two; written behind the server's back, since only reading is tested."""
    connection = sqlite3.connect(str(database), timeout=60)
    connection.executemany(
        """INSERT INTO requests (id, arrived_ms, device, token, pin, region, bytes, status, message, points,
           first_ms, last_ms) VALUES (?, ?, 1, 't', 1, 'home', 9999, 200, 'OK', ?, ?, ?)""",
        ((b, T + b, size, T + (b - 1) * size * 1000, T + (b * size - 1) * 1000) for b in range(1, batches + 1)),
    )
    odd = {123_456: -1000, 876_543: 1000}
    numbers = ((i, odd.get(i, 20)) for i in range(batches * size))
    connection.executemany(
        "INSERT INTO points (batch, device, pin, ms, value, number) VALUES (?, 1, 1, ?, ?, ?)",
        ((i // size + 1, T + i * 1000, str(number), number) for i, number in numbers),
    )
    connection.commit()
    connection.close()
