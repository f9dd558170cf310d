"""The default transport, `Requests`: one batch over a connection of its own."""

import pytest

from tests.host.peers import OK, WIRE, Scripted
from tools.sandbox.testing import Sandbox

TOKEN = "test-token-of-32-characters-0001"

DRAIN = """
import sys
import blynk_batch

ring = blynk_batch.FileRing("ring" + sys.argv[1][-5:], capacity_bytes=64 * 1024)
with blynk_batch.Client("test-token-of-32-characters-0001", ring=ring, server=sys.argv[1]) as client:
    for number in range(int(sys.argv[2])):
        client.log(1, number, timestamp=1648054765458 + number)
    result = client.upload(timeout_s=2)
    error = str(result.error).replace("\\n", " ")
    print(result.uploaded, result.requests, result.pending, error)
"""


@pytest.fixture
def drain(run_on_device):
    """drain(url, points=1): what the device printed"""
    return lambda url, points=1: run_on_device(DRAIN, url, points).rstrip("\n")


def test_a_batch_goes_out_whole(drain):
    with Sandbox([TOKEN]) as sandbox:
        assert drain(sandbox.url, 500) == "500 1 0 None"
        assert len(sandbox.points()) == 500


def test_a_socket_whose_close_raises_changes_no_reply(run_on_device):
    script = """
import sys
import blynk_batch

class Dead(Wire):
    def close(self):
        print("closed")
        raise OSError(128)

sys.modules["socket"] = Sockets(Dead)
print(blynk_batch.Requests().post("http://localhost/x", {}, (b"[]",), 1)[0])
"""
    assert run_on_device(WIRE + script).endswith("closed\n200\n")


def test_a_write_that_took_only_a_part_is_no_request_that_went_out(run_on_device):
    script = """
import sys
import blynk_batch

class Cut(Wire):
    def write(self, data):
        self.sent.append(data)
        return took(len(data)) if len(self.sent) > 1 else len(data)

sys.modules["socket"] = Sockets(Cut)
for took in (lambda size: size // 2, lambda size: 0, lambda size: None, lambda size: size):
    try:
        print(blynk_batch.Requests().post("http://localhost/x", {}, (b" " * 2000, b"[]"), 1)[0])
    except OSError as e:
        print(e)
"""
    assert run_on_device(WIRE + script) == 3 * "the request was cut short\n" + "200\n"


def test_a_watchdog_is_fed_between_any_two_waits_for_the_network(run_on_device):
    script = """
import sys
import blynk_batch

waits = []

class Waiting(Wire):
    def connect(self, address):
        waits.append("connect")

    def write(self, data):
        waits.append("write")
        return len(data)

    def read(self, size):
        waits.append("read")
        return super().read(size)

    def wrap_socket(self, *_, server_hostname):
        waits.append("handshake")
        return self

class Network(Sockets):
    def getaddrinfo(self, *_):
        waits.append("look up")
        return super().getaddrinfo()

class Tls:
    wrap_socket = Waiting().wrap_socket

class Body:
    def watchdog(self):
        waits.append("fed")

    def __iter__(self):
        yield b"[" + b" " * 2000
        yield b"]"

sys.modules["socket"], sys.modules["tls"] = Network(Waiting), Tls()
print(blynk_batch.Requests().post("https://localhost/x", {}, Body(), 1)[0], len(set(waits)))
print([waits[at - 1 : at + 1] for at in range(1, len(waits)) if waits[at] != "fed" != waits[at - 1]])
"""
    assert run_on_device(WIRE + script) == "200 6\n[]\n"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_to_a_stranger_is_followed(drain, status):
    with Scripted(lambda number: OK) as stranger:
        head = "HTTP/1.1 %d Moved\r\nlocation: http://127.0.0.1:%d/external/api/batch/update?x\r\n" % (
            status, stranger.port,
        )  # fmt: skip
        with Scripted(lambda number: ((head + "Content-Length: 0\r\n\r\n").encode(), "close")) as server:
            assert drain("http://localhost:%d" % server.port).split()[:3] == ["0", "1", "1"]
            assert len(server.requests) == 1
        assert stranger.connections == 0


def test_it_learns_its_region(drain):
    with Sandbox([TOKEN + "@ny3"], region=["ny3"]) as sandbox:
        assert drain(sandbox.regions["home"].replace("127.0.0.1", "localhost")) == "1 2 0 None"


def test_half_a_reply_is_no_acceptance(drain):
    for half in (OK[:-2], OK[:-1], b"HTTP/1.1 200 OK\r\nContent-Len", b"HTTP/1.1 200 OK\r\n", b"HT", b""):
        with Scripted(lambda number, half=half: (half, "close")) as server:
            assert drain("http://localhost:%d" % server.port).split()[:3] == ["0", "1", "1"], half


def test_a_reply_in_chunks_is_read(drain):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nO\r\n1\r\nK\r\n0\r\n\r\n"
    with Scripted(lambda number: (chunked, "close")) as server:
        assert drain("http://localhost:%d" % server.port) == "1 1 0 None"


def test_silence_ends_with_a_timeout(drain):
    with Scripted(lambda number: "wait") as server:
        told = drain("http://localhost:%d" % server.port)
        assert told.split()[:3] == ["0", "1", "1"] and "110" in told, told


TLS = """
import sys
import blynk_batch

class Context:
    def wrap_socket(self, raw, server_hostname):
        print(server_hostname, getattr(self, "verify_mode", "no context"))
        return raw

class New:
    PROTOCOL_TLS_CLIENT, CERT_NONE = 0, "verifies nothing"

    def SSLContext(self, protocol):
        return Context()

def posted():
    return blynk_batch.Requests().post("https://localhost/x", {}, (b"[]",), 1)[0]

real = __import__
firmware = sys.modules["blynk_batch.http.requests"] if blynk_batch.Requests else None
sys.modules["socket"] = Sockets(Wire)
for modules in ({"tls": New()}, {"ssl": New()}, {"ssl": Context()}, {"ussl": Context()}, {}):
    def without(name, *rest):
        if name in ("tls", "ssl", "ussl"):
            if name in modules:
                return modules[name]
            raise ImportError(name)
        return real(name, *rest)
    firmware.__import__ = without
    try:
        print(posted())
    except blynk_batch.NetworkError as e:
        print(e)
"""


def test_tls_is_made_by_whichever_module_the_firmware_has(run_on_device):
    new, old = "localhost verifies nothing\n200\n", "localhost no context\n200\n"
    assert run_on_device(WIRE + TLS) == 2 * new + 2 * old + "this firmware has no TLS\n"


LEAK = """
import os
import sys
import blynk_batch

def descriptors():
    return len(list(os.ilistdir("/proc/self/fd")))

class Body:
    def __iter__(self):
        yield b"[[1648054765458,1]]"

transport = blynk_batch.Requests()
before = descriptors()
failed = 0
for turn in range(20):
    for url in sys.argv[1:]:
        try:
            transport.post(url + "/x", {"Content-Length": "19"}, Body(), 1)
        except Exception:
            failed += 1
assert descriptors() == before
print(failed)
"""


def test_no_descriptor_stays_open_over_failures(run_on_device):
    with Scripted(lambda number: (OK[:-1], "close")) as cut, Scripted(lambda number: (b"garbage\r\n", "close")) as odd:
        urls = ["http://localhost:%d" % cut.port, "http://localhost:%d" % odd.port, "http://localhost:1"]
        assert run_on_device(LEAK, *urls, "https://localhost:%d" % odd.port) == "80\n"
