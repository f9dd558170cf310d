"""The sandbox's command: what it prints, how it starts and stops, and what it says about mistakes."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.host import wire
from tools.sandbox import cli
from tools.sandbox.testing import Sandbox

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments, command=(sys.executable, "-m", "tools.sandbox")):
    return subprocess.Popen(
        [*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def read_greeting(process):
    lines = []
    while not lines or not lines[-1].startswith("Ctrl-C"):
        line = process.stdout.readline()
        assert line, "".join(lines)
        lines.append(line.rstrip("\n"))
    return lines


def failure(*arguments):
    process = start(*arguments)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in output
    return output


def test_what_is_no_http_is_told_in_one_line(tmp_path):
    process = start("--port", "0", "--database", str(tmp_path / "a.sqlite"))
    url = re.search(r"http://[0-9.:]+", read_greeting(process)[0]).group()
    for head in (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"POST /%s HTTP/1.1\r\n\r\n" % (b"x" * 20000)):
        with socket.create_connection(wire.address(url), timeout=wire.TIMEOUT_S) as connection:
            connection.sendall(head)
            assert connection.recv(12) == b"HTTP/1.0 400"
    process.send_signal(signal.SIGINT)
    lines = process.communicate(timeout=60)[0].strip().splitlines()
    assert len(lines) == 2 and all("127.0.0.1" in line and len(line) < 200 for line in lines), lines
    assert "Content-Length" in lines[0]


def test_a_download_that_is_broken_off_is_no_fault_of_the_sandboxs(tmp_path):
    process = start("--port", "0", "--database", str(tmp_path / "a.sqlite"), "--token", "t", "--total-limit", "none")
    url = read_greeting(process)[0].split()[2]
    for text in "abc":  # more than any socket's buffers hold
        points = [[1648054765458, text * 1000]] * 1900
        assert wire.post(None, points, token="t", url=url).body == "OK"
    with socket.create_connection(wire.address(url), timeout=wire.TIMEOUT_S) as connection:
        connection.sendall(b"GET /sandbox/points.csv HTTP/1.1\r\nHost: s\r\n\r\n")
        connection.recv(100)
    wire.request(url, "GET", "/sandbox/summary")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "")


def test_it_prints_the_url_first_then_the_token_and_a_curl_line_that_works(tmp_path):
    process = start("--port", "0", "--database", str(tmp_path / "a.sqlite"), "--token", "tokenA")
    lines = read_greeting(process)
    url = re.search(r"http://127\.0\.0\.1:[0-9]+", lines[0]).group()
    assert "tokenA" in lines[1]
    curl = next(line for line in lines if line.startswith("curl "))
    path, content_type, body = re.search(r"'%s(\S+)' -H 'Content-Type: (\S+)' -d '(\S+)'" % url, curl).groups()
    assert wire.request(url, "POST", path, body, {"Content-Type": content_type}).body == "OK"
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_while_requests_and_pages_are_open(tmp_path, number):
    process = start("--port", "0", "--database", str(tmp_path / "a.sqlite"), "--token", "t", "--fault", "never")
    url = re.search(r"http://\S+", read_greeting(process)[0]).group()
    upload = wire.socket.create_connection(wire.address(url))
    upload.sendall(b"POST %s?token=t&pin=v1 HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\n[]" % wire.UPLOAD.encode())
    page = wire.socket.create_connection(wire.address(url))
    page.sendall(b"GET /sandbox/events HTTP/1.1\r\nHost: s\r\n\r\n")
    assert page.recv(4096).startswith(b"HTTP/1.1 200 OK")
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "")
    upload.close()
    page.close()


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


def test_make_passes_arguments_on(tmp_path):
    database = tmp_path / "made.sqlite"
    arguments = "ARGS=--port 0 --database %s --token one --token two" % database
    process = start("sandbox", arguments, command=["make", "--no-print-directory"])
    lines = read_greeting(process)
    assert re.search(r"http://127\.0\.0\.1:[0-9]+", lines[0])
    assert "one" in lines[1] and "two" in lines[2]
    assert database.exists()
    process.terminate()
    process.communicate(timeout=60)


def test_a_reader_of_the_first_line_alone_does_not_end_it(tmp_path):
    process = start("--port", "0", "--database", str(tmp_path / "a.sqlite"), "--token", "t")
    url = re.search(r"http://\S+", process.stdout.readline()).group()
    process.stdout.close()
    assert wire.request(url, "POST", wire.UPLOAD + "?token=t&pin=v1", "[[1,1]]", wire.JSON).body == "OK"
    process.terminate()
    assert process.wait(timeout=60) == 0


def test_a_new_database_gets_a_token_that_stays(tmp_path):
    tokens = []
    for _ in range(2):
        process = start("--port", "0", "--database", str(tmp_path / "new" / "folder.sqlite"))
        tokens.append(read_greeting(process)[1].split()[1])
        process.terminate()
        process.communicate(timeout=60)
    assert tokens[0] == tokens[1]
    assert re.fullmatch(r"[A-Za-z0-9]{32}", tokens[0])


def test_a_port_in_use_is_one_sentence(sandbox, tmp_path):
    output = failure("--port", str(sandbox.port), "--database", str(tmp_path / "b.sqlite"))
    assert str(sandbox.port) in output and "in use" in output


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but long enough to be looked at" * 100)
    assert "--database" in failure("--port", "0", "--database", str(text))
    assert text.read_text().startswith("not a database")
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(str(other))
    connection.execute("CREATE TABLE mine (a)")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    before = other.read_bytes()
    assert "not a ledger" in failure("--port", "0", "--database", str(other))
    assert other.read_bytes() == before


def test_a_database_whose_folder_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = failure("--port", "0", "--database", str(tmp_path / "file" / "a.sqlite"))
    assert said.startswith("Error: %s/file cannot be used: " % tmp_path)


def test_a_database_that_another_program_writes_is_told_at_the_start_and_no_matter_at_the_end(tmp_path):
    path = tmp_path / "a.sqlite"
    process = start("--port", "0", "--database", str(path), "--token", "t", "--total-limit", "none")
    url = read_greeting(process)[0].split()[2]
    wire.post(None, [[1648054765458 + number, 1] for number in range(9000)], token="t", url=url)  # now it has grown
    connection = sqlite3.connect(str(path), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "")
    connection.execute("ROLLBACK")
    connection.execute("CREATE TRIGGER own BEFORE INSERT ON devices BEGIN SELECT RAISE(ABORT, 'not now'); END")
    connection.close()
    assert "cannot use %s as the database: not now" % path in failure("--port", "0", "--database", str(path))


def test_a_second_ctrl_c_does_not_cut_a_clean_end_short(tmp_path):
    process = start("--port", "0", "--database", str(tmp_path / "a.sqlite"), "--token", "t")
    read_greeting(process)
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.002)
    assert (process.returncode, process.stdout.read()) == (0, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "70000"],
        ["--region", "ny3=70000"],
        ["--region", "ny3", "--region", "ny3"],
        ["--batch-limit", "-5"],
        ["--request-bytes", "0"],
        ["--max-age-days", "nan"],
        ["--max-age-days", "inf"],
        ["--datastream", "V1:colour"],
        ["--datastream", "W1:double"],
        ["--ds", "V1:double", "--ds", "v1:integer"],
        ["--host", ""],
        ["--total-limit", "many"],
        ["--token", "t@nowhere"],
        ["--region", "home"],
        ["--words", "too_old"],
        ["--fault", "nonsense"],
        ["--fault", "server_error:status"],
    ],
)
def test_a_mistake_on_the_command_line_is_named(tmp_path, arguments):
    output = failure("--port", "0", "--database", str(tmp_path / "c.sqlite"), *arguments)
    assert re.search("^Error: ", output, re.MULTILINE)


def test_an_empty_token_is_called_by_its_name(tmp_path):
    output = failure("--port", "0", "--database", str(tmp_path / "c.sqlite"), "--token", "")
    assert "--token '': the token is empty" in output


@pytest.mark.parametrize("token", ["a b", "t&pin=2", "t%41", "tök"])
def test_a_token_that_no_device_has_is_refused(tmp_path, token):
    output = failure("--port", "0", "--database", str(tmp_path / "c.sqlite"), "--token", token)
    assert "only letters, digits, - and _ are in a token" in output


def test_listening_everywhere_prints_the_addresses_that_a_board_can_use(tmp_path):
    process = start("--port", "0", "--host", "0.0.0.0", "--database", str(tmp_path / "a.sqlite"), "--token", "t")
    lines = read_greeting(process)
    port = lines[0].split()[2].rpartition(":")[2]
    wanted = ["a board in the same network uses http://%s:%s" % (address, port) for address in cli.addresses()]
    assert [line for line in lines if line.startswith("a board")] == wanted
    for line in wanted:
        assert wire.request(line.split()[-1], "GET", "/sandbox/info").status == 200
    process.terminate()
    process.communicate(timeout=60)


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
