"""The firmware's `requests` of every version: each does the same here, since it only connects."""

from pathlib import Path

import pytest

from tests.host.peers import OK, WIRE, Scripted
from tools.sandbox.testing import Sandbox

DEVICE = Path(__file__).resolve().parents[1] / "device"
TOKEN = "test-token-of-32-characters-0001"
VERSIONS = ["1.20", "1.21", "1.24", "1.29", "frozen"]

DRAIN = """
import sys
sys.path.append(sys.argv[1])
import blynk_batch
import firmware_requests

versions, count = sys.argv[2].split(","), int(sys.argv[3])
for version, url in zip(versions, sys.argv[4:]):
    module = None if version == "frozen" else firmware_requests.module(version)
    transport = blynk_batch.Requests(module)
    ring = blynk_batch.FileRing("ring" + version + url[-5:], capacity_bytes=64 * 1024)
    with blynk_batch.Client("test-token-of-32-characters-0001", ring=ring, server=url, transport=transport) as client:
        for number in range(count):
            client.log(1, number, timestamp=1648054765458 + number)
        result = client.upload(timeout_s=2)
        error = str(result.error).replace("\\n", " ")
        print(version, result.uploaded, result.requests, result.pending, error)
"""


@pytest.fixture
def drain(run_on_device):
    """drain(urls, points=1, versions=VERSIONS): {version: what the device printed after it}"""

    def run(urls, points=1, versions=VERSIONS):
        urls = urls if isinstance(urls, list) else [urls] * len(versions)
        lines = run_on_device(DRAIN, DEVICE, ",".join(versions), points, *urls).splitlines()
        assert [line.split()[0] for line in lines] == versions
        return {line.split()[0]: line.partition(" ")[2] for line in lines}

    return run


def test_every_version_delivers_in_one_streamed_batch(drain):
    with Sandbox([TOKEN]) as sandbox:
        assert drain(sandbox.url, 500) == dict.fromkeys(VERSIONS, "500 1 0 None")
        assert len(sandbox.points()) == 500 * len(VERSIONS)


def test_a_module_that_writes_nothing_is_told_to_be_of_no_use(run_on_device):
    script = """
import blynk_batch

class Silent:
    socket = None

    def request(self, method, url):
        pass

try:
    blynk_batch.Requests(Silent()).post("http://localhost/x", {}, (b"[]",), 1)
except blynk_batch.NetworkError as e:
    print(e)
"""
    assert "cannot be used" in run_on_device(script)


def test_a_module_that_connects_again_after_a_fault_sends_the_whole_request_again(run_on_device):
    script = """
import blynk_batch

class Faulty(Wire):
    def __init__(self, faults):
        super().__init__()
        self.faults = faults

    def write(self, data):
        super().write(data)
        if self.faults and len(b"".join(self.sent)) > 2000:
            raise OSError(104)

class Stubborn:
    socket = None
    wires = []

    def request(self, method, url):
        for faults in (True, False):
            self.wires.append(Faulty(faults))
            made = self.socket.socket()
            try:
                made.write(b"POST")
            except blynk_batch.http.requests.Heard:
                raise
            except OSError:
                pass

class Sockets:
    def socket(self):
        return Stubborn.wires[-1]

module = Stubborn()
module.socket = Sockets()
print(blynk_batch.Requests(module).post("http://localhost/x", {"Content-Length": "6000"}, (b"[]" * 300,) * 10, 1)[0])
head, _, body = b"".join(module.wires[1].sent).partition(b"\\r\\n\\r\\n")
print(len(module.wires), head.split()[:2], len(body))
"""
    assert run_on_device(WIRE + script) == "200\n2 [b'POST', b'/x'] 6000\n"


def test_sockets_whose_close_raises_change_no_reply_and_keep_no_other_open(run_on_device):
    script = """
import blynk_batch

class Dead(Wire):
    def close(self):
        print("closed")
        raise OSError(128)

class Sockets:
    socket = Dead

class Module:
    socket = Sockets()

    def request(self, method, url):
        self.socket.socket()
        made = self.socket.socket()
        try:
            made.write(b"POST")
        except OSError:  # as the firmware's does
            made.close()
            raise

print(blynk_batch.Requests(Module()).post("http://localhost/x", {}, (b"[]",), 1)[0])
"""
    assert run_on_device(WIRE + script) == "closed\n" * 3 + "200\n"


def test_a_watchdog_is_fed_between_any_two_waits_of_the_firmware(run_on_device):
    script = """
import blynk_batch

waits = []

class Waiting(Wire):
    def connect(self, address):
        waits.append("connect")

    def write(self, data):
        waits.append("write")

    def read(self, size):
        waits.append("read")
        return super().read(size)

class Sockets:
    def getaddrinfo(self, *_):
        waits.append("look up")

    def socket(self):
        return Waiting()

class Firmware:
    socket = Sockets()

    def request(self, method, url):
        self.socket.getaddrinfo(url)
        made = self.socket.socket()
        made.connect("address")
        made.write(b"POST")

class Body:
    def watchdog(self):
        waits.append("fed")

    def __iter__(self):
        yield b"[" + b" " * 2000
        yield b"]"

print(blynk_batch.Requests(Firmware()).post("http://localhost/x", {}, Body(), 1)[0])
print([waits[at - 1 : at + 1] for at in range(1, len(waits)) if waits[at] != "fed" != waits[at - 1]])
"""
    assert run_on_device(WIRE + script) == "200\n[]\n"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_version_follows_a_redirect_to_a_stranger(drain, status):
    with Scripted(lambda number: OK) as stranger:
        head = "HTTP/1.1 %d Moved\r\nlocation: http://127.0.0.1:%d/external/api/batch/update?x\r\n" % (
            status, stranger.port,
        )  # fmt: skip
        with Scripted(lambda number: ((head + "Content-Length: 0\r\n\r\n").encode(), "close")) as server:
            output = drain("http://localhost:%d" % server.port)
            for version in VERSIONS:
                assert output[version].split()[:3] == ["0", "1", "1"], (version, output[version])
            assert len(server.requests) == len(VERSIONS)
        assert stranger.connections == 0


def test_every_version_learns_its_region(drain):
    with Sandbox([TOKEN + "@ny3"], region=["ny3"]) as sandbox:
        output = drain(sandbox.regions["home"].replace("127.0.0.1", "localhost"))
        for version in VERSIONS:
            assert output[version] == "1 2 0 None", (version, output[version])


def test_half_a_reply_is_no_acceptance_with_any_version(drain):
    for half in (OK[:-2], OK[:-1], b"HTTP/1.1 200 OK\r\nContent-Len", b"HTTP/1.1 200 OK\r\n", b"HT", b""):
        with Scripted(lambda number, half=half: (half, "close")) as server:
            output = drain("http://localhost:%d" % server.port)
            for version in VERSIONS:
                assert output[version].split()[:3] == ["0", "1", "1"], (half, version, output[version])


def test_a_reply_in_chunks_is_read_with_every_version(drain):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nO\r\n1\r\nK\r\n0\r\n\r\n"
    with Scripted(lambda number: (chunked, "close")) as server:
        assert drain("http://localhost:%d" % server.port) == dict.fromkeys(VERSIONS, "1 1 0 None")


def test_silence_ends_with_a_timeout_in_every_version(drain):
    with Scripted(lambda number: "wait") as server:
        output = drain("http://localhost:%d" % server.port)
        for version in VERSIONS:
            assert output[version].split()[:3] == ["0", "1", "1"] and "110" in output[version], output[version]


LEAK = """
import os
import sys
sys.path.append(sys.argv[1])
import blynk_batch
import firmware_requests

def descriptors():
    return len(list(os.ilistdir("/proc/self/fd")))

class Body:
    def __iter__(self):
        yield b"[[1648054765458,1]]"

for version in sys.argv[2].split(","):
    transport = blynk_batch.Requests(None if version == "frozen" else firmware_requests.module(version))
    before = descriptors()
    failed = 0
    for turn in range(20):
        for url in sys.argv[3:]:
            try:
                transport.post(url + "/x", {"Content-Length": "19"}, Body(), 1)
            except Exception:
                failed += 1
    assert descriptors() == before, version
    print(version, failed)
"""


def test_no_descriptor_stays_open_over_failures(run_on_device):
    with Scripted(lambda number: (OK[:-1], "close")) as cut, Scripted(lambda number: (b"garbage\r\n", "close")) as odd:
        urls = ["http://localhost:%d" % cut.port, "http://localhost:%d" % odd.port, "http://localhost:1"]
        output = run_on_device(LEAK, DEVICE, ",".join(VERSIONS), *urls)
        assert output == "".join("%s 60\n" % version for version in VERSIONS)
