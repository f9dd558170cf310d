"""docs/upgrading.md: in each of its cases the backlog is kept, which the server's database says."""

import json
import shutil
import zlib

import pytest

from tests.host.boards import mpremote, start_board
from tests.host.pulled import pulled
from tests.host.simulated_board import Board
from tools.compiled import compile_library
from tools.device import ROOT
from tools.pull.sources import snapshot
from tools.sandbox.testing import Sandbox

START_MS = 1795000000000
# Takes a server, a token, what to log first and whether to upload; in the folder it runs in or at the board's root.
STATION = """
import sys
import blynk_batch

def station(url, token, first, count, upload, path="readings"):
    client = blynk_batch.Client(token, ring=blynk_batch.FileRing(path, capacity_bytes=65536), server=url)
    for number in range(first, first + count):
        client.log("V1", number, timestamp=1795000000000 + number * 1000)
    if upload:
        print(client.upload())
    print("pending", client.pending)
"""
ON_HOST = STATION + "station(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == 'True')\n"


def points(numbers):
    return [(1, START_MS + number * 1000, number) for number in numbers]


def install_library(folder):
    shutil.copytree(ROOT / "lib" / "blynk_batch", folder / "lib" / "blynk_batch")


def compiled_library(folder):
    """lib/ as `make deploy` puts it onto a board."""
    target = folder / "compiled"
    compile_library(target)
    return target


# Library

OPEN = """
import blynk_batch
try:
    blynk_batch.FileRing("readings")
except blynk_batch.Error as e:
    print(e)
"""


@pytest.mark.parametrize("version, advice", [(1, "read it with the version that wrote it"), (3, "update it")])
def test_a_ring_of_another_format_is_left_alone_with_words(run_on_device, tmp_path, version, advice):
    run_on_device(ON_HOST, "http://127.0.0.1:9", "a-token", 0, 2000, False)
    ring = tmp_path / "readings"
    for path in (ring / "log").iterdir():
        data = bytearray(path.read_bytes())
        if data[:3] == b"BBr":
            data[3] = version
            data[20:24] = zlib.crc32(data[:20]).to_bytes(4, "little")
            path.write_bytes(data)
    before = snapshot(ring)
    output = run_on_device(OPEN)
    assert "wrote format %d here, this one knows 2" % version in output and advice in output
    assert snapshot(ring) == before


def test_new_files_of_the_library_beside_the_ring_leave_it_as_it_is(tmp_path, sandbox):
    board = Board(tmp_path, "esp32")
    board.program(STATION + "station(%r, %r, 0, 30, False, '/readings')" % (sandbox.url, sandbox.token))
    assert board.start().startswith("pending 30\n")
    board.program(STATION + "station(%r, %r, 30, 1, True, '/readings')" % (sandbox.url, sandbox.token))
    board.start(lib=compiled_library(tmp_path))
    assert sandbox.points() == points(range(31))


# Firmware


def test_another_firmware_with_other_integers_goes_on_with_the_ring_and_the_first_one_after_it(
    run_on_device, sandbox, tmp_path
):
    run_on_device(ON_HOST, sandbox.url, sandbox.token, 0, 30, False)
    flash = tmp_path / "flash"
    flash.mkdir()
    install_library(flash)
    shutil.move(tmp_path / "readings", flash / "readings")
    code = STATION + "print(sys.maxsize > 1 << 40)\nstation('http://127.0.0.1:9', %r, 30, 5, False, '/readings')"
    with start_board(folder=flash) as board:
        assert mpremote(board, "exec", code % sandbox.token).split() == ["False", "pending", "35"]
    shutil.move(flash / "readings", tmp_path / "readings")
    run_on_device(ON_HOST, sandbox.url, sandbox.token, 35, 1, True)
    assert sandbox.points() == points(range(36))


# Token


def test_a_new_token_sends_the_backlog_as_the_new_device(run_on_device):
    old, new = "old-token-of-32-characters-00001", "new-token-of-32-characters-00001"
    with Sandbox(tokens=[new]) as sandbox:
        run_on_device(ON_HOST, sandbox.url, new, 0, 5, True)
        output = run_on_device(ON_HOST, sandbox.url, old, 5, 20, True)
        assert "InvalidToken" in output and "pending 20" in output
        run_on_device(ON_HOST, sandbox.url, new, 25, 1, True)
        assert sandbox.points(token=new) == points(range(26))


# Boards


def test_a_ring_that_is_copied_to_another_board_is_delivered_from_there(run_on_device, sandbox, tmp_path):
    run_on_device(ON_HOST, sandbox.url, sandbox.token, 0, 30, False)
    first, second, desk = tmp_path / "first", tmp_path / "second", tmp_path / "desk"
    desk.mkdir()
    first.mkdir()
    shutil.move(tmp_path / "readings", first / "readings")
    with start_board(folder=first) as board:
        mpremote(board, "fs", "cp", "-r", ":/readings", desk)
    install_library(second)
    code = STATION + "station('http://127.0.0.1:9', %r, 30, 2, False, '/readings')" % sandbox.token
    with start_board(folder=second) as board:
        mpremote(board, "fs", "cp", "-r", desk / "readings", ":/")
        assert mpremote(board, "exec", code) == "pending 32\n"
    shutil.move(second / "readings", tmp_path / "readings")
    run_on_device(ON_HOST, sandbox.url, sandbox.token, 32, 1, True)
    assert sandbox.points() == points(range(33))


def test_the_flash_of_a_dead_board_is_uploaded_in_its_place(tmp_path, sandbox):
    board = Board(tmp_path, "esp32")
    board.program(STATION + "station(%r, 'a-token', 0, 300, False, '/blynk_batch.ring')" % sandbox.url)
    board.start()
    upload = ("--upload", "--server", sandbox.url, "--token", sandbox.token)
    done = pulled("--image", board.image, "--json", "-", *upload)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["value"] for line in done.stdout.splitlines()] == list(range(300))
    assert sandbox.points() == points(range(300))


# Disk full

FULL = """
def fill():
    with open("/other", "wb") as f:
        try:
            while True:
                f.write(bytes(512))
                f.flush()
        except OSError as e:
            print("disk full:", e.args[0] == 28)

client = blynk_batch.Client(%r, ring=blynk_batch.FileRing("/readings", capacity_bytes=65536), server=%r)
def log(first, count):
    for number in range(first, first + count):
        client.log("V1", number, timestamp=1795000000000 + number * 1000)

log(0, 500)
fill()
log(500, 1500)
print("dropped", client.stats()["dropped"])
os.remove("/other")
log(2000, 1500)
print("dropped", client.stats()["dropped"])
print(client.upload())
"""


def test_a_disk_that_others_filled_takes_new_readings_and_gives_up_the_oldest_counted(tmp_path, sandbox):
    board = Board(tmp_path, "rp2")
    board.program("import os\nimport blynk_batch\n" + FULL % (sandbox.token, sandbox.url))
    output = board.start().splitlines()
    assert output[0] == "disk full: True"
    dropped = int(output[1].split()[1])
    assert 0 < dropped < 2000 - 300, "about a sector's readings always stay"
    assert output[2] == output[1], "room that came back is used again"
    assert sandbox.points() == points(range(dropped, 3500))
