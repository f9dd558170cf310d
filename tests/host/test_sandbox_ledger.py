"""The ledger: what arrived is kept as it arrived, so that losses and duplicates are counted exactly."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.host.wire import error, post
from tools.sandbox.contract import Point
from tools.sandbox.ledger import Ledger
from tools.sandbox.testing import Sandbox

T = 1648054765458


def test_equal_points_are_never_merged(sandbox):
    for _ in range(3):
        post(sandbox, [[T, 1.5], [T, 1.5], [T, 2]])
    assert sandbox.points() == [(1, T, 1.5), (1, T, 1.5), (1, T, 2)] * 3


def test_duplicates_are_counted_per_point_and_per_batch(sandbox):
    post(sandbox, [[T, 1], [T + 1, 1]])
    post(sandbox, [[T + 1, 1], [T + 2, 1], [T + 2, 1]])
    post(sandbox, [[T, 1], [T, 2]], "v2")
    assert sandbox.duplicates() == {(sandbox.token, 1, T + 1, "1"): 1, (sandbox.token, 1, T + 2, "1"): 1}
    assert [row["duplicates"] for row in sandbox.batches()] == [0, 2, 0]


def test_the_same_point_of_another_device_is_no_duplicate():
    with Sandbox(tokens=["a", "b"]) as sandbox:
        for token in "ab":
            post(sandbox, [[T, 1]], token=token)
        assert sandbox.duplicates() == {}
        assert sandbox.points(token="b") == [(1, T, 1)]
        assert [row["duplicates"] for row in sandbox.batches()] == [0, 0]


def test_points_stay_in_the_order_of_arrival(sandbox):
    post(sandbox, [[T + 5, 1], [T, 2]])
    post(sandbox, [[T - 5, 3]], "v9")
    assert sandbox.points() == [(1, T + 5, 1), (1, T, 2), (9, T - 5, 3)]
    assert sandbox.points("V9") == sandbox.points(9) == [(9, T - 5, 3)]


def test_a_batch_is_noted_with_all_that_is_known_of_it(sandbox):
    before = int(time.time() * 1000)
    body = "[[%d,1],[%d,2]]" % (T + 9, T)
    post(sandbox, body, "V3")
    (row,) = sandbox.batches()
    assert (row["token"], row["pin"], row["bytes"], row["points"]) == (sandbox.token, 3, len(body), 2)
    assert (row["first_ms"], row["last_ms"], row["duplicates"]) == (T, T + 9, 0)
    assert before <= row["arrived_ms"] <= int(time.time() * 1000)


def test_refused_requests_are_noted_but_are_no_batches(sandbox):
    post(sandbox, "[[1,null]]")
    post(sandbox, [[T, 1]], "v999")
    post(sandbox, [[T, 1]], token="unknown")
    assert sandbox.batches() == []
    noted = [[row[name] for name in ("token", "pin", "status", "points", "message")] for row in sandbox.requests()]
    assert noted[0][:4] == [sandbox.token, 1, 400, 0]
    assert noted[1:] == [[sandbox.token, None, 400, 0, "Wrong pin format."], ["unknown", 1, 400, 0, "Invalid token."]]


def test_batches_that_arrive_at_once_are_all_stored_whole(sandbox):
    with ThreadPoolExecutor(8) as pool:
        for number in range(8):
            pool.submit(post, sandbox, [[T + i, number] for i in range(500)], "v%d" % number)
    for number in range(8):
        assert sandbox.points(number) == [(number, T + i, number) for i in range(500)]
    by_batch = sandbox.query("SELECT batch, count(DISTINCT pin), count(*) FROM points GROUP BY batch")
    assert [tuple(row)[1:] for row in by_batch] == [(1, 500)] * 8


def test_the_ledger_outlives_a_restart(sandbox):
    post(sandbox, [[T, 1]])
    url = sandbox.url
    assert sandbox.stop() == 0
    sandbox.start()
    assert sandbox.url == url
    post(sandbox, [[T, 1]])
    assert sandbox.points() == [(1, T, 1)] * 2
    assert [row["duplicates"] for row in sandbox.batches()] == [0, 1]


def test_a_full_disk_says_so_stores_nothing_and_is_over_once_there_is_room(tmp_path):
    ledger = Ledger(tmp_path / "full.sqlite")
    ledger.add_device("t", "home")
    columns = {"token": "t", "region": "home", "message": "OK", "arrived_ms": 0, "bytes": 0, "status": 200}
    points = [Point(T, "1", 1.0, "integer")] * 5000
    ledger._db.execute("PRAGMA max_page_count = 20")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        ledger.store(1, 1, points, **columns)
    ledger._db.execute("PRAGMA max_page_count = 100000")
    ledger.store(1, 1, points[:3], **columns)
    assert ledger.stored(1, 0) == (3, 3)
    ledger.close()


def test_a_database_that_fails_is_a_reply_in_words_after_which_a_device_comes_again(sandbox):
    with sqlite3.connect(str(sandbox.database)) as other:
        other.execute("ALTER TABLE points RENAME TO gone")
        reply = post(sandbox, [[T, 1]])
        assert reply.status == 500 and "The sandbox cannot use its database: " in reply.body
        other.execute("ALTER TABLE gone RENAME TO points")
    assert post(sandbox, [[T, 1]]).body == "OK" and sandbox.points() == [(1, T, 1)]


def test_a_reply_of_ok_outlives_the_servers_sudden_death(sandbox):
    assert post(sandbox, [[T, 1]]).body == "OK"
    sandbox._process.kill()
    sandbox._process.wait()
    assert sandbox.points() == [(1, T, 1)]


def test_other_programs_can_read_the_ledger_while_it_runs(sandbox):
    post(sandbox, [[T, "text"]])
    connection = sqlite3.connect(str(sandbox.database))
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    rows = connection.execute("SELECT token, pin, ms, value FROM ledger").fetchall()
    assert rows == [(sandbox.token, 1, T, '"text"')]
    connection.close()


def test_a_token_no_longer_named_is_no_longer_valid_but_its_points_stay():
    with Sandbox(tokens=["old"]) as sandbox:
        post(sandbox, [[T, 1]])
        sandbox.stop()
        sandbox.tokens = ["new"]
        sandbox.start()
        assert post(sandbox, [[T, 1]], token="old").body == error("Invalid token.")
        assert sandbox.points(token="old") == [(1, T, 1)]
