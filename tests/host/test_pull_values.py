"""make pull gives back what was logged: values that could break a file's lines, and cards of every make and size."""

import csv
import json
import os
import re
import time

import pytest

from tests.host.pulled import pull
from tools import device

ODD = ["a,b", "x\ny", "r\rz", 'say "no"', "ü€😀", "", " ", "=1+1", "null", "42", "\u2028", "\0"]
ODD += [-0.0, 1e300, 1e-7, 2**63 - 1, -(2**63), True, False, [13.4, 52.5]]
# argv: the values as JSON, or how many; for a card the bytes it writes at once, 0 for FAT, and where to save it
MAKE = """
import json, sys
sys.path.append(%r)
import blynk_batch
from flash import SdCard, mount

values = json.loads(sys.argv[1])
values = range(values) if isinstance(values, int) else values
device = SdCard(512) if len(sys.argv) > 2 else None
if not device:
    ring = blynk_batch.FileRing("ring")
elif sys.argv[2] == "0":
    mount(device, "/flash", "fat")
    ring = blynk_batch.FileRing("/flash/ring")
else:
    ring = blynk_batch.BlockRing(device, whole_blocks=True, page_size=int(sys.argv[2]))
blynk_batch.point._is_utf8 = lambda data: True  # an earlier version stored what it is not
with blynk_batch.Client("t", ring=ring) as client:
    for row, value in enumerate(values):
        client.log(1, tuple(value) if isinstance(value, list) else value, timestamp=1648054765458 + row)
if device:
    device.save(sys.argv[3])
""" % str(device.SIM)

# Says the text of each number, which a MicroPython may read back as another in its last digit.
MAKE_FRACTIONS = """
import blynk_batch

with blynk_batch.Client("t", ring=blynk_batch.FileRing("ring")) as client:
    for value in [number * 7919 / 1024 for number in range(1, 1000)] + [1.7976931348623157e308]:
        client.log(1, value, timestamp=1648054765458)
        print(value)
"""

# What log() refuses, as a ring has it all the same.
MAKE_HALF = """
import blynk_batch

ring = blynk_batch.FileRing("ring")
for row, value in enumerate(("a\\ud83d", "b")):
    ring.log(0, 1648054765458 + row, b"\\x01", [value])
ring.close()
"""

# A ring that has dropped sectors and holds V2, which was refused, its oldest header damaged; argv: where to save it
MAKE_DAMAGED = """
import sys
sys.path.append(%r)
import blynk_batch
from flash import NorFlash

class Server:
    def post(self, url, headers, body, timeout_s):
        for _ in body:
            pass
        if url.endswith("v1"):
            return 200, {}, b"OK"
        return 400, {}, b'{"error":{"message":"No datastream setup for that pin."}}'

device = NorFlash(6)
client = blynk_batch.Client("t", ring=blynk_batch.BlockRing(device), server="http://h", transport=Server())
for row in range(3000):
    client.log_group({1: row, 2: row}, timestamp=1748054765458 + row * 1000)
assert client.ring.oldest
client.upload()
client.close()
device.data[client.ring.oldest %% 6 * 4096 + 1] ^= 1
device.save(sys.argv[1])
""" % str(device.SIM)

# A ring of a board that loses the clock with each sleep, and had it in its first wake alone; argv: Unix ms of that
MAKE_ASLEEP = """
import sys
import blynk_batch

class Clock:
    unix = None
    def now(self):
        return self.unix
    def uptime(self):
        return 0

for wake in range(4):
    clock = Clock()
    client = blynk_batch.Client("t", ring=blynk_batch.FileRing("ring", capacity_bytes=16384), clock=clock)
    client.log(1, wake)
    clock.unix = None if wake else int(sys.argv[1])
    client.close(sleep_ms=60000)
"""


def said_by_pull(*arguments):
    """What `make pull` says of a ring that it can read."""
    return pull(*arguments)[1]


def exported(path):
    """The values of a CSV file, by a reader that keeps to RFC 4180."""
    with open(path, newline="", encoding="utf-8") as file:
        return [row["value"] for row in csv.DictReader(file, strict=True)]


def test_odd_values_come_back_from_csv_and_json_as_they_were_logged(run_on_device, tmp_path):
    run_on_device(MAKE, json.dumps(ODD, ensure_ascii=False))
    report = said_by_pull("--folder", tmp_path / "ring", "--csv", tmp_path / "csv", "--json", tmp_path / "json")
    assert "pending     %d points" % len(ODD) in report
    assert exported(tmp_path / "csv") == [value if isinstance(value, str) else json.dumps(value) for value in ODD]
    lines = (tmp_path / "json").read_text(encoding="utf-8").splitlines()
    assert [repr(json.loads(line)["value"]) for line in lines] == list(map(repr, ODD))


def test_every_digit_of_a_number_comes_back(run_on_device, tmp_path):
    texts = run_on_device(MAKE_FRACTIONS).split()
    said_by_pull("--folder", tmp_path / "ring", "--csv", tmp_path / "csv")
    assert list(map(float, exported(tmp_path / "csv"))) == list(map(float, texts))


def test_half_a_surrogate_pair_in_a_ring_stops_no_export(run_on_device, tmp_path):
    run_on_device(MAKE_HALF)
    said_by_pull("--folder", tmp_path / "ring", "--csv", tmp_path / "csv")
    first, second = exported(tmp_path / "csv")
    assert first.startswith("a\ufffd") and second == "b"


def test_what_is_lost_before_the_first_header_that_can_be_read_is_reported(run_on_device, tmp_path):
    run_on_device(MAKE_DAMAGED, tmp_path / "nor", heap="16m")
    report = said_by_pull("--image", tmp_path / "nor", "--csv", tmp_path / "csv")
    there = len(exported(tmp_path / "csv"))
    counts = re.search("lifetime +([0-9]+) logged, ([0-9]+) uploaded, ([0-9]+) dropped", report)
    logged, uploaded, dropped = map(int, counts.groups())
    lost = logged - uploaded - dropped - there
    assert lost > 100 and ", %d points lost with them" % lost in report
    assert "pending     %d points" % there in report


@pytest.mark.parametrize("size", [512, 1024, 2048, 4096])
@pytest.mark.parametrize("count", [3, 300])
def test_a_card_is_read_whatever_it_wrote_at_once_and_however_full_it_is(run_on_device, tmp_path, size, count):
    run_on_device(MAKE, count, size, tmp_path / "card", heap="16m")
    for page in ([], ["--page", "512"]):
        report = said_by_pull("--image", tmp_path / "card", "--csv", tmp_path / "csv", *page)
        assert exported(tmp_path / "csv") == list(map(str, range(count)))
        assert "damage      none" in report


@pytest.mark.parametrize("size", [512, 1024, 4096])
def test_a_card_is_read_all_the_same_whose_first_block_is_damaged_or_whose_last_write_was_torn(
    run_on_device, tmp_path, size
):
    run_on_device(MAKE, 1200, size, tmp_path / "card", heap="16m")
    whole, values = (tmp_path / "card").read_bytes(), list(map(str, range(1200)))
    tail = len(whole) - len(whole) % 4096 - (4096 if size < 4096 else 8192)
    found = []
    for at in (0, tail, tail + size):
        (tmp_path / "card").write_bytes(whole[:at] + b"\x5a" * size + whole[at + size :])
        said_by_pull("--image", tmp_path / "card", "--csv", tmp_path / "csv")
        found.append(exported(tmp_path / "csv"))
    assert found[0] == values[-len(found[0]) :] and len(found[0]) > 600
    assert values in found[1:] and all(some == values[: len(some)] for some in found[1:])  # one is the last but one


def test_a_cards_image_need_not_fit_into_ram(run_on_device, tmp_path):
    run_on_device(MAKE, 3, 0, tmp_path / "card", heap="16m")
    os.truncate(tmp_path / "card", 80 << 20)
    assert "pending     3 points" in said_by_pull("--image", tmp_path / "card", "--path", "/ring")


def test_the_readings_of_a_board_that_died_asleep_go_out_with_the_times_of_the_export(run_on_device, tmp_path, sandbox):
    began = time.time_ns() // 10**6 - 7 * 86_400_000
    run_on_device(MAKE_ASLEEP, began)
    said_by_pull("--folder", tmp_path / "ring", "--csv", tmp_path / "csv")
    rows = list(csv.DictReader((tmp_path / "csv").open()))
    assert [int(row["timestamp_ms"]) for row in rows] == [began + wake * 60_000 for wake in range(4)]
    assert [row["time_source"] for row in rows] == ["clock"] + ["estimated"] * 3
    said_by_pull("--folder", tmp_path / "ring", "--upload", "--server", sandbox.url, "--token", sandbox.token)
    assert [ms for _, ms, _ in sandbox.points()] == [int(row["timestamp_ms"]) for row in rows]
