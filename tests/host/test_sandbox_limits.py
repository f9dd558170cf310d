"""The sandbox's options that change what is accepted: limits, data types, regions."""

import sqlite3

import pytest

from tests.host import wire
from tests.host.wire import error, post
from tools.sandbox.testing import Sandbox

T = 1648054765458


def batch(size, start=0):
    return [[T + start + i, i] for i in range(size)]


def test_the_total_of_a_device_is_limited_to_100000_by_default(sandbox):
    for number in range(10):
        assert post(sandbox, batch(10_000, number * 10_000), "v%d" % number).body == "OK"
    reply = post(sandbox, batch(1))
    assert reply.status == 400
    assert "100000" in reply.body and "Too much data" not in reply.body
    assert len(sandbox.points()) == 100_000


def test_a_batch_that_would_pass_the_total_is_not_stored_in_part():
    with Sandbox(tokens=["a", "b"], total_limit=5) as sandbox:
        assert post(sandbox, batch(3)).body == "OK"
        assert post(sandbox, batch(3, 3)).status == 400
        assert len(sandbox.points()) == 3
        assert post(sandbox, batch(2, 3)).body == "OK"
        assert post(sandbox, batch(5), token="b").body == "OK", "each device has a limit of its own"


def test_the_daily_limit_counts_the_day_of_arrival():
    with Sandbox(day_limit=5, total_limit=None) as sandbox:
        assert sandbox.info()["limits"]["total_points"] is None, "no limit is a choice"
        assert post(sandbox, batch(5)).body == "OK"
        assert post(sandbox, batch(1, 5)).status == 400
        sandbox.stop()
        with sqlite3.connect(str(sandbox.database)) as connection:
            connection.execute("UPDATE requests SET arrived_ms = arrived_ms - 86400000")
        connection.close()
        sandbox.start()
        assert post(sandbox, batch(5, 5)).body == "OK"
        assert len(sandbox.points()) == 10


def test_smaller_batches_name_their_own_limit():
    with Sandbox(batch_limit=2) as sandbox:
        reply = post(sandbox, batch(3))
        assert reply.body == error("Too much data in batch. Maximum batch size is 2 points.")


DECLARED = ["V0:string", "v1:double", "V2:integer", "V3:enum", "V4:boolean", "V5:location"]
VALUES = {"string": '"a"', "double": "1.5", "integer": "7", "boolean": "true", "location": "[1.5,2]"}
ACCEPTED = {
    0: {"string"}, 1: {"double", "integer"}, 2: {"integer"}, 3: {"integer"}, 4: {"boolean"}, 5: {"location"},
}  # fmt: skip


@pytest.fixture(scope="module")
def declared():
    with Sandbox(datastream=DECLARED) as sandbox:
        yield sandbox


@pytest.mark.parametrize("pin", ACCEPTED)
@pytest.mark.parametrize("kind", VALUES)
def test_a_value_must_match_the_pins_declared_type(declared, pin, kind):
    before = len(declared.points())
    reply = post(declared, "[[%d,%s]]" % (T, VALUES[kind]), "V%d" % pin)
    taken = kind in ACCEPTED[pin]
    refusal = (400, error("Value doesn't match the Datastream data type"))
    assert (reply.status, reply.body) == ((200, "OK") if taken else refusal)
    assert len(declared.points()) == before + taken


@pytest.mark.parametrize("pin, body, message", [
    ("v1", '[[%d,1],[%d,"x"],[%d,3]]' % (T, T, T), "Value doesn't match the Datastream data type"),
    ("v6", batch(1), "No datastream setup for that pin."),
])
def test_one_wrong_value_refuses_its_batch_and_a_pin_that_is_not_declared_all(declared, pin, body, message):
    before = declared.points()
    reply = post(declared, body, pin)
    assert (reply.status, reply.body) == (400, error(message))
    assert declared.points() == before


def test_another_region_is_named_with_the_same_path():
    with Sandbox(tokens=["home-token", "ny3-token@ny3"], region=["ny3", "sgp1"]) as sandbox:
        reply = post(sandbox, batch(1), "V7", token="ny3-token")
        assert (reply.status, reply.body) == (308, "")
        assert reply.headers["location"] == sandbox.regions["ny3"] + wire.UPLOAD + "?token=ny3-token&pin=V7"
        assert sandbox.points() == []
        assert post(sandbox, batch(1), "V7", token="ny3-token", url=sandbox.regions["ny3"]).body == "OK"
        assert post(sandbox, batch(1), token="home-token", url=sandbox.regions["ny3"]).status == 308
        assert post(sandbox, batch(1), token="home-token").body == "OK"
        assert [row["region"] for row in sandbox.batches()] == ["ny3", "home"]


def test_a_region_keeps_the_host_name_that_the_device_used():
    with Sandbox(tokens=["t@ny3"], region=["ny3"]) as sandbox:
        path = wire.UPLOAD + "?token=t&pin=v1"
        headers = dict(wire.JSON, Host="sandbox.example:80")
        reply = wire.request(sandbox.url, "POST", path, "[[1,1]]", headers)
        port = sandbox.regions["ny3"].rpartition(":")[2]
        assert reply.headers["location"] == "http://sandbox.example:%s%s" % (port, path)
