"""Every row of Blynk's documented contract, over real sockets: the reply to the letter, and nothing stored."""

import http.client
import json

import pytest

from tests.host import wire
from tests.host.wire import error, post
from tools.sandbox.testing import Sandbox

T = 1648054765458
SEED_EXAMPLE = "[[1648054765458,1.0],[1648054825459,2.0],[1648054885460,3.0]]"


@pytest.fixture(scope="module")
def shared():
    """One sandbox for the rows that store nothing."""
    with Sandbox() as running:
        yield running
        assert running.points() == []


SEEDS_LAYOUT = "[\n \n      [1648054765458,1.0],\n\n      [1648054825459,2.0]\n]\n"
CHARSET = {"Content-Type": "application/json; charset=utf-8"}
ACCEPTED = [
    ("v1", SEED_EXAMPLE, wire.JSON, [(1648054765458, 1.0), (1648054825459, 2.0), (1648054885460, 3.0)]),
    ("v1", SEEDS_LAYOUT, wire.JSON, [(1648054765458, 1.0), (1648054825459, 2.0)]),
    ("V1", [[T, 1]], wire.JSON, [(T, 1)]),
    ("v1", [[T, 1]], CHARSET, [(T, 1)]),
    ("v1", [[T, "x" * 1024]], wire.JSON, [(T, "x" * 1024)]),
    ("v1", [[T + i, i / 10] for i in range(10_000)], wire.JSON, [(T + i, i / 10) for i in range(10_000)]),
]


@pytest.mark.parametrize("pin, body, headers, points", ACCEPTED)
def test_what_the_document_allows_is_accepted_and_comes_back_equal(sandbox, pin, body, headers, points):
    reply = post(sandbox, body, pin, headers=headers)
    assert (reply.status, reply.body) == (200, "OK")
    assert sandbox.points() == [(1, ms, value) for ms, value in points]


PINS = ["", "1", "x1", "v", "v-1", "v01", "v256", "v1.0", "vv1", "v1%20", "v1%0A", "d1"]
TYPES = [{"Content-Type": "text/plain"}, {"Content-Type": "application/jsonx"}, {}]
REFUSED = [
    *[("token=%s&pin=v1" % token, wire.JSON, "Invalid token.") for token in ("", "wrong-token-of-32-characters-001")],
    *[("token=TOKEN&pin=" + pin, wire.JSON, "Wrong pin format.") for pin in PINS],
    ("Token=TOKEN&pin=v1", wire.JSON, "Invalid token."),  # the parameters' names are case-sensitive
    ("token=TOKEN&PIN=v1", wire.JSON, "Wrong pin format."),
    *[("token=TOKEN&pin=v1", headers, "Unknown content type.") for headers in TYPES],
]


@pytest.mark.parametrize("query, headers, message", REFUSED)
def test_what_is_wrong_about_a_request_is_named(shared, query, headers, message):
    path = wire.UPLOAD + "?" + query.replace("TOKEN", shared.token)
    reply = wire.request(shared.url, "POST", path, "[[1,1]]", headers)
    assert (reply.status, reply.body) == (400, error(message))


def test_one_point_more_than_ten_thousand_is_too_much(shared):
    reply = post(shared, [[T + i, i] for i in range(10_001)])
    assert reply.status == 400
    assert reply.body == error("Too much data in batch. Maximum batch size is 10000 points.")


BAD_BODIES = {
    "nothing": "",
    "no JSON": "hello",
    "cut short": "[[%d,1" % T,
    "two documents": "[[%d,1]][[%d,2]]" % (T, T),
    "a trailing comma": "[[%d,1],]" % T,
    "single quotes": "[[%d,'a']]" % T,
    "not UTF-8": b'[[%d,"\xff"]]' % T,
    "half a surrogate": '[[%d,"\\ud800"]]' % T,
    "endless nesting": "[" * 100_000,
    "an empty batch": "[]",
    "an object": '{"a":1}',
    "an object as a point": '[{"t":1}]',
    "one point without its brackets": "[%d,1]" % T,
    "a point without a value": "[[%d]]" % T,
    "a point of three": "[[%d,1,2]]" % T,
    "null as a batch": "null",
    "a null point": "[null]",
    "a null value": "[[%d,null]]" % T,
    "NaN": "[[%d,NaN]]" % T,
    "nan as MicroPython prints it": "[[%d,nan]]" % T,
    "Infinity": "[[%d,-Infinity]]" % T,
    "a number past every double": "[[%d,1e999]]" % T,
    "an integer past 64 bits": "[[%d,9223372036854775808]]" % T,
    "a number of a million digits": "[[%d,%s]]" % (T, "1" * 1_000_000),
    "an object as a value": "[[%d,{}]]" % T,
    "a list as a value": "[[%d,[1,2,3]]]" % T,
    "a location of strings": '[[%d,["1","2"]]]' % T,
    "a string of 1025 bytes": '[[%d,"%s"]]' % (T, "x" * 1025),
    "a string of 513 two-byte characters": '[[%d,"%s"]]' % (T, "\u00e9" * 513),
    "a timestamp with a fraction": "[[%d.5,1]]" % T,
    "a whole timestamp written as a double": "[[%d.0,1]]" % T,
    "a timestamp with an exponent": "[[1.648e12,1]]",
    "a timestamp as a string": '[["%d",1]]' % T,
    "a timestamp of true": "[[true,1]]",
    "a null timestamp": "[[null,1]]",
    "a timestamp before 1970": "[[-1,1]]",
    "a timestamp in seconds": "[[1648054765,1]]",
    "a timestamp in microseconds": "[[1648054765458000,1]]",
    "a timestamp of a thousand digits": "[[%s,1]]" % ("1" * 1000),
    "a bad point after good ones": "[[%d,1],[%d,2],[%d,null]]" % (T, T, T),
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_bad_body_is_refused_as_a_whole(shared, body):
    if isinstance(body, str):
        body = body.encode("utf-8")
    reply = post(shared, body)
    assert reply.status == 400
    assert reply.headers["content-type"].startswith("application/json")
    assert set(json.loads(reply.body)) == {"error"} and json.loads(reply.body)["error"]["message"]
    assert shared.points() == []


GOOD_VALUES = [
    "1", "0", "-0", "-5", "9223372036854775807", "-9223372036854775808", "36.6", "21.50", "-1e-3", "1E5",
    "true", "false", '""', '"text"', '"\u00e9\u4e2d"', '"a\\"b\\\\c\\n"', "[24.7536,59.437]", "[-180,90]",
]  # fmt: skip


@pytest.mark.parametrize("value", GOOD_VALUES)
def test_every_kind_of_value_comes_back_equal(sandbox, value):
    assert post(sandbox, ("[[%d,%s]]" % (T, value)).encode()).body == "OK"
    assert sandbox.points() == [(1, T, json.loads(value))]


def test_the_digits_of_a_number_are_kept_as_sent(sandbox):
    post(sandbox, "[[%d,21.50],[%d,1e2]]" % (T, T))
    assert [row["value"] for row in sandbox.query("SELECT value FROM points")] == ["21.50", "1e2"]


@pytest.mark.parametrize("method, path, status", [
    *[(method, wire.UPLOAD, 405) for method in ("PUT", "DELETE", "PATCH")],
    ("POST", "/external/api/batch/Update", 404),
    ("POST", "/external/api/batch/update/", 404),
    ("POST", "/external/api/nothing", 404),
])
def test_other_methods_are_refused_and_other_paths_not_found(shared, method, path, status):
    reply = wire.request(shared.url, method, path + "?token=%s&pin=v1" % shared.token, "[[1,1]]", wire.JSON)
    assert (reply.status, reply.headers.get("allow")) == (status, "GET,POST" if status == 405 else None)
    assert "error" in json.loads(reply.body)


@pytest.mark.parametrize("extra, status", [(0, b"200"), (1, b"413")])
def test_a_request_may_have_two_million_bytes_and_no_more(sandbox, extra, status):
    head = len(wire.raw_upload(sandbox, b"", ["Content-Length: 1999999"]))
    body = (b"[[%d,1]" % T).ljust(2_000_000 + extra - head - 1) + b"]"
    request = wire.raw_upload(sandbox, body, ["Content-Length: %d" % len(body)])
    assert len(request) == 2_000_000 + extra
    received, _ = wire.exchange_raw(sandbox, request)
    assert received.split(b" ")[1] == status
    assert len(sandbox.points()) == 1 - extra


@pytest.mark.parametrize("options, body, status, points", [
    ({}, b"9\r\n[[1,1.0]]\r\n0\r\n\r\n", b"411", []),
    ({"allow_chunked": True}, b"8\r\n[[1,1.0]\r\n1\r\n]\r\n0\r\n\r\n", b"200", [(1, 1, 1.0)]),
    ({"allow_chunked": True, "request_bytes": 500}, b"1f5\r\n[[1,1]]%s\r\n0\r\n\r\n" % (b" " * 494), b"413", []),
])
def test_a_chunked_request_is_taken_when_asked_for_and_no_longer_than_another(options, body, status, points):
    with Sandbox(**options) as sandbox:
        received, _ = wire.exchange_raw(sandbox, wire.raw_upload(sandbox, body, ["Transfer-Encoding: chunked"]))
        assert received.split(b" ")[1] == status and sandbox.points() == points
        assert (b"Maximum is 500 bytes." in received) == (status == b"413")


def test_a_body_shorter_than_its_content_length_stores_nothing(sandbox):
    request = wire.raw_upload(sandbox, b"[[%d,1]]" % T, ["Content-Length: 100"])
    received, _ = wire.exchange_raw(sandbox, request, half_close=True)
    assert b"200" not in received
    assert sandbox.points() == []


def test_bytes_past_the_content_length_are_never_part_of_the_batch(sandbox):
    request = wire.raw_upload(sandbox, b"[[%d,1]],[2,2]]" % T, ["Content-Length: 19"])
    received, _ = wire.exchange_raw(sandbox, request)
    assert b" 400 Bad Request" in received
    assert sandbox.points() in ([], [(1, T, 1)])


def test_two_requests_go_over_one_connection(sandbox):
    connection = http.client.HTTPConnection(*wire.address(sandbox.url), timeout=60)
    for value in (1, 2):
        connection.request("POST", sandbox.upload_url()[len(sandbox.url) :], "[[%d,%d]]" % (T, value), wire.JSON)
        reply = connection.getresponse()
        assert (reply.status, reply.read()) == (200, b"OK")
        assert reply.getheader("Date")
    connection.close()
    assert [value for _, _, value in sandbox.points()] == [1, 2]
