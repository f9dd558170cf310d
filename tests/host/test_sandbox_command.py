"""The sandbox's command: what it prints, how it starts and stops, and what it says about mistakes."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from tests.host import wire
from tools.device import ROOT
from tools.sandbox import cli
from tools.sandbox.testing import Sandbox


class Started:
    """The command under way, and what it said until it waited; ended with the test."""

    def __init__(self, database, *arguments, command=(sys.executable, "-m", "tools.sandbox")):
        if database:
            arguments = ("--port", "0", "--database", str(database), *arguments)
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.process = subprocess.Popen([*command, *arguments], cwd=ROOT, **output)

    def greet(self):
        self.lines = []
        while not self.lines or not self.lines[-1].startswith("Ctrl-C"):
            line = self.process.stdout.readline()
            assert line, self.lines
            self.lines.append(line.rstrip("\n"))
        self.url = re.search(r"http://[0-9.]+:[0-9]+", self.lines[0]).group()
        return self

    def end(self, number=signal.SIGINT):
        """(status, what it said since)"""
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output


@pytest.fixture
def start(tmp_path):
    """start(*arguments, database=...): the command, once it has said all that it says at first."""
    started = []

    def begin(*arguments, database=tmp_path / "a.sqlite", **options):
        started.append(Started(database, *arguments, **options))
        return started[-1].greet()

    yield begin
    for one in started:
        one.process.kill()
        one.process.communicate()


@pytest.fixture
def failure(tmp_path):
    """failure(*arguments): what it says in place of starting."""

    def fail(*arguments, database=tmp_path / "c.sqlite"):
        process = Started(database, *arguments).process
        output, _ = process.communicate(timeout=60)
        assert process.returncode != 0
        assert "Traceback" not in output
        return output

    return fail


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """refused(*arguments): the same for what is refused before anything listens, without a process."""
    monkeypatch.setattr(cli, "_serve", None)

    def refuse(*arguments):
        done = CliRunner().invoke(cli.main, ["--port", "0", "--database", str(tmp_path / "c.sqlite"), *arguments])
        assert isinstance(done.exception, SystemExit) and done.exit_code
        return done.output

    return refuse


def test_what_is_no_http_is_told_in_one_line(start):
    running = start()
    for head in (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"POST /%s HTTP/1.1\r\n\r\n" % (b"x" * 20000)):
        with socket.create_connection(wire.address(running.url), timeout=wire.TIMEOUT_S) as connection:
            connection.sendall(head)
            assert connection.recv(12) == b"HTTP/1.0 400"
    lines = running.end()[1].strip().splitlines()
    assert len(lines) == 2 and all("127.0.0.1" in line and len(line) < 200 for line in lines), lines
    assert "Content-Length" in lines[0]


def test_a_download_that_is_broken_off_is_no_fault_of_the_sandboxs(start):
    running = start("--token", "t", "--total-limit", "none")
    for text in "abc":  # more than any socket's buffers hold
        points = [[1648054765458 + number, text * 1000] for number in range(1900)]
        assert wire.post(None, points, token="t", url=running.url).body == "OK"
    with socket.create_connection(wire.address(running.url), timeout=wire.TIMEOUT_S) as connection:
        connection.sendall(b"GET /sandbox/points.csv HTTP/1.1\r\nHost: s\r\n\r\n")
        connection.recv(100)
    wire.request(running.url, "GET", "/sandbox/summary")
    assert running.end() == (0, "")


def test_it_prints_the_url_first_then_the_token_and_a_curl_line_that_works(start):
    running = start("--token", "tokenA")
    assert running.url.startswith("http://127.0.0.1:") and "tokenA" in running.lines[1]
    curl = next(line for line in running.lines if line.startswith("curl "))
    pattern = r"'%s(\S+)' -H 'Content-Type: (\S+)' -d '(\S+)'" % running.url
    path, content_type, body = re.search(pattern, curl).groups()
    assert wire.request(running.url, "POST", path, body, {"Content-Type": content_type}).body == "OK"
    assert running.end() == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_while_requests_and_pages_are_open(start, number):
    running = start("--token", "t", "--fault", "never")
    address = wire.address(running.url)
    with socket.create_connection(address) as upload, socket.create_connection(address) as page:
        head = "POST %s?token=t&pin=v1 HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\n[]" % wire.UPLOAD
        upload.sendall(head.encode())
        page.sendall(b"GET /sandbox/events HTTP/1.1\r\nHost: s\r\n\r\n")
        assert page.recv(4096).startswith(b"HTTP/1.1 200 OK")
        assert running.end(number) == (0, "")


def test_a_sandbox_for_tests_that_is_broken_off_as_it_starts_leaves_nothing(monkeypatch):
    def info(sandbox):
        sandbox.left = sandbox._process
        raise KeyboardInterrupt

    monkeypatch.setattr(Sandbox, "info", info)
    sandbox = Sandbox()
    with pytest.raises(KeyboardInterrupt), sandbox:
        pass
    status = sandbox.left.returncode
    sandbox.left.kill()
    assert status == 0 and not sandbox.database.parent.exists()


def test_make_passes_arguments_on(start, tmp_path):
    arguments = "ARGS=--port 0 --database %s --token one --token two" % (tmp_path / "made.sqlite")
    running = start("sandbox", arguments, database=None, command=["make", "--no-print-directory"])
    assert "one" in running.lines[1] and "two" in running.lines[2]
    assert (tmp_path / "made.sqlite").exists()
    running.end(signal.SIGTERM)


def test_a_reader_of_the_first_line_alone_does_not_end_it(tmp_path):
    process = Started(tmp_path / "a.sqlite", "--token", "t").process
    url = re.search(r"http://\S+", process.stdout.readline()).group()
    process.stdout.close()
    assert wire.request(url, "POST", wire.UPLOAD + "?token=t&pin=v1", "[[1,1]]", wire.JSON).body == "OK"
    process.terminate()
    assert process.wait(timeout=60) == 0


def test_a_new_database_gets_a_token_that_stays(start, tmp_path):
    tokens = []
    for _ in range(2):
        running = start(database=tmp_path / "new" / "folder.sqlite")
        tokens.append(running.lines[1].split()[1])
        running.end()
    assert tokens[0] == tokens[1]
    assert re.fullmatch(r"[A-Za-z0-9]{32}", tokens[0])


def test_a_port_in_use_is_one_sentence(sandbox, failure):
    output = failure("--port", str(sandbox.port))
    assert str(sandbox.port) in output and "in use" in output


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path, failure):
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but long enough to be looked at" * 100)
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(str(other))
    connection.executescript("CREATE TABLE mine (a); PRAGMA user_version = 1")
    connection.close()
    for path, said in ((text, "--database"), (other, "not a ledger")):
        before = path.read_bytes()
        assert said in failure(database=path)
        assert path.read_bytes() == before


def test_a_database_whose_folder_cannot_be_made_is_one_sentence(tmp_path, failure):
    (tmp_path / "file").write_text("in the way")
    said = failure(database=tmp_path / "file" / "a.sqlite")
    assert said.startswith("Error: %s/file cannot be used: " % tmp_path)


def test_a_database_that_another_program_writes_is_told_at_the_start_and_no_matter_at_the_end(
    start, failure, tmp_path
):
    path = tmp_path / "a.sqlite"
    running = start("--token", "t", "--total-limit", "none")
    points = [[1648054765458 + number, 1] for number in range(9000)]
    wire.post(None, points, token="t", url=running.url)  # now it has grown
    connection = sqlite3.connect(str(path), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    assert running.end() == (0, "")
    connection.execute("ROLLBACK")
    connection.execute("CREATE TRIGGER own BEFORE INSERT ON devices BEGIN SELECT RAISE(ABORT, 'not now'); END")
    connection.close()
    assert "cannot use %s as the database: not now" % path in failure(database=path)


def test_a_second_ctrl_c_does_not_cut_a_clean_end_short(start):
    process = start("--token", "t").process
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.002)
    assert (process.returncode, process.stdout.read()) == (0, "")


@pytest.mark.parametrize("arguments", [
    "--port=70000", "--region=ny3=70000", "--region=ny3 --region=ny3", "--batch-limit=-5", "--request-bytes=0",
    "--max-age-days=nan", "--max-age-days=inf", "--datastream=V1:colour", "--datastream=W1:double",
    "--ds=V1:double --ds=v1:integer", "--host=", "--total-limit=many", "--token=t@nowhere", "--region=home",
    "--words=too_old", "--fault=nonsense", "--fault=server_error:status",
])
def test_a_mistake_on_the_command_line_is_named(refused, arguments):
    assert re.search("^Error: ", refused(*arguments.split()), re.MULTILINE)


@pytest.mark.parametrize("token, says", [
    ("", "--token '': the token is empty"),
    *[(token, "only letters, digits, - and _ are in a token") for token in ("a b", "t&pin=2", "t%41", "tök")],
])
def test_a_token_that_no_device_has_is_called_by_its_name(refused, token, says):
    assert says in refused("--token", token)


def test_listening_everywhere_prints_the_addresses_that_a_board_can_use(start):
    running = start("--host", "0.0.0.0", "--token", "t")
    port = running.url.rpartition(":")[2]
    wanted = ["a board in the same network uses http://%s:%s" % (address, port) for address in cli.addresses()]
    assert [line for line in running.lines if line.startswith("a board")] == wanted
    for line in wanted:
        assert wire.request(line.split()[-1], "GET", "/sandbox/info").status == 200


def test_help_names_every_option():
    command = [sys.executable, "-m", "tools.sandbox", "--help"]
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout
    for option in ("--port", "--database", "--token", "--total-limit", "--datastream", "--fault", "--host"):
        assert option in output


def test_the_helper_leaves_nothing_behind():
    with Sandbox() as sandbox:
        folder = sandbox.database.parent
        process = sandbox._process
    assert not folder.exists()
    assert process.returncode == 0
    with pytest.raises(OSError):
        wire.request(sandbox.url, "GET", "/")


def test_it_listens_on_the_loopback_interface_alone(sandbox):
    assert os.path.basename(sandbox.url).startswith("127.0.0.1:")
