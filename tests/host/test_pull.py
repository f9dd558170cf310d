"""make pull: rings of every kind are read by the library, exported, uploaded in the board's place, and left alone."""

import csv
import hashlib
import io
import json
import re
import shutil

import pytest

from tests.host.boards import give_library
from tests.host.pulled import pull, pulled
from tools.board import files
from tools.board.connection import Connection
from tools.board.errors import BoardProblem
from tools.pull.board import FromBoard
from tools.sandbox.testing import Sandbox

TOKEN = "test-token-of-32-characters-0001"
KINDS = ["folder", "card", "esp32", "rp2", "fat", "nor", "units", "sd"]


def source_of(kind, path):
    if kind in ("folder", "card"):
        return ["--folder", path]
    return ["--image", path, "--path", "/readings", "--unit", "16" if kind == "units" else "1"]


def rows_logged():
    """What MAKE logged, as exported: (pin, ms, value)."""
    for row in range(300):
        values = (20.5 + row / 8, row - 150, "text %d" % row, row % 2 == 0, [24.94, 60.17])
        for index, value in enumerate(values):
            yield "V%d" % (index + 1), 1648054765458 + row * 60000, value


def digest(path):
    """A hash over all files at `path`."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [(str(file), hashlib.sha256(file.read_bytes()).hexdigest()) for file in files if file.is_file()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_ring_is_exported_as_it_was_logged_and_left_untouched(make_ring, kind):
    path = make_ring(kind)
    before = digest(path)
    output, report = pull(*source_of(kind, path), "--json", "-")
    points = [json.loads(line) for line in output.splitlines()]
    assert [(point["pin"], point["timestamp_ms"], point["value"]) for point in points] == list(rows_logged())
    assert {(point["state"], point["time_source"]) for point in points} == {("pending", "clock")}
    assert "pending     1500 points, 0 of them held" in report
    assert "1500 logged, 0 uploaded, 0 dropped, 1 skipped" in report
    assert "damage      none" in report
    assert digest(path) == before


def test_csv_has_a_row_for_each_point_with_its_time_in_utc(make_ring):
    output, _ = pull("--folder", make_ring("folder"), "--csv", "-")
    rows = list(csv.reader(io.StringIO(output)))
    assert rows[0] == ["pin", "timestamp_ms", "time_utc", "value", "state", "time_source"]
    assert rows[1] == ["V1", "1648054765458", "2022-03-23T16:59:25.458Z", "20.5", "pending", "clock"]
    assert [row[3] for row in rows[2:6]] == ["-150", "text 0", "true", "[24.94, 60.17]"]
    assert len(rows) == 1501


def test_what_was_written_is_said_with_its_number_of_points(make_ring, tmp_path):
    files = [tmp_path / "readings.csv", tmp_path / "readings.jsonl"]
    output, report = pull("--folder", make_ring("folder"), "--csv", files[0], "--json", files[1])
    assert [line for line in report.splitlines() if line.startswith("written")] == [
        "written     1500 points to %s" % file for file in files
    ]
    assert not output and [len(file.read_text().splitlines()) for file in files] == [1501, 1500]


@pytest.mark.parametrize("kind", KINDS)
def test_an_upload_in_the_boards_place_delivers_each_point_once(make_ring, sandbox, kind):
    path = make_ring(kind)
    before = digest(path)
    _, report = pull(*source_of(kind, path), "--upload", "--server", sandbox.url, "--token", sandbox.token)
    assert "uploaded    1500 points in 5 requests, 0 left" in report
    assert TOKEN not in report
    arrived = sorted((("V%d" % pin, ms, json.dumps(value)) for pin, ms, value in sandbox.points()))
    assert arrived == sorted((pin, ms, json.dumps(value)) for pin, ms, value in rows_logged())
    assert digest(path) == before


@pytest.mark.parametrize("kind", ["folder", "card", "esp32", "nor", "sd"])
def test_what_is_put_back_is_not_sent_again(make_ring, sandbox, kind):
    path = make_ring(kind)
    upload = [*source_of(kind, path), "--upload", "--server", sandbox.url, "--token", sandbox.token, "--put-back"]
    pull(*upload)
    _, report = pull(*upload)
    assert "pending     0 points" in report and "0 points in 0 requests" in report
    assert len(sandbox.points()) == 1500
    output, _ = pull(*source_of(kind, path), "--csv", "-", "--all")
    assert output.count(",delivered,") == 1500


def test_what_a_server_refuses_is_shown_and_the_rest_goes_out(make_ring, sandbox):
    sandbox.fault("reply", pin=2, status=400, body='{"error":{"message":"No datastream setup for that pin."}}')
    path = make_ring("folder")
    arguments = ("--folder", path, "--upload", "--server", sandbox.url, "--token", sandbox.token, "--put-back")
    _, report = pull(*arguments, status=1)
    assert "uploaded    1200 points" in report and "No datastream setup" in report
    output, report = pull("--folder", path, "--csv", "-")
    assert "300 points, 300 of them held" in report
    assert output.count(",held,") == 300


def test_a_server_that_is_not_there_leaves_everything_and_the_status_says_so(make_ring):
    path = make_ring("folder")
    before = digest(path)
    address = "http://127.0.0.1:9"
    _, report = pull("--folder", path, "--upload", "--server", address, "--token", TOKEN, status=1)
    assert "uploaded    0 points in 1 requests, 1500 left" in report and "error" in report
    assert digest(path) == before


def test_a_refused_point_is_exported_with_the_words_it_got_and_goes_out_once_the_server_takes_it(make_ring, sandbox):
    types = ["V1:double", "V2:integer", "V3:string", "V4:boolean", "V5:location"]
    with Sandbox(datastream=types) as strict:
        path = make_ring("folder", strict.url)
        output, report = pull("--folder", path, "--csv", "-")
    assert output.count(",held,") == 1 and "no number" in output
    assert "held        the server answered 400: Value doesn't match the Datastream" in report
    _, report = pull("--folder", path, "--upload", "--server", sandbox.url, "--token", sandbox.token)
    assert "uploaded    1 points" in report
    assert [(pin, value) for pin, _, value in sandbox.points()] == [(2, "no number")]


def test_the_summary_counts_as_held_what_the_export_calls_so(make_ring, sandbox):
    sandbox.fault("unknown_400", text="Not today.")
    output, report = pull("--folder", make_ring("folder", sandbox.url), "--csv", "-")
    held = output.count(",held,")
    assert held > 0 and "1501 points, %d of them held" % held in report
    assert "held        the server answered 400: Not today." in report


def test_damage_is_counted_and_the_rest_is_exported(make_ring):
    path = make_ring("nor")
    data = bytearray(path.read_bytes())
    data[6000] ^= 0x10
    path.write_bytes(data)
    output, report = pull("--image", path, "--json", "-")
    points = map(json.loads, output.splitlines())
    values = [(point["pin"], point["timestamp_ms"], point["value"]) for point in points]
    assert 1400 < len(values) < 1500
    assert set(map(str, values)) < set(map(str, rows_logged()))
    assert " unreadable frames, %d points lost with them" % (1500 - len(values)) in report
    assert "pending     %d points, 0 of them held" % len(values) in report


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "give one of --port, --image and --folder"),
        (["--folder", "HERE", "--upload"], "--upload needs --token"),
        (["--folder", "HERE", "--put-back"], "--put-back goes with --upload"),
        (["--folder", "HERE"], "there is no ring in the folder HERE: give the one that FileRing() was made with"),
        (["--folder", "HERE", "--device", "flash"], "--device goes with --port"),
        (["--image", "HERE/none"], "does not exist"),
        (["--port", "HERE/no-port"], "There is no port HERE/no-port"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(tmp_path, arguments, words):
    here = tmp_path / "empty"
    here.mkdir()
    done = pulled(*[text.replace("HERE", str(here)) for text in arguments], env={"BLYNK_TOKEN": None})
    assert done.returncode != 0 and not done.stdout
    assert words.replace("HERE", str(here)) in done.stderr


def test_an_image_of_something_else_is_refused(tmp_path):
    image = tmp_path / "image"
    image.write_bytes(bytes(range(256)) * 64)
    _, report = pull("--image", image, status=1)
    assert "the ring cannot be read: the device holds something else" in report


# On a virtual board, by its own library: a ring in a folder, and one on a device that is there in its RAM.
ON_BOARD = """
import blynk_batch
client = blynk_batch.Client("t", ring=blynk_batch.FileRing("/readings", capacity_bytes=16384))
for row in range(200):
    client.log_group({1: 20.5 + row / 8, 2: "text %d" % row}, timestamp=1648054765458 + row * 60000)
client.close()
"""
RAM_DEVICE = """
import blynk_batch
class Device:
    data = bytearray(b"\\xff" * 16384)
    def readblocks(self, block, buf, offset=0):
        buf[:] = self.data[block * 4096 + offset:][:len(buf)]
    def writeblocks(self, block, buf, offset=0):
        start = block * 4096 + offset
        self.data = self.data[:start] + bytes(buf) + self.data[start + len(buf):]
    def ioctl(self, operation, argument):
        return {4: 4, 5: 4096}.get(operation, 0)
device = Device()
with blynk_batch.Client("t", ring=blynk_batch.BlockRing(device)) as client:
    client.log(1, 21.5, timestamp=1648054765458)
"""


@pytest.fixture
def board(board):
    give_library(board)
    board.reset()
    return board


def test_a_ring_is_read_off_a_board_that_stays_as_it_is_until_told_otherwise(board, sandbox):
    with Connection(board.port) as connection:
        connection.exec(ON_BOARD, timeout_s=60)
    source = ["--port", board.port, "--path", "/readings"]
    before = digest(board.folder / "readings")
    output, report = pull(*source, "--csv", "-")
    assert output.count("\n") == 401 and "V2,1648066705458,2022-03-23T20:18:25.458Z,text 199,pending,clock" in output
    assert "pending     400 points" in report
    upload = [*source, "--upload", "--server", sandbox.url, "--token", sandbox.token]
    _, report = pull(*upload)
    assert "uploaded    400 points in 2 requests, 0 left" in report and digest(board.folder / "readings") == before
    _, report = pull(*upload, "--put-back")
    assert re.search("put back    [23] files", report)
    _, report = pull(*source)
    assert "pending     0 points" in report


def test_what_the_board_logs_before_the_ring_is_put_back_is_not_written_over(board, tmp_path):
    with Connection(board.port) as connection:
        connection.exec(ON_BOARD, timeout_s=60)
    source = FromBoard(board.port, tmp_path, "/readings")
    (tmp_path / "ring" / "0").write_bytes(b"what an upload changed")
    with Connection(board.port) as connection:
        connection.exec(ON_BOARD, timeout_s=60)  # its watchdog has started its program again
    before = digest(board.folder / "readings")
    with pytest.raises(BoardProblem, match="has changed since it was read.*: nothing was put back"):
        source.put_back()
    assert digest(board.folder / "readings") == before


def test_a_file_that_gets_shorter_while_it_is_read_ends_in_words(board, tmp_path, monkeypatch):
    (board.folder / "readings").mkdir()
    (board.folder / "readings" / "0").write_bytes(b"short")
    monkeypatch.setattr(files, "present", lambda board, paths: {"/readings/0": (9000, "of what it was")})
    with pytest.raises(BoardProblem, match="/readings/0 changed while it was read"):
        FromBoard(board.port, tmp_path, "/readings")


def test_a_ring_on_a_boards_card_is_one_file_and_goes_back_as_one(make_ring, board, sandbox):
    shutil.copytree(make_ring("card"), board.folder / "sd")
    source = ["--port", board.port, "--path", "/sd"]
    output, report = pull(*source, "--csv", "-")
    assert output.count("\n") == 1501 and "pending     1500 points" in report
    _, report = pull(*source, "--upload", "--server", sandbox.url, "--token", sandbox.token, "--put-back")
    assert "uploaded    1500 points" in report and "put back    1 files" in report
    _, report = pull(*source)
    assert "pending     0 points" in report


def test_a_ring_on_a_boards_device_is_read_by_an_expression(board):
    (board.folder / "made.py").write_text(RAM_DEVICE)
    board.reset()
    source = ["--port", board.port, "--device", "__import__('made').device"]
    output, _ = pull(*source, "--csv", "-")
    assert output.splitlines()[1:] == ["V1,1648054765458,2022-03-23T16:59:25.458Z,21.5,pending,clock"]
    _, report = pull("--port", board.port, "--device", "nothing", status=1)
    assert "--device nothing: NameError" in report


def test_a_board_without_a_ring_is_told_how_to_name_its_folder(board):
    _, report = pull("--port", board.port, status=1)
    assert "The board has no ring in /blynk_batch.ring: name its folder by --path." in report
