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


@pytest.mark.parametrize("name", ["offline", "reset_before", "reset_after"])
def test_a_reset_leaves_no_byte_of_a_reply(faulty, name):
    faulty.fault(name, count=1)
    assert upload(faulty) == (b"", True)
    assert faulty.stored() == []
    assert (faulty.last()["status"], faulty.last()["fault"]) == (0, name)
    assert is_healthy(faulty)


def test_a_reset_before_the_body_does_not_wait_for_it(faulty):
    faulty.fault("reset_before", count=1)
    head = raw_upload(faulty, b"", ["Content-Length: 1000000"])
    assert exchange_raw(faulty, head) == (b"", True)
    assert faulty.last()["bytes"] == 0


def test_a_reset_within_the_body_comes_after_so_many_bytes(faulty):
    faulty.fault("reset_within", after_bytes=20_000, count=1)
    head = raw_upload(faulty, b"", ["Content-Length: 1000000"])
    assert exchange_raw(faulty, head + b"[" * 30_000) == (b"", True)
    assert faulty.last()["bytes"] == 20_000
    assert faulty.stored() == []


def test_a_lost_reply_leaves_the_batch_stored(faulty):
    faulty.fault("lose_reply", count=1)
    assert upload(faulty) == (b"", True)
    assert faulty.stored() == [(1, T, 1)]
    assert (faulty.last()["status"], faulty.last()["points"]) == (0, 1)


def test_a_server_that_never_answers_keeps_the_connection_open(faulty):
    faulty.fault("never", count=1)
    with socket.create_connection(wire.address(faulty.url), timeout=0.5) as connection:
        connection.sendall(raw_upload(faulty, BODY, ["Content-Length: %d" % len(BODY)]))
        with pytest.raises(socket.timeout):
            connection.recv(1)
        assert faulty.last()["fault"] == "never"
        faulty.clear_faults()
        connection.settimeout(60)
        assert connection.recv(1) == b"", "clearing the faults ends the wait"
    assert faulty.stored() == []


def test_a_truncated_reply_ends_short_of_its_length(faulty):
    faulty.fault("truncated_reply", body_bytes=1, count=1)
    received, was_reset = upload(faulty)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"Content-Length: 2" in head
    assert (body, was_reset) == (b"O", False)
    assert faulty.stored() == [(1, T, 1)]


def test_a_stalled_reply_stops_short_and_keeps_the_connection_open(faulty):
    faulty.fault("stalled_reply", body_bytes=1, count=1)
    with socket.create_connection(wire.address(faulty.url), timeout=0.5) as connection:
        connection.sendall(raw_upload(faulty, BODY, ["Content-Length: %d" % len(BODY)]))
        received = b""
        with pytest.raises(socket.timeout):
            while True:
                received += connection.recv(4096)
        assert received.startswith(b"HTTP/1.1 200 OK\r\n") and received.endswith(b"\r\n\r\nO")
    assert faulty.stored() == [(1, T, 1)]


def test_a_chunked_reply_is_the_right_one(faulty):
    faulty.fault("chunked_reply", count=1)
    reply = post(faulty, BATCH)
    assert (reply.status, reply.body, reply.headers["transfer-encoding"]) == (200, "OK", "chunked")
    assert "content-length" not in reply.headers
    faulty.fault("chunked_reply", count=1)
    request = raw_upload(faulty, BODY, ["Content-Length: %d" % len(BODY)]).replace(b"HTTP/1.1", b"HTTP/1.0")
    received, _ = exchange_raw(faulty, request)
    assert received.endswith(b"\r\n\r\nOK") and b"chunked" not in received


def test_an_unmeasured_reply_ends_with_the_connection(faulty):
    faulty.fault("unmeasured_reply", count=1)
    received, was_reset = upload(faulty)
    assert received.endswith(b"\r\n\r\nOK") and b"Content-Length" not in received
    assert not was_reset


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
    faulty.fault("garbage", text="SSH-2.0-nothing\r\n", count=1)
    assert upload(faulty) == (b"SSH-2.0-nothing\r\n", False)
    faulty.fault("garbage", count=1)
    with pytest.raises(http.client.BadStatusLine):
        post(faulty, BATCH)
    assert faulty.stored() == []


def test_a_huge_reply_is_as_large_as_asked(faulty):
    faulty.fault("huge_reply", bytes=3_000_000, count=1)
    reply = post(faulty, BATCH)
    assert (reply.status, len(reply.body)) == (200, 3_000_000)
    assert faulty.stored() == []


def test_a_slow_reply_comes_byte_by_byte(faulty):
    faulty.fault("slow_reply", seconds_per_byte=0.001, count=1)
    received, _ = upload(faulty)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n") and received.endswith(b"\r\n\r\nOK")
    assert faulty.stored() == [(1, T, 1)]


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


def test_429_says_when_to_come_back(faulty):
    faulty.fault("too_many_requests", retry_after_s=7, count=1)
    reply = post(faulty, BATCH)
    assert (reply.status, reply.headers["retry-after"]) == (429, "7")
    faulty.fault("too_many_requests", retry_after_s=-1, count=1)
    assert "retry-after" not in post(faulty, BATCH).headers
    assert faulty.stored() == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_errors(faulty, status):
    faulty.fault("server_error", status=status, count=1)
    reply = post(faulty, BATCH)
    assert reply.status == status and "retry-after" not in reply.headers
    faulty.fault("server_error", status=status, retry_after_s=60, count=1)
    assert post(faulty, BATCH).headers["retry-after"] == "60"
    assert faulty.stored() == []


@pytest.mark.parametrize("name, status", [("portal", 200), ("network_login", 511)])
def test_a_captive_portal_answers_with_a_page(faulty, name, status):
    faulty.fault(name, count=1)
    reply = post(faulty, BATCH)
    assert reply.status == status
    assert reply.headers["content-type"].startswith("text/html") and "<html>" in reply.body
    assert faulty.stored() == []


def test_a_captive_portal_redirects_to_its_login(faulty):
    faulty.fault("portal_redirect", location="http://192.0.2.9/in", count=1)
    reply = post(faulty, BATCH)
    assert (reply.status, reply.headers["location"]) == (302, "http://192.0.2.9/in")
    faulty.fault("portal_redirect", status=303, count=1)
    assert post(faulty, BATCH).status == 303
    assert faulty.stored() == []


def test_an_unknown_400(faulty):
    faulty.fault("unknown_400", text="Out of cheese.", count=1)
    reply = post(faulty, BATCH)
    assert (reply.status, reply.body) == (400, error("Out of cheese."))
    faulty.fault("invalid_token", count=1)
    assert post(faulty, BATCH).body == error("Invalid token.")
    assert faulty.stored() == []


def test_any_reply_can_be_made_up(faulty):
    faulty.fault("reply", status=200, body="ok", content_type="text/plain", stored=True, count=1)
    reply = post(faulty, BATCH)
    assert (reply.status, reply.body, reply.headers["content-type"].split(";")[0]) == (200, "ok", "text/plain")
    assert len(faulty.stored()) == 3


def test_a_made_up_reply_may_have_a_header_of_its_own(faulty):
    faulty.fault("reply", status=503, header="Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", count=1)
    reply = post(faulty, BATCH)
    assert (reply.status, reply.headers["retry-after"]) == (503, "Wed, 21 Oct 2026 07:28:00 GMT")
    assert faulty.stored() == []


def test_points_past_a_limit_can_vanish_behind_an_ok(faulty):
    faulty.fault("drop_past", keep=2, count=1)
    assert post(faulty, BATCH).body == "OK"
    assert faulty.stored() == [(1, T, 1), (1, T + 1, 2)]
    assert faulty.last()["message"] == "OK, but 2 of %d points stored" % len(BATCH)
    faulty.fault("drop_past", keep=0, count=1)
    assert post(faulty, BATCH).body == "OK"
    assert len(faulty.stored()) == 2
    assert faulty.last()["message"] == "OK, but 0 of %d points stored" % len(BATCH)
    faulty.fault("drop_past", count=1)
    assert post(faulty, BATCH).body == "OK"
    assert faulty.last()["message"] == "OK"


def test_a_wrong_date_is_hours_off(faulty):
    faulty.fault("date_off", hours=-2, count=1)
    date = email.utils.parsedate_to_datetime(post(faulty, BATCH).headers["date"]).timestamp()
    assert abs(date - (time.time() - 7200)) < 60
    assert len(faulty.stored()) == 3


def test_no_date_at_all(faulty):
    faulty.fault("no_date", count=1)
    reply = post(faulty, BATCH)
    assert reply.body == "OK" and "date" not in reply.headers
    assert "date" in post(faulty, BATCH).headers


def test_a_date_fault_combines_with_another(faulty):
    faulty.fault("no_date", count=1)
    faulty.fault("server_error", count=1)
    reply = post(faulty, BATCH)
    assert reply.status == 503 and "date" not in reply.headers
    assert faulty.last()["fault"] == "server_error+no_date"


def test_a_wrong_region_without_another_is_a_loop(faulty):
    faulty.fault("wrong_region", count=1)
    reply = post(faulty, BATCH, "V4")
    assert reply.status == 308
    assert reply.headers["location"] == faulty.upload_url("V4")
    assert faulty.stored() == []


def test_a_wrong_region_may_name_a_foreign_host(faulty):
    faulty.fault("wrong_region", location="https://evil.example", count=1)
    assert post(faulty, BATCH).headers["location"].startswith("https://evil.example" + wire.UPLOAD + "?token=")


@pytest.mark.parametrize("location", ["ny3", ""])
def test_a_wrong_region_sends_on_to_another_listener_which_answers(location):
    with Sandbox(tokens=["t@ny3"], region=["ny3"]) as sandbox:
        sandbox.fault("wrong_region", location=location)
        reply = post(sandbox, BATCH)
        assert reply.headers["location"].startswith(sandbox.regions["ny3"] + wire.UPLOAD)
        assert post(sandbox, BATCH, url=sandbox.regions["ny3"]).body == "OK"


def test_a_fault_lasts_for_its_count(faulty):
    faulty.fault("server_error", count=2)
    assert [post(faulty, BATCH).status for _ in range(3)] == [503, 503, 200]


def test_a_fault_without_a_count_lasts_until_cleared(faulty):
    faulty.fault("server_error")
    assert [post(faulty, BATCH).status for _ in range(3)] == [503] * 3
    faulty.clear_faults()
    assert post(faulty, BATCH).status == 200


def test_a_fault_can_let_requests_pass_first(faulty):
    faulty.fault("server_error", skip=2, count=1)
    assert [post(faulty, BATCH).status for _ in range(4)] == [200, 200, 503, 200]


def test_a_fault_can_be_for_one_pin(faulty):
    faulty.fault("server_error", pin=2)
    assert [post(faulty, BATCH, pin).status for pin in ("v1", "V2", "v2", "v3")] == [200, 503, 503, 200]


def test_a_fault_can_be_for_one_token():
    with Sandbox(tokens=["a", "b"]) as sandbox:
        sandbox.fault("server_error", token="b")
        assert [post(sandbox, BATCH, token=token).status for token in "ab"] == [200, 503]


def test_faults_follow_one_another(faulty):
    faulty.fault("server_error", count=1)
    faulty.fault("unknown_400", count=1)
    assert [post(faulty, BATCH).status for _ in range(3)] == [503, 400, 200]


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
