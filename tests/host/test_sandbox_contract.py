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


def test_the_documents_own_example_is_accepted_and_comes_back_equal(sandbox):
    reply = post(sandbox, SEED_EXAMPLE)
    assert (reply.status, reply.body) == (200, "OK")
    assert sandbox.points() == [(1, 1648054765458, 1.0), (1, 1648054825459, 2.0), (1, 1648054885460, 3.0)]


def test_the_documents_layout_with_line_breaks_is_accepted(sandbox):
    body = "[\n \n      [1648054765458,1.0],\n\n      [1648054825459,2.0]\n]\n"
    assert post(sandbox, body).body == "OK"
    assert len(sandbox.points()) == 2


@pytest.mark.parametrize("pin", ["v1", "V1"])
def test_pins_are_taken_in_upper_and_lower_case(sandbox, pin):
    assert post(sandbox, [[T, 1]], pin).body == "OK"
    assert sandbox.points(1) == [(1, T, 1)]


@pytest.mark.parametrize("token", ["", "wrong-token-of-32-characters-001"])
def test_an_unknown_token_is_named(shared, token):
    reply = post(shared, [[T, 1]], token=token)
    assert (reply.status, reply.body) == (400, error("Invalid token."))


@pytest.mark.parametrize("pin", ["", "1", "x1", "v", "v-1", "v01", "v256", "v1.0", "vv1", "v1%20", "v1%0A", "d1"])
def test_a_wrong_pin_is_named(shared, pin):
    reply = post(shared, [[T, 1]], pin)
    assert (reply.status, reply.body) == (400, error("Wrong pin format."))


def test_parameter_names_are_case_sensitive(shared):
    reply = wire.request(shared.url, "POST", wire.UPLOAD + "?Token=%s&pin=v1" % shared.token, "[[1,1]]", wire.JSON)
    assert reply.body == error("Invalid token.")
    reply = wire.request(shared.url, "POST", wire.UPLOAD + "?token=%s&PIN=v1" % shared.token, "[[1,1]]", wire.JSON)
    assert reply.body == error("Wrong pin format.")


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {"Content-Type": "application/jsonx"}, {}])
def test_another_content_type_is_refused(shared, headers):
    reply = post(shared, [[T, 1]], headers=headers)
    assert (reply.status, reply.body) == (400, error("Unknown content type."))


def test_a_content_type_with_a_character_set_is_accepted(sandbox):
    assert post(sandbox, [[T, 1]], headers={"Content-Type": "application/json; charset=utf-8"}).body == "OK"


def test_ten_thousand_points_fit_one_batch(sandbox):
    assert post(sandbox, [[T + i, i / 10] for i in range(10_000)]).body == "OK"
    assert sandbox.points() == [(1, T + i, i / 10) for i in range(10_000)]


def test_one_point_more_is_too_much(shared):
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


def test_a_string_of_1024_bytes_is_accepted(sandbox):
    assert post(sandbox, [[T, "x" * 1024]]).body == "OK"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(shared, method):
    reply = wire.request(shared.url, method, wire.UPLOAD + "?token=%s&pin=v1" % shared.token, "[[1,1]]", wire.JSON)
    assert reply.status == 405
    assert reply.headers["allow"] == "GET,POST"
    assert "error" in json.loads(reply.body)


@pytest.mark.parametrize("path", ["/external/api/batch/Update", "/external/api/batch/update/", "/external/api/nothing"])
def test_other_paths_are_not_found(shared, path):
    reply = wire.request(shared.url, "POST", path + "?token=%s&pin=v1" % shared.token, "[[1,1]]", wire.JSON)
    assert reply.status == 404
    assert "error" in json.loads(reply.body)


def _points_of_size(size, framing):
    """A JSON batch that makes the whole request exactly `size` bytes."""
    body = "[[%d,1]]" % T
    return body[:-1] + " " * (size - framing - len(body)) + "]"


def _framing(sandbox, length):
    head = wire.raw_upload(sandbox, b"", ["Content-Length: %d" % length])
    return len(head)


@pytest.mark.parametrize("extra, status", [(0, b"200"), (1, b"413")])
def test_a_request_may_have_two_million_bytes_and_no_more(sandbox, extra, status):
    framing = _framing(sandbox, 1_999_999)
    body = _points_of_size(2_000_000 + extra, framing).encode()
    request = wire.raw_upload(sandbox, body, ["Content-Length: %d" % len(body)])
    assert len(request) == 2_000_000 + extra
    received, _ = wire.exchange_raw(sandbox, request)
    assert received.split(b" ")[1] == status
    assert len(sandbox.points()) == 1 - extra


def test_a_request_without_content_length_is_refused(sandbox):
    body = b"9\r\n[[1,1.0]]\r\n0\r\n\r\n"
    received, _ = wire.exchange_raw(sandbox, wire.raw_upload(sandbox, body, ["Transfer-Encoding: chunked"]))
    assert received.split(b" ")[1] == b"411"
    assert sandbox.points() == []


def test_a_chunked_request_is_accepted_when_asked_for():
    with Sandbox(allow_chunked=True) as sandbox:
        body = b"8\r\n[[1,1.0]\r\n1\r\n]\r\n0\r\n\r\n"
        received, _ = wire.exchange_raw(sandbox, wire.raw_upload(sandbox, body, ["Transfer-Encoding: chunked"]))
        assert received.split(b" ")[1] == b"200"
        assert sandbox.points() == [(1, 1, 1.0)]


def test_a_chunked_request_may_have_no_more_bytes_than_another():
    with Sandbox(allow_chunked=True, request_bytes=500) as sandbox:
        body = b"1f5\r\n[[1,1]]%s\r\n0\r\n\r\n" % (b" " * 494)
        received, _ = wire.exchange_raw(sandbox, wire.raw_upload(sandbox, body, ["Transfer-Encoding: chunked"]))
        assert received.split(b" ")[1] == b"413" and b"Maximum is 500 bytes." in received
        assert sandbox.points() == []


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
