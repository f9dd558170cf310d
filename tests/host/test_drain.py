"""The main job over real HTTP: MicroPython logs and uploads, the sandbox's database says what arrived."""

import sys
import tempfile
from pathlib import Path

import pytest

from tools import device
from tools.device import FROZEN, LIB
from tools.compiled import compile_library

OPEN = """
import sys
import blynk_batch

url, token = sys.argv[1:3]
ring = blynk_batch.FileRing("ring", capacity_bytes=256 * 1024)
client = blynk_batch.Client(token, ring=ring, server=url)
"""
TEN_THOUSAND = (
    OPEN
    + """
for number in range(10000):
    client.log(1, round(20 + number % 1000 / 100, 2), timestamp=1648054765458 + number * 10000)
print(client.upload())
"""
)


@pytest.fixture
def compiled_lib(tmp_path):
    """lib/ as boards get it."""
    folder = tmp_path / "lib"
    compile_library(folder)
    return folder


def assert_ten_thousand_arrived(sandbox, output):
    assert output == "<Result uploaded=10000 requests=1 pending=0>\n"
    expected = [(1, 1648054765458 + number * 10000, 20 + number % 1000 / 100) for number in range(10000)]
    arrived = sandbox.points()
    assert [point[:2] for point in arrived] == [point[:2] for point in expected]
    assert all(abs(point[2] - wanted[2]) < 1e-9 for point, wanted in zip(arrived, expected))
    assert len(sandbox.batches()) == 1


def test_a_client_makes_its_folder_and_logs_from_source_in_a_heap_of_106_kb(run_on_device):
    source = """
import blynk_batch
client = blynk_batch.Client("token", ring=blynk_batch.FileRing("ring"))
client.log(1, 20.5)
print(client.pending)
"""
    assert run_on_device(source, heap="106k") == "1\n"


def test_ten_thousand_points_arrive_in_one_request_from_a_heap_of_160_kb(sandbox, run_on_device):
    assert_ten_thousand_arrived(sandbox, run_on_device(TEN_THOUSAND, sandbox.url, sandbox.token, heap="160k"))


WHOLE = """
import sys
import blynk_batch


class Clock:
    ms = 1800000000000

    def now(self):
        return self.ms

    def uptime(self):
        return self.ms - 1800000000000


class Whole:
    streams = False
    points = 0

    def post(self, url, headers, body, timeout_s):
        self.points += sum([piece.count(b"[") for piece in body]) - 1
        return 200, {"content-length": "2"}, b"OK"


clock, whole = Clock(), Whole()
ring = blynk_batch.FileRing("ring", capacity_bytes=64 * 1024)
client = blynk_batch.Client("x" * 32, ring=ring, clock=clock, transport=whole)
for number in range(600):
    client.log(1, (2000 + number % 900) / 100)
    clock.ms += 10000
for _ in range(6):
    result = client.upload()
    if not client.pending:
        break
    clock.ms += 4000000
print(result.error, client.pending, whole.points, result.requests)
"""


@pytest.mark.parametrize("port", ["", Path(sys.executable).with_name("micropython")], ids=["unix", "newest"])
def test_six_hundred_points_leave_in_whole_bodies_from_source_in_a_heap_of_128_kb(port, monkeypatch):
    if port:
        if not port.exists():
            pytest.skip("no newest Unix port for this machine")
        monkeypatch.setenv("MICROPYTHON", str(port))
    with tempfile.TemporaryDirectory() as folder:  # paths take room, too, so these are short
        (Path(folder) / "checkout").mkdir()
        (Path(folder) / "checkout" / "lib").symlink_to(LIB)
        (Path(folder) / "whole.py").write_text(WHOLE)
        done = device.run("whole.py", heap="128k", paths=("checkout/lib", FROZEN), cwd=folder, timeout=60)
    error, pending, points, requests = done.stdout.split()
    assert (error, pending, points) == ("None", "0", "600") and int(requests) < 20, done.stdout


def test_compiled_for_a_board_a_heap_of_116_kb_does(sandbox, run_on_device, compiled_lib):
    output = run_on_device(TEN_THOUSAND, sandbox.url, sandbox.token, heap="124k", lib=compiled_lib)
    assert_ten_thousand_arrived(sandbox, output)


EXAMPLE = (
    OPEN
    + """
for ms, value in ((1648054765458, 1.0), (1648054825459, 2.0), (1648054885460, 3.0)):
    client.log("v1", value, timestamp=ms)
print(client.upload())
"""
)


def test_the_documents_own_example_arrives_and_is_equal(sandbox, run_on_device):
    assert run_on_device(EXAMPLE, sandbox.url, sandbox.token) == "<Result uploaded=3 requests=1 pending=0>\n"
    assert sandbox.points() == [(1, 1648054765458, 1.0), (1, 1648054825459, 2.0), (1, 1648054885460, 3.0)]


REFUSED = (
    OPEN
    + """
client.log_group({1: 1, 2: 2})
result = client.upload()
print(type(result.error).__name__, result.error.status, result.uploaded, result.pending, client.stats()["held"])
print(result.error)
"""
)


def test_a_wrong_token_keeps_everything_and_stops(sandbox, run_on_device):
    output = run_on_device(REFUSED, sandbox.url, "another-token-of-32-characters-1")
    assert output.splitlines() == ["InvalidToken 400 0 2 0", "the server answered 400: Invalid token."]
    assert sandbox.points() == []


def test_a_pin_that_the_server_will_not_have_is_held_and_the_others_go_on(sandbox, run_on_device):
    text = '{"error":{"message":"Wrong pin format."}}'
    sandbox.fault("reply", pin=1, status=400, body=text)
    output = run_on_device(REFUSED, sandbox.url, sandbox.token)
    assert output.splitlines() == ["PinRefused 400 1 1 1", "the server answered 400: Wrong pin format."]
    assert [point[0] for point in sandbox.points()] == [2]


def test_a_batch_of_too_much_data_is_sent_again_in_smaller_ones(sandbox, run_on_device):
    script = OPEN.replace("server=url)", "server=url, batch_points=20000)")
    script += "for n in range(10001): client.log(1, n, timestamp=1648054765458 + n)\nprint(client.upload())\n"
    output = run_on_device(script, sandbox.url, sandbox.token)
    assert output == "<Result uploaded=10001 requests=4 pending=0>\n", output
    assert [value for _, _, value in sandbox.points()] == list(range(10001))
