"""The virtual board as mpremote and ampy see it: files, programs, resets, Ctrl-C, and its limits."""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import time

import pytest

from tests.host.boards import ROOT, ampy, give_library, mpremote, require_node, run, run_tool, start_board

PATIENCE_S = 90
HELP = 'Type "help()"'


class Line:
    """Types on the board's serial line and reads what comes back."""

    def __init__(self, board):
        self._file = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
        self._said = ""

    def type(self, text):
        os.write(self._file, text.encode())

    def until(self, expected, press=""):
        """What the board says up to and with `expected`; presses the key now and each second, as a person does."""
        end = time.monotonic() + PATIENCE_S
        pressed = 0
        while expected not in self._said:
            assert time.monotonic() < end, "%r is not in %r" % (expected, self._said[-200:])
            if press and time.monotonic() > pressed + 1:
                self.type(press)
                pressed = time.monotonic()
            if select.select([self._file], [], [], 1)[0]:
                self._said += os.read(self._file, 1024).decode()
        before, found, self._said = self._said.partition(expected)
        return before + found

    def close(self):
        os.close(self._file)


@pytest.fixture
def line(board):
    line = Line(board)
    line.until(">>> ")
    yield line
    line.close()


def test_mpremote_runs_code_and_handles_files(board, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nprint(sys.implementation.name, 6 * 7)\n")
    assert mpremote(board, "run", script).strip() == "micropython 42"
    assert mpremote(board, "eval", "1 << 40").strip() == str(1 << 40)
    mpremote(board, "fs", "mkdir", "folder")
    mpremote(board, "fs", "cp", script, ":folder/copy.py")
    assert "copy.py" in mpremote(board, "fs", "ls", "folder")
    assert (board.folder / "folder" / "copy.py").read_text() == script.read_text()
    mpremote(board, "fs", "rm", "folder/copy.py")
    mpremote(board, "fs", "rmdir", "folder")
    assert list(board.folder.iterdir()) == []


def test_a_program_is_pasted_in_windows_as_boards_take_it(line):
    line.type("\x01")
    line.until("raw REPL; CTRL-B to exit\r\n>")
    right = "print(6 * 7)" + " " * 600
    for program, said in ((right, "42\r\n\x04\x04>"), ("1 // 0", "ZeroDivisionError: divide by zero")):
        line.type("\x05A\x01")
        line.until("R\x01\x00\x01\x01")
        for start in range(0, len(program), 256):
            line.type(program[start : start + 256])
            if start + 256 <= len(program):
                line.until("\x01")
        line.type("\x04")
        assert line.until(said).startswith("\x04" + ("42" if "42" in said else "\x04Traceback"))
    line.until("\x04>")
    line.type("\x05A\x01while True:\x03")  # given up
    assert line.until("\x04>").endswith("KeyboardInterrupt: \r\n\x04>")
    line.type("print(1)\x04")
    line.until("OK1\r\n\x04\x04>")


def test_ampy_puts_gets_lists_and_runs(board, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("print('from ampy')\n")
    ampy(board, "put", script, "/script.py")
    assert ampy(board, "ls").split() == ["/script.py"]
    assert ampy(board, "get", "/script.py").strip() == script.read_text().strip()
    assert ampy(board, "run", script).strip() == "from ampy"


def test_errors_carry_the_numbers_of_boards(board):
    code = "import os\ntry: os.stat('/missing')\nexcept OSError as e: print(e)\nos.mkdir('a')\n"
    code += "try: os.mkdir('a')\nexcept OSError as e: print(e)\nprint(os.stat('')[0] & 0xF000 == os.stat('/')[0])"
    assert mpremote(board, "exec", code).splitlines() == ["[Errno 2] ENOENT", "[Errno 17] EEXIST", "True"]


def test_a_full_flash_says_so_and_keeps_what_it_has():
    with start_board(flash_bytes=64 * 1024) as small:
        code = "import os\nwith open('kept', 'w') as f: f.write('kept')\nf = open('big', 'w')\n"
        code += "try:\n while True: f.write('x' * 1024)\nexcept OSError as e: print(e.errno)\n"
        code += "f.close()\nprint(os.statvfs('/')[3])"
        assert mpremote(small, "exec", code).splitlines() == ["28", "0"]
        assert (small.folder / "kept").read_text() == "kept"
        assert (small.folder / "big").stat().st_size == 13 * 4096


def test_boot_and_main_run_at_a_soft_reset_and_files_stay(line, board):
    (board.folder / "boot.py").write_text("print('boot runs')")
    line.type("f = open('main.py', 'w'); f.write('print(1000 + 1)'); f.close()\r")
    line.until(">>> ")
    board.reset()
    said = line.until(HELP)
    assert said.index("boot runs") < said.index("1001")
    line.until(">>> ")
    line.type("\x04")
    assert "MPY: soft reboot\r\nboot runs\r\n1001" in line.until(">>> ")


def test_a_program_asks_for_resets_and_learns_the_cause(line):
    line.type("import machine; print('cause', machine.reset_cause())\r")
    assert "cause 1\r\n" in line.until("\r\n>>> ")
    for call, cause in (("reset()", 2), ("deepsleep(10)", 4), ("soft_reset()", 5)):
        line.type("import machine; machine.%s\r" % call)
        line.until(HELP)
        line.until(">>> ")
        line.type("import machine; print('cause', machine.reset_cause())\r")
        assert "cause %d\r\n" % cause in line.until("\r\n>>> ")


def test_ctrl_c_stops_a_program_that_sleeps_or_looks_at_the_clock(line, board):
    for body in ("time.sleep(1000)", "now = time.ticks_ms()"):
        line.type("import time\rprint('be' + 'gins')\rwhile True: %s\r\r" % body)
        line.until("begins\r\n")
        line.until("... ")
        line.until("KeyboardInterrupt", press="\x03")
        line.until(">>> ")
    assert board.restarts == 0


def test_ctrl_c_in_a_busy_loop_restarts_the_board_and_keeps_its_files(line, board):
    line.type("f = open('kept', 'w'); f.write('kept'); f.close()\rwhile True: pass\r\r")
    line.until("... \r\n")
    line.type("\x03")
    line.until(HELP)
    line.type("open('kept').read()\r")
    line.until("'kept'\r\n>>> ")
    assert board.restarts == 1


@pytest.mark.parametrize("begun", [True, False])
def test_main_that_runs_for_ever_does_not_lock_a_tool_out(line, board, begun):
    (board.folder / "main.py").write_text("import time\nprint('begun')\nwhile True:\n    time.sleep(60)\n")
    board.reset()
    if begun:
        line.until("begun")
    assert mpremote(board, "exec", "print('in')").strip() == "in"


def test_a_tool_gets_in_while_main_sleeps_deeply(line, board):
    (board.folder / "main.py").write_text("import machine\nprint('wakes')\nmachine.deepsleep(600000)\n")
    board.reset()
    line.until("wakes\r\n")
    line.until(">>> ", press="\x03")


NETWORK = """
import network, requests, socket
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("any", "password")
print(wlan.isconnected(), wlan.status("rssi"), requests.post(%r, json=[[1648054765458, 1.5]]).text)
s = socket.socket()
s.settimeout(0.2)
s.connect(("127.0.0.1", %d))
try:
    s.recv(1)
except OSError as e:
    print(e.errno)
s.close()
try:
    s = socket.socket()
    s.connect(("127.0.0.1", 1))
except OSError as e:
    print(e.errno)
"""


def test_its_network_is_the_hosts(board, sandbox):
    said = mpremote(board, "exec", NETWORK % (sandbox.upload_url(), sandbox.port))
    assert said.split() == ["True", "-50", "OK", "110", "111"]
    assert sandbox.points() == [(1, 1648054765458, 1.5)]


def test_ctrl_c_stops_a_program_that_waits_for_the_network(line, sandbox):
    line.type("import socket; s = socket.socket(); s.connect(('127.0.0.1', %d)); s.recv(1)\r" % sandbox.port)
    line.until("recv(1)\r\n")
    line.until("KeyboardInterrupt", press="\x03")
    line.until(">>> ")


SILENT = """
import blynk_batch
client = blynk_batch.Client("token", server="http://127.0.0.1:%d")
client.log(1, 21.5)
print(client.upload(timeout_s=1))
"""


def test_a_server_that_never_answers_is_left_after_the_time_that_was_given(board):
    give_library(board)
    board.reset()
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = mpremote(board, "exec", SILENT % server.getsockname()[1])
    assert "requests=1 pending=1" in said and "NetworkError" in said, said


EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/main.py"))
FASTER = {
    "MEASURE_EVERY_S": 1,
    "UPLOAD_EVERY_S": 1,
    "WAKE_EVERY_S": 1,
    "RING_BLOCKS": 256,
    "ERASE_CARD": True,
    "ERASE_CHIP": True,
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_runs_on_it_as_it_would_on_a_board_and_its_readings_arrive(board, sandbox, example):
    give_library(board)
    for path in (ROOT / "examples" / example).glob("*.py"):
        shutil.copy(path, board.folder)
    config = (board.folder / "config.py").read_text()
    config += "TOKEN, SERVER = %r, %r\n" % (sandbox.token, sandbox.url)
    config += "".join("%s = %r\n" % (name, value) for name, value in FASTER.items() if name in config)
    (board.folder / "config.py").write_text(config)
    board.reset()
    end = time.monotonic() + PATIENCE_S
    while len(sandbox.batches()) < 2:
        assert time.monotonic() < end, "nothing arrives"
        time.sleep(0.2)
    assert sandbox.points("V1") and not sandbox.duplicates()


def test_make_board_says_where_it_is_and_how_to_use_it(tmp_path):
    require_node()
    process = subprocess.Popen(
        ["make", "--no-print-directory", "board", "ARGS=--folder %s" % tmp_path],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a test run in the background ignores it
    )
    try:
        said = ""
        while "Ctrl-C" not in said:
            said += process.stdout.readline()
        port = re.search(r"make deploy PORT=(\S+)", said).group(1)
        assert run_tool("mpremote", "connect", port, "exec", "with open('x', 'w') as f: f.write('there')") == ""
        assert (tmp_path / "x").read_text() == "there"
        second = run("make", "--no-print-directory", "board", "ARGS=--folder %s" % tmp_path, status=2)
        assert "Error: %s is the flash of a board that runs" % tmp_path in second
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    require_node()
    (tmp_path / "file").touch()
    said = run("make", "--no-print-directory", "board", "ARGS=--folder %s/file/below" % tmp_path, status=2)
    assert "Error: %s/file/below cannot be the flash: " % tmp_path in said and "Traceback" not in said


def test_a_board_whose_host_is_gone_ends_in_the_midst_of_its_program(tmp_path):
    require_node()
    (tmp_path / "main.py").write_text("import time\nprint('begun')\nwhile True: time.sleep(0.1)\n")
    command = ["node", str(ROOT / "tools" / "virtual_board" / "board.mjs"), str(tmp_path), "868352", "offline"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert b"begun" in process.stdout.readline()
            process.stdin.close()
            process.wait(timeout=30)
        finally:
            process.kill()
