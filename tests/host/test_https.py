"""HTTPS on a real MicroPython against real TLS servers: what it trusts, what it sends, one connection per drain."""

import json
import ssl

import pytest

from tests.host.peers import DAY, NOW, OK, Authority, Scripted, Tap, server_context
from tools.sandbox.testing import Sandbox

TOKEN = "test-token-of-32-characters-0001"
HEAP = "172k"  # from source, with asyncio; docs/transports.md states it

DRAIN = """
import sys
import blynk_batch
url, token, ca, points, pins, way = sys.argv[1:7]
transport = blynk_batch.HTTPS(ca=ca or None)
ring = blynk_batch.FileRing("ring" + url[-5:], capacity_bytes=256 * 1024)
client = blynk_batch.Client(token, ring=ring, server=url, transport=transport)
for number in range(int(points)):
    client.log(1 + number % int(pins), number % 1000 / 4, timestamp=1648054765458 + number * 10000)
if way == "asyncio":
    import asyncio
    from blynk_batch.upload.run import drain
    result = asyncio.run(drain(client, None, None))
else:
    result = client.upload(timeout_s=20)
print(result.uploaded, result.requests, result.pending, result.error)
"""
both_ways = pytest.mark.parametrize("way", ["blocking", "asyncio"])


@pytest.fixture
def drain(run_on_device, authority):
    """drain(port, points=3, pins=1, way="blocking", ca=the authority's): what the device printed."""

    def run(port, points=3, pins=1, way="blocking", ca=None, scheme="https", heap=None, name="localhost"):
        ca = authority.pem if ca is None else ca
        url = "%s://%s:%d" % (scheme, name, port)
        return run_on_device(DRAIN, url, TOKEN, ca, points, pins, way, heap=heap).strip()

    return run


def tls_server(authority, script=lambda number: OK, **chain):
    return Scripted(script, server_context(authority.chain(**chain)))


@both_ways
def test_ten_thousand_points_go_over_one_verified_connection(authority, drain, way):
    with Sandbox([TOKEN], certificate=authority.chain(), ca=authority.pem) as sandbox, Tap(sandbox.port) as tap:
        assert drain(tap.port, 10000, 4, way, heap=HEAP) == "10000 4 0 None"
        assert tap.connections == 1
        expected = [(1 + n % 4, 1648054765458 + n * 10000, n % 1000 / 4) for n in range(10000)]
        assert sandbox.points() == sorted(expected)
        assert TOKEN.encode() not in tap.sent


@both_ways
def test_plain_http_goes_over_one_connection_too(drain, sandbox, way):
    with Tap(sandbox.port) as tap:
        assert drain(tap.port, 300, 5, way, ca="", scheme="http") == "300 5 0 None"
        assert tap.connections == 1 and len(sandbox.points()) == 300


VERSION = """
try:
    import tls
except ImportError:
    import ssl as tls
print(tls.MBEDTLS_VERSION)
"""


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_both_versions_of_tls_are_spoken(authority, drain, run_on_device, version):
    if version == "TLSv1_3" and run_on_device(VERSION).startswith("mbed TLS 2"):
        pytest.skip("this MicroPython's Mbed TLS has no TLS 1.3")
    context = server_context(authority.chain(), getattr(ssl.TLSVersion, version))
    with Scripted(lambda number: OK, context) as server:
        assert drain(server.port) == "3 1 0 None"
        assert json.loads(server.bodies[0]) == [[1648054765458 + n * 10000, n / 4] for n in range(3)]


FORMS = """
import sys
import blynk_batch
url, token, pem, der, other = sys.argv[1:6]
def read(path, mode):
    with open(path, mode) as file:
        return file.read()
forms = [pem, der, read(pem, "r"), read(pem, "rb"), read(der, "rb"), bytearray(read(der, "rb")), (other, der)]
forms.append(read(other, "r") + read(pem, "r"))
for number, ca in enumerate(forms):
    ring = blynk_batch.FileRing("ring%d" % number, capacity_bytes=64 * 1024)
    with blynk_batch.Client(token, ring=ring, server=url, transport=blynk_batch.HTTPS(ca=ca)) as client:
        client.log(1, number)
        result = client.upload()
        print(number, result.uploaded, result.error)
for ca in ("no/such/file.pem", b"", b"\\x01\\x02", 7, (7,), ""):
    try:
        blynk_batch.HTTPS(ca=ca)
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)
"""


def test_the_root_may_be_pem_or_der_as_bytes_or_text_or_file_or_several(authority, run_on_device, tmp_path):
    other = tmp_path / "other.pem"
    other.write_bytes(Authority(tmp_path).root.cert_pem.bytes())
    with tls_server(authority) as server:
        url = "https://localhost:%d" % server.port
        lines = run_on_device(FORMS, url, TOKEN, authority.pem, authority.der, other).splitlines()
    assert lines[:8] == ["%d 1 None" % number for number in range(8)]
    kinds = [line.split()[0] for line in lines[8:]]
    assert kinds == ["ValueError"] * 3 + ["TypeError"] * 2 + ["ValueError"]
    assert all("ca: " in line for line in lines[8:])
    assert "no/such/file.pem" in lines[8]


REFUSED = {
    "a wrong host": ({"name": "example.org"}, "does not match"),
    "an expired certificate": ({"not_before": NOW - 9 * DAY, "not_after": NOW - DAY}, "has expired"),
    "a certificate that is not valid yet": ({"not_before": NOW + DAY, "not_after": NOW + 9 * DAY}, "in the future"),
}


def assert_refused(output, tap, server, *words):
    counts, _, error = output.partition(" 3 ")  # nothing uploaded, all three points are pending
    assert counts == "0 1" and TOKEN not in output, output
    for word in words:
        assert word in error, output
    assert tap.connections == 1 and len(tap.sent) > 0
    assert TOKEN.encode() not in tap.sent and server.requests == []


@both_ways
@pytest.mark.parametrize("case", REFUSED)
def test_the_token_never_leaves_for(authority, drain, way, case):
    chain, words = REFUSED[case]
    with tls_server(authority, **chain) as server, Tap(server.port) as tap:
        assert_refused(drain(tap.port, way=way), tap, server, "certificate of localhost", words)


@both_ways
def test_the_token_never_leaves_for_an_unknown_authority_or_a_self_signed_certificate(authority, drain, way, tmp_path):
    stranger = Authority(tmp_path)
    for chain in (stranger.chain(), authority.self_signed()):
        with Scripted(lambda number: OK, server_context(chain)) as server, Tap(server.port) as tap:
            assert_refused(drain(tap.port, way=way), tap, server, "not correctly signed by the trusted CA")


@both_ways
def test_the_token_never_leaves_for_a_server_without_tls(drain, way):
    with Scripted(lambda number: OK) as server, Tap(server.port) as tap:
        # Plain text in place of TLS: as a server answers that was asked in a way it does not understand.
        def serve(connection, number):
            tap.sent += connection.recv(4096)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        tap.serve = serve
        assert_refused(drain(tap.port, way=way), tap, server, "no TLS with localhost")


def test_without_a_root_nothing_is_sent_over_https(drain, authority):
    with tls_server(authority) as server:
        output = drain(server.port, ca="")
        assert output.startswith("0 1 3 ") and "HTTPS(ca=...)" in output
        assert server.requests == []


def test_a_clock_that_is_not_set_is_named_as_the_reason(authority, run_on_device):
    unset = "import blynk_batch.clock.wall\nblynk_batch.clock.wall.BUILD_MS = 9 * 10**12\n" + DRAIN
    with tls_server(authority, not_before=NOW + DAY, not_after=NOW + 9 * DAY) as server:
        url = "https://localhost:%d" % server.port
        output = run_on_device(unset, url, TOKEN, authority.pem, 3, 1, "blocking")
    assert "clock is not set, it shows %d-" % NOW.year in output and "NTP" in output


OLD_TLS = """
import sys
class Old:
    # What MicroPython 1.20 and 1.21 have: a function, and no context that loads a root certificate.
    CERT_REQUIRED = 2
    def wrap_socket(self, sock, server_side=False, cert_reqs=0, cadata=None, server_hostname=None, do_handshake=True):
        return sock
sys.modules["tls"] = sys.modules["ssl"] = Old()
"""


def test_a_firmware_that_cannot_verify_sends_nothing(authority, run_on_device):
    with tls_server(authority) as server:
        arguments = "https://localhost:%d" % server.port, TOKEN, authority.der, 3, 1, "blocking"
        output = run_on_device(OLD_TLS + DRAIN, *arguments)
        assert output.startswith("0 1 3 ") and "update it to MicroPython 1.22" in output
        assert server.connections == 0


# One connection


@both_ways
def test_a_connection_that_the_server_closes_after_each_reply_is_opened_anew(authority, drain, way):
    for scheme, context in (("https", server_context(authority.chain())), ("http", None)):
        with Scripted(lambda number: (OK, "close"), context) as server:
            assert drain(server.port, 90, 3, way, scheme=scheme) == "90 3 0 None"
            assert [number for number, _, _ in server.requests] == [0, 1, 2]
            assert len(set(server.bodies)) == 3


@both_ways
def test_a_batch_that_a_kept_connection_ends_under_is_sent_once_more_on_a_new_one(authority, drain, way):
    # The server takes the second request whole, and ends the connection without a byte: it had given it up.
    with tls_server(authority, lambda number: None if number == 1 else OK) as server:
        assert drain(server.port, 90, 3, way) == "90 3 0 None"
        assert [number for number, _, _ in server.requests] == [0, 0, 1, 1]
        assert server.bodies[1] == server.bodies[2] and len(set(server.bodies)) == 3


@both_ways
def test_a_batch_is_not_sent_again_at_once_otherwise(authority, drain, way):
    partial = (b"HTTP/1.1 200 OK\r\nContent-Le", "close")
    cases = {
        "the first on its connection": (lambda number: None, 1, "0 1 3 "),
        "some of a reply had come": (lambda number: OK if number == 0 else partial, 2, "1 2 2 "),
        "the second one failed as well": (lambda number: OK if number == 0 else None, 3, "1 2 2 "),
    }
    for script, requests, output in cases.values():
        with tls_server(authority, script) as server:
            assert drain(server.port, 3, 3, way).startswith(output)
            assert len(server.requests) == requests


SILENCE = DRAIN.replace("client.upload(timeout_s=20)", "client.upload(timeout_s=1)").replace(
    "drain(client, None, None)", "drain(client, 1, None)"
)


@both_ways
def test_silence_ends_with_a_timeout_and_is_not_asked_again(authority, run_on_device, way):
    with tls_server(authority, lambda number: OK if number == 0 else "wait") as server:
        url = "https://localhost:%d" % server.port
        output = run_on_device(SILENCE, url, TOKEN, authority.pem, 3, 3, way)
        assert output.startswith("1 2 2 ") and "ETIMEDOUT" in output
        assert len(server.requests) == 2


@both_ways
def test_a_handshake_that_never_ends_is_left_by_the_callers_time(run_on_device, authority, way):
    class Mute(Scripted):
        def serve(self, connection, number):
            while connection.recv(4096):
                pass

    with Mute(None) as server:
        url = "https://localhost:%d" % server.port
        script = SILENCE.replace("result.error)", "result.waiting)")
        assert run_on_device(script, url, TOKEN, authority.pem, 3, 1, way) == "0 1 3 time\n"


# Replies

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
REPLIES = {
    "of a length": (OK, "1 1 0 None"),
    "in chunks": (CHUNKED + b"1\r\nO\r\n1;x=y\r\nK\r\n0\r\nA: b\r\n\r\n", "1 1 0 None"),
    "to the end": ((b"HTTP/1.0 200 OK\r\n\r\nOK", "close"), "1 1 0 None"),
    "without a body": (b"HTTP/1.1 204 None\r\n\r\n", "0 1 1 the server answered 204"),
    "empty": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "1 1 0 None"),
    "announced": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + OK, "1 1 0 None"),
    "with long headers": (OK.replace(b"\r\n\r\n", b"\r\nX: " + b"y" * 5000 + b"\r\n\r\n"), "1 1 0 None"),
    "cut in its body": ((OK[:-1], "close"), "0 1 1 no reply"),
    "cut in a chunk": ((CHUNKED + b"2\r\nO", "close"), "0 1 1 no reply"),
    "cut before the last chunk": ((CHUNKED + b"2\r\nOK\r\n", "close"), "0 1 1 no reply"),
    "no http": ((b"220 mail ready\r\n", "close"), "0 1 1 no reply"),
    "endless": ((b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20000, "close"), "0 1 1 no reply"),
    "too many headers": (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "0 1 1 no reply"),
    "huge": (b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"<p>" * 30000, "0 1 1 the server answered 200"),
    "elsewhere": (b"HTTP/1.1 302 Found\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n", "0 1 1 the server"),
}
EACH = """
import sys
import blynk_batch
ca, token = sys.argv[1:3]
for url in sys.argv[3:]:
    ring = blynk_batch.FileRing("ring" + url[-5:], capacity_bytes=64 * 1024)
    transport = blynk_batch.HTTPS(ca=ca)
    with blynk_batch.Client(token, ring=ring, server=url, transport=transport) as client:
        client.log(1, 1, timestamp=1648054765458)
        result = client.upload()
        print(result.uploaded, result.requests, result.pending, result.error)
"""


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_replies_are_read_by_their_framing_and_never_followed(authority, run_on_device, scheme):
    context = server_context(authority.chain()) if scheme == "https" else None
    servers = [Scripted(lambda number, answer=answer: answer, context) for answer, _ in REPLIES.values()]
    try:
        urls = ["%s://localhost:%d" % (scheme, server.port) for server in servers]
        lines = run_on_device(EACH, authority.pem, TOKEN, *urls).splitlines()
        for (name, (_, expected)), line, server in zip(REPLIES.items(), lines, servers):
            assert line.startswith(expected), (name, line)
            assert len(server.requests) == 1, name
    finally:
        for server in servers:
            server.__exit__()


@both_ways
def test_a_reason_that_comes_before_the_batch_is_sent_is_heard(authority, drain, way):
    class Impatient(Scripted):
        def serve(self, connection, number):
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: 77\r\nContent-Length: 0\r\n\r\n")
            while connection.recv(65536):
                pass

    with Impatient(None) as server:
        assert drain(server.port, 900, 1, way, ca="", scheme="http").startswith("0 1 900 the server answered 503")


@both_ways
def test_a_batch_is_sent_to_its_end_though_the_server_says_continue_unasked(drain, way):
    bodies = []

    class Encouraging(Scripted):
        def serve(self, connection, number):
            data = connection.recv(100)
            connection.sendall(b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n")
            while not data.endswith(b"]]"):
                data += connection.recv(65536)
            bodies.append(json.loads(data.partition(b"\r\n\r\n")[2]))
            connection.sendall(OK)

    with Encouraging(None) as server:
        assert drain(server.port, 900, 1, way, ca="", scheme="http") == "900 1 0 None"
    assert [len(body) for body in bodies] == [900]


def test_another_region_is_followed_over_tls_and_verified_again(authority, drain):
    options = {"certificate": authority.chain(), "ca": authority.pem, "region": ["ny3"]}
    with Sandbox([TOKEN + "@ny3"], **options) as sandbox:
        port = int(sandbox.regions["home"].rpartition(":")[2])
        assert drain(port, 30, 3) == "30 4 0 None"
        assert {batch["region"] for batch in sandbox.batches()} == {"ny3"}


# Nothing stays open

LEAK = """
import asyncio
import os
import sys
import blynk_batch
from blynk_batch.upload.run import drain

ca, token, *urls = sys.argv[1:]

def descriptors():
    return len(list(os.ilistdir("/proc/self/fd")))

class Clock:
    ms = 1795000000000
    def now(self):
        Clock.ms += 86400000 // 20
        return Clock.ms
    uptime = now

async def cancelled(client):
    task = asyncio.create_task(drain(client, 5, None))
    await asyncio.sleep_ms(3)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass

ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
before = None
for turn in range(30):
    for url in urls:
        transport = blynk_batch.HTTPS(ca=ca)
        with blynk_batch.Client(token, ring=ring, server=url, transport=transport, clock=Clock()) as client:
            client.log(1, 1, timestamp=1648054765458)
            client.upload()
            asyncio.run(drain(client, 5, None))
            asyncio.run(cancelled(client))
            assert client.pending
        ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
    if turn == 2:
        before = descriptors()
assert descriptors() == before, (before, descriptors())
print("failures", 30 * 3 * len(urls))
"""


def test_no_descriptor_stays_open_over_hundreds_of_failures(authority, run_on_device, tmp_path):
    with tls_server(authority, lambda number: (OK[:-1], "close")) as cut, tls_server(Authority(tmp_path)) as unknown:
        with Scripted(lambda number: None) as silent:
            urls = ["https://localhost:%d" % cut.port, "https://localhost:%d" % unknown.port]
            urls += ["http://localhost:%d" % silent.port, "http://localhost:1"]
            assert run_on_device(LEAK, authority.pem, TOKEN, *urls) == "failures 360\n"
