"""Every fault of the sandbox, seen from the device's end of a socket, and what the ledger says afterwards."""

import email.utils
import http.client
import socket
import time

import pytest

from tests.host import wire
from tests.host.wire import error, exchange_raw, post, raw_upload
from tools.sandbox.misbehave import FAULTS, SHAPES
from tools.sandbox.testing import Sandbox

T = 1648054765458
BATCH = [[T, 1], [T + 1, 2], [T + 2, 3]]
BODY = b"[[%d,1]]" % T
UPLOADED = wire.UPLOAD + "?token=%(token)s&pin=v1"


@pytest.fixture(scope="module")
def shared():
    with Sandbox(total_limit=None) as running:
        yield running


@pytest.fixture
def faulty(shared):
    """The shared sandbox with no fault on; `stored()` tells what a test added."""
    shared.clear_faults()
    before = len(shared.points())
    shared.stored = lambda: shared.points()[before:]
    shared.last = lambda: shared.requests()[-1]
    return shared


def upload(sandbox, body=BODY):
    return exchange_raw(sandbox, raw_upload(sandbox, body, ["Content-Length: %d" % len(body)]))


def is_healthy(sandbox):
    """The fault is over: the next upload is accepted."""
    return post(sandbox, BATCH).body == "OK"


# Of a reply as its bytes came: the fault, what its head has, its body, whether the connection was reset, points stored.
HEAD = b"HTTP/1.1 200 OK\r\n"
RAW = [
    ("offline", {}, b"", b"", True, 0),
    ("reset_before", {}, b"", b"", True, 0),
    ("reset_after", {}, b"", b"", True, 0),
    ("lose_reply", {}, b"", b"", True, 1),
    ("truncated_reply", {"body_bytes": 1}, b"Content-Length: 2", b"O", False, 1),
    ("unmeasured_reply", {}, HEAD, b"OK", False, 1),
    ("slow_reply", {"seconds_per_byte": 0.001}, HEAD, b"OK", False, 1),
    ("garbage", {"text": "SSH-2.0-nothing\r\n"}, b"SSH-2.0-nothing\r\n", b"", False, 0),
]


@pytest.mark.parametrize("name, settings, within, body, reset, stored", RAW, ids=[row[0] for row in RAW])
def test_what_comes_over_the_wire(faulty, name, settings, within, body, reset, stored):
    faulty.fault(name, count=1, **settings)
    received, was_reset = upload(faulty)
    head, _, rest = received.partition(b"\r\n\r\n")
    assert (rest, was_reset) == (body, reset) and within in head and bool(within) == bool(head)
    assert head.startswith(HEAD) or not body
    assert (b"Content-Length" in head) == (name in ("truncated_reply", "slow_reply"))
    assert faulty.stored() == [(1, T, 1)] * stored
    last = faulty.last()
    assert (last["status"], last["fault"], last["points"]) == (0, name, stored)
    assert is_healthy(faulty)


@pytest.mark.parametrize("name, settings, sent, read", [
    ("reset_before", {}, b"", 0),  # it does not wait for the body
    ("reset_within", {"after_bytes": 20_000}, b"[" * 30_000, 20_000),
])
def test_a_reset_comes_after_so_many_bytes_of_the_body(faulty, name, settings, sent, read):
    faulty.fault(name, count=1, **settings)
    head = raw_upload(faulty, b"", ["Content-Length: 1000000"])
    assert exchange_raw(faulty, head + sent) == (b"", True)
    assert faulty.last()["bytes"] == read and faulty.stored() == []


@pytest.mark.parametrize("name, settings, heard, stored", [
    ("never", {}, b"", []),
    ("stalled_reply", {"body_bytes": 1}, b"O", [(1, T, 1)]),
])
def test_a_server_that_says_no_more_keeps_the_connection_open(faulty, name, settings, heard, stored):
    faulty.fault(name, count=1, **settings)
    with socket.create_connection(wire.address(faulty.url), timeout=0.5) as connection:
        connection.sendall(raw_upload(faulty, BODY, ["Content-Length: %d" % len(BODY)]))
        received = b""
        with pytest.raises(socket.timeout):
            while True:
                received += connection.recv(4096)
        assert received.startswith(HEAD[: len(received)]) and received.partition(b"\r\n\r\n")[2] == heard
        assert faulty.last()["fault"] == name
        faulty.clear_faults()
        connection.settimeout(60)
        assert connection.recv(1) == b"", "clearing the faults ends the wait"
    assert faulty.stored() == stored


# Of a reply that is HTTP: the fault, its status, its headers (None: it has none), its body, points of BATCH stored.
ANY = None
REPLIES = [
    ("too_many_requests", {"retry_after_s": 7}, 429, {"retry-after": "7"}, ANY, 0),
    ("too_many_requests", {"retry_after_s": -1}, 429, {"retry-after": None}, ANY, 0),
    *[("server_error", {"status": status}, status, {"retry-after": None}, ANY, 0) for status in (500, 502, 503, 504)],
    ("server_error", {"status": 502, "retry_after_s": 60}, 502, {"retry-after": "60"}, ANY, 0),
    ("portal", {}, 200, {"content-type": "text/html; charset=utf-8"}, "<html>", 0),
    ("network_login", {}, 511, {"content-type": "text/html; charset=utf-8"}, "<html>", 0),
    ("portal_redirect", {"location": "http://192.0.2.9/in"}, 302, {"location": "http://192.0.2.9/in"}, ANY, 0),
    ("portal_redirect", {"status": 303}, 303, {}, ANY, 0),
    ("unknown_400", {"text": "Out of cheese."}, 400, {}, error("Out of cheese."), 0),
    ("invalid_token", {}, 400, {}, error("Invalid token."), 0),
    ("huge_reply", {"bytes": 3_000_000}, 200, {"content-length": "3000000"}, "x" * 3_000_000, 0),
    ("reply", {"body": "ok", "content_type": "text/plain", "stored": True}, 200, {"content-type": "text/plain"}, "ok",
     3),
    ("reply", {"status": 503, "header": "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT"}, 503,
     {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "", 0),
    ("chunked_reply", {}, 200, {"transfer-encoding": "chunked", "content-length": None}, "OK", 3),
    ("no_date", {}, 200, {"date": None}, "OK", 3),
    ("drop_past", {"keep": 2}, 200, {}, "OK", 2),
    ("drop_past", {"keep": 0}, 200, {}, "OK", 0),
    ("drop_past", {}, 200, {}, "OK", 3),
    ("wrong_region", {"location": "https://evil.example"}, 308, {"location": "https://evil.example" + UPLOADED}, "", 0),
    ("wrong_region", {}, 308, {"location": "%(url)s" + UPLOADED}, "", 0),  # a loop, where there is no other region
]  # fmt: skip


@pytest.mark.parametrize("name, settings, status, headers, body, stored", REPLIES)
def test_a_reply(faulty, name, settings, status, headers, body, stored):
    faulty.fault(name, count=1, **settings)
    reply = post(faulty, BATCH)
    assert reply.status == status
    there = {"url": faulty.url, "token": faulty.token}
    assert {key: reply.headers.get(key) for key in headers} == {k: v and v % there for k, v in headers.items()}
    assert body is ANY or body == reply.body or body == "<html>" and body in reply.body
    assert faulty.stored() == [(1, ms, value) for ms, value in BATCH[:stored]]
    if name == "drop_past":
        some = "OK, but %d of %d points stored" % (stored, len(BATCH))
        assert faulty.last()["message"] == ("OK" if stored == len(BATCH) else some)
    assert is_healthy(faulty) and "date" in post(faulty, BATCH).headers


def test_a_chunked_reply_to_http_1_0_ends_with_the_connection(faulty):
    faulty.fault("chunked_reply", count=1)
    request = raw_upload(faulty, BODY, ["Content-Length: %d" % len(BODY)]).replace(b"HTTP/1.1", b"HTTP/1.0")
    received, _ = exchange_raw(faulty, request)
    assert received.endswith(b"\r\n\r\nOK") and b"chunked" not in received


def test_a_server_may_hang_up_without_having_said_so(faulty):
    faulty.fault("hang_up_after", count=1)
    connection = http.client.HTTPConnection(*wire.address(faulty.url), timeout=60)
    path = faulty.upload_url()[len(faulty.url) :]
    connection.request("POST", path, BODY, wire.JSON)
    reply = connection.getresponse()
    assert (reply.status, reply.read(), reply.getheader("Connection")) == (200, b"OK", None)
    assert connection.sock.recv(1) == b"", "closed, though nothing announced it"
    connection.close()


def test_a_garbage_reply_has_no_status_line(faulty):
    faulty.fault("garbage", count=1)
    with pytest.raises(http.client.BadStatusLine):
        post(faulty, BATCH)


def test_a_late_reply_is_the_right_one(faulty):
    started = time.monotonic()
    faulty.fault("slow", seconds=0.3, count=1)
    assert post(faulty, BATCH).body == "OK"
    assert time.monotonic() - started >= 0.3
    assert len(faulty.stored()) == 3


def test_a_slowly_read_body_is_stored_whole(faulty):
    faulty.fault("slow_read", bytes_per_s=1_000_000, count=1)
    batch = [[T + i, i] for i in range(10_000)]
    assert post(faulty, batch).body == "OK"
    assert len(faulty.stored()) == 10_000


def test_a_wrong_date_is_hours_off(faulty):
    faulty.fault("date_off", hours=-2, count=1)
    date = email.utils.parsedate_to_datetime(post(faulty, BATCH).headers["date"]).timestamp()
    assert abs(date - (time.time() - 7200)) < 60
    assert len(faulty.stored()) == 3


def test_a_date_fault_combines_with_another(faulty):
    faulty.fault("no_date", count=1)
    faulty.fault("server_error", count=1)
    reply = post(faulty, BATCH)
    assert reply.status == 503 and "date" not in reply.headers
    assert faulty.last()["fault"] == "server_error+no_date"


@pytest.mark.parametrize("location", ["ny3", ""])
def test_a_wrong_region_sends_on_to_another_listener_which_answers(location):
    with Sandbox(tokens=["t@ny3"], region=["ny3"]) as sandbox:
        sandbox.fault("wrong_region", location=location)
        reply = post(sandbox, BATCH)
        assert reply.headers["location"].startswith(sandbox.regions["ny3"] + wire.UPLOAD)
        assert post(sandbox, BATCH, url=sandbox.regions["ny3"]).body == "OK"


# Faults switched on, the pins to which a batch goes, the statuses of the replies.
SEQUENCES = [
    ([("server_error", {"count": 2})], "v1 v1 v1", [503, 503, 200]),
    ([("server_error", {})], "v1 v1 v1", [503] * 3),
    ([("server_error", {"skip": 2, "count": 1})], "v1 v1 v1 v1", [200, 200, 503, 200]),
    ([("server_error", {"pin": 2})], "v1 V2 v2 v3", [200, 503, 503, 200]),
    ([("server_error", {"count": 1}), ("unknown_400", {"count": 1})], "v1 v1 v1", [503, 400, 200]),
]


@pytest.mark.parametrize("switched_on, pins, statuses", SEQUENCES)
def test_a_fault_lasts_for_its_count_skips_is_for_a_pin_and_is_followed_by_the_next(
    faulty, switched_on, pins, statuses
):
    for name, settings in switched_on:
        faulty.fault(name, **settings)
    assert [post(faulty, BATCH, pin).status for pin in pins.split()] == statuses
    faulty.clear_faults()
    assert is_healthy(faulty)


def test_a_fault_can_be_for_one_token():
    with Sandbox(tokens=["a", "b"]) as sandbox:
        sandbox.fault("server_error", token="b")
        assert [post(sandbox, BATCH, token=token).status for token in "ab"] == [200, 503]


@pytest.mark.parametrize(
    "name, settings",
    [
        ("nonsense", {}),
        ("offline", {"colour": "red"}),
        ("server_error", {"status": "many"}),
        ("offline", {"count": 0}),
        ("offline", {"skip": -1}),
        ("offline", {"pin": "v300"}),
        ("server_error", {"status": 99}),
        ("reply", {"status": 1000}),
        ("drop_past", {"keep": -1}),
        ("slow", {"seconds": "nan"}),
        ("huge_reply", {"bytes": 10**12}),
        ("date_off", {"hours": "inf"}),
        ("reply", {"header": "X-One: a\r\nX-Two: b"}),
        ("wrong_region", {"location": "http://192.0.2.1\n"}),
    ],
)
def test_a_fault_that_does_not_exist_is_an_error(faulty, name, settings):
    with pytest.raises(ValueError):
        faulty.fault(name, **settings)
    assert is_healthy(faulty)


def test_the_catalogue_lists_every_fault_with_its_settings(faulty):
    listed = faulty._call("GET", "/sandbox/faults")["catalogue"]
    assert [entry["name"] for entry in listed] == [*FAULTS, *SHAPES]
    assert all(entry["description"] for entry in listed)
    assert next(e for e in listed if e["name"] == "too_many_requests")["settings"] == {"retry_after_s": 30}


def test_a_fault_can_be_on_from_the_start():
    with Sandbox(fault=["server_error:status=502,count=1", "no_date"]) as sandbox:
        assert post(sandbox, BATCH).status == 502
        reply = post(sandbox, BATCH)
        assert reply.body == "OK" and "date" not in reply.headers
