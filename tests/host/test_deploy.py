"""make deploy, end to end on the virtual board: what it copies, removes and keeps, and what it says when it cannot."""

import os
import pty
import re
import threading
import tty
from types import SimpleNamespace

import pytest
import serial
from serial.tools import list_ports

from tests.host import boards
from tests.host.boards import mpremote, run, start_board
from tools.board import files as board_files
from tools.board.connection import Connection
from tools.board.errors import BoardLost, BoardProblem
from tools.compiled import ROOT
from tools.deploy import library, plan
from tools.deploy.__main__ import main

USE = """
import blynk_batch
client = blynk_batch.Client("t" * 32)
client.log(1, 21.5)
print(client.pending, blynk_batch.__file__)
"""


def deploy(board, *arguments, status=0):
    return boards.said(main, "--port", board.port, *arguments, status=status)


def at(board):
    return ["--port", getattr(board, "port", board)] if board else []


def fails(board, *arguments):
    """The one sentence that it ends with, and nothing after it."""
    lines = boards.said(main, *at(board), *arguments, status=1).splitlines()
    assert lines[-1].startswith("Error: ") and sum(line.startswith("Error: ") for line in lines) == 1
    return lines[-1]


def put(board, path, text):
    target = board.folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    board.reset()  # it reads the folder when it starts


def on_board(board):
    return {"/" + path.relative_to(board.folder).as_posix() for path in board.folder.rglob("*") if path.is_file()}


@pytest.fixture
def small_library(tmp_path, monkeypatch):
    """Two bundles instead of all, where it does not matter which."""
    package = tmp_path / "lib" / "blynk_batch"
    (package / "ring").mkdir(parents=True)
    (package / "__init__.py").write_text("__version__ = '0.0.1'\n")
    (package / "ring" / "__init__.py").write_text("")
    (package / "ring" / "room.py").write_text("def make_room(): pass\n")
    monkeypatch.setattr(library, "LIBRARY", package.parent)


# What it does


@pytest.mark.parametrize("tool", ["mpremote", "ampy"])
def test_make_deploy_gives_a_board_with_little_flash_a_library_that_logs_and_keeps(tool):
    with start_board(flash_bytes=384 * 1024) as board:
        said = run("make", "--no-print-directory", "deploy", "PORT=" + board.port, "TOOL=" + tool)
        count = len(library.files())
        last = r"^ +%d/%d /lib/blynk_batch/__init__.mpy \(\d+ bytes\)$" % (count, count)
        assert re.search(last, said, re.MULTILINE), said
        assert "%d files (" % count in said and "The board imports blynk_batch 0" in said
        assert on_board(board) == set(library.files())
        assert mpremote(board, "exec", USE).split() == ["1", "/lib/blynk_batch/__init__.mpy"]
        mpremote(board, "reset")
        assert mpremote(board, "exec", USE).split() == ["2", "/lib/blynk_batch/__init__.mpy"]


def test_only_what_changed_is_copied(small_library, board):
    deploy(board)
    assert "\n0 files (0.0 KB) copied" in deploy(board)
    put(board, "lib/blynk_batch/_room.mpy", "damaged")
    said = deploy(board)
    assert re.findall(r"\d+/\d+ (\S+)", said) == ["/lib/blynk_batch/" + name for name in ("_room.mpy", "__init__.mpy")]
    assert "0 unchanged, 0 removed" in said


@pytest.mark.parametrize("form", [(), ("--source",)], ids=["compiled", "source"])
def test_what_breaks_off_leaves_no_library_rather_than_halves_of_two(small_library, board, monkeypatch, form):
    deploy(board)
    put(board, "lib/blynk_batch/_room.mpy", "older")
    write = board_files.write

    def then_the_cable(board, *arguments):
        write(board, *arguments)
        raise BoardProblem("the cable")

    with monkeypatch.context() as patch:
        patch.setattr(board_files, "write", then_the_cable)
        fails(board, *form)
    assert not {path for path in on_board(board) if "/blynk_batch/__init__." in path}
    deploy(board, *form)
    assert on_board(board) == set(library.files(compiled=not form))


def test_what_is_imported_first_goes_first_and_comes_last():
    entrance, old, new = ("/lib/blynk_batch/" + name for name in ("__init__.mpy", "_a.mpy", "_b.mpy"))
    there = {path: (1, board_files.sha256(b"1")) for path in (old, entrance)}
    todo = plan.library({entrance: b"1", new: b"1"}, there)
    assert (list(todo.remove), list(todo.copy), todo.unchanged) == ([entrance, old], [new, entrance], [])
    assert plan.library({entrance: b"1", old: b"1"}, there).unchanged == [entrance, old]


def test_what_would_be_loaded_instead_is_removed_and_other_files_stay(small_library, board):
    put(board, "lib/blynk_batch/_room.py", "raise ImportError")
    put(board, "lib/blynk_batch/ring/room.py", "")
    put(board, "lib/blynk_batch/older.py", "")
    put(board, "lib/blynk_batch/old/module.mpy", "")
    put(board, "blynk_batch/__init__.py", "raise ImportError")
    put(board, "blynk_batch.py", "raise ImportError")
    put(board, "lib/blynk_batch/notes.txt", "mine")
    put(board, "lib/other.py", "mine")
    deploy(board)
    assert on_board(board) == set(library.files()) | {"/lib/blynk_batch/notes.txt", "/lib/other.py"}
    assert not (board.folder / "blynk_batch").exists() and not (board.folder / "lib/blynk_batch/old").exists()


def test_sources_take_the_place_of_compiled_files_and_back(small_library, board):
    deploy(board)
    deploy(board, "--source")
    assert on_board(board) == set(library.files(compiled=False))
    sources = {"/lib/blynk_batch/" + name for name in ("__init__.py", "ring/__init__.py", "ring/room.py")}
    assert on_board(board) == sources
    deploy(board)
    assert on_board(board) == set(library.files())


@pytest.mark.parametrize("mpy, expected", [
    (6 | 3 << 8 | 4 << 10, "armv6m"), (6 | 3 << 8 | 10 << 10, "xtensawin"), (6 | 3 << 8 | 11 << 10, "rv32imc"),
    (6 | 3 << 8, None), (6 | 1 << 8 | 4 << 10, None), (5 | 3 << 8 | 4 << 10, None), (6 | 3 << 8 | 63 << 10, None),
])
def test_machine_code_is_for_the_boards_processor_or_left_out(mpy, expected):
    assert library.processor(mpy) == expected


def test_machine_code_goes_only_onto_a_board_that_loads_it(small_library):
    (library.LIBRARY / "blynk_batch" / "ring" / "fast.py").write_text(
        "import micropython\n\n@micropython.viper\ndef add(a: int, b: int) -> int:\n    return a + b\n"
    )
    fast = "/lib/blynk_batch/_ring_fast.mpy"
    assert fast not in library.files()
    known = [library.processor(6 | 3 << 8 | number << 10) for number in range(64)]
    assert {"armv6m", "armv7emsp", "xtensawin", "rv32imc", "x64"} < set(known)
    for arch in filter(None, known):
        assert library.files(arch=arch)[fast][2] >> 2 > 0


def test_a_ring_in_a_folder_of_the_librarys_name_is_not_touched(small_library, board):
    put(board, "blynk_batch/00000001", "readings")
    assert "The folder /blynk_batch on the board (with 00000001) hides the library" in fails(board)
    assert on_board(board) == {"/blynk_batch/00000001"}


# An example


def test_an_example_comes_with_its_configuration_and_is_replaced_by_a_newer_one(small_library, board, monkeypatch):
    said = deploy(board, "--example", "pico_w")
    assert {"/main.py", "/config.py", "/sensor.py"} <= on_board(board)
    assert "Put your token and Wi-Fi" in said and "reset" in said
    monkeypatch.setattr("tools.deploy.example.files", lambda name: {"/main.py": b"new", "/config.py": b"TOKEN = 1"})
    deploy(board, "--example", "pico_w")
    assert (board.folder / "main.py").read_text() == "new" and (board.folder / "config.py").read_text() == "TOKEN = 1"


def test_a_configuration_edited_on_the_board_is_kept_unless_asked(small_library, board):
    deploy(board, "--example", "pico_w")
    put(board, "config.py", "TOKEN = 'mine'")
    assert "keeps /config.py" in deploy(board, "--example", "pico_w")
    assert "keeps /config.py" in deploy(board, "--example", "pico_w"), "keeping it does not make it ours"
    assert (board.folder / "config.py").read_text() == "TOKEN = 'mine'"
    deploy(board, "--example", "pico_w", "--replace")
    assert (board.folder / "config.py").read_bytes() == (ROOT / "examples/pico_w/config.py").read_bytes()


def test_a_program_of_the_boards_owner_is_not_overwritten_unless_asked(small_library, board):
    put(board, "main.py", "print('mine')")
    assert "/main.py on the board is not as `make deploy` put it there" in fails(board, "--example", "pico_w")
    assert on_board(board) == {"/main.py"}, "nothing was copied"
    deploy(board)
    assert (board.folder / "main.py").read_text() == "print('mine')"
    deploy(board, "--example", "pico_w", "--replace")
    assert "blynk_batch" in (board.folder / "main.py").read_text()


# What it says when it cannot


def test_an_unknown_example_is_answered_with_those_that_there_are():
    said = fails("/dev/null", "--example", "toaster")
    assert said.startswith("Error: There is no example 'toaster': choose one of ") and "pico_w" in said


@pytest.mark.parametrize("found, sentence", [
    ([], "No board was found: connect one"),
    (["/dev/ttyACM0", "/dev/ttyACM1"], "Several boards are connected: name one of them with PORT=..., /dev/ttyACM0 (A"),
])
def test_without_a_port_one_board_must_be_there(monkeypatch, found, sentence):
    ports = [SimpleNamespace(device=name, vid=1, description="A board") for name in found]
    monkeypatch.setattr(list_ports, "comports", lambda: ports + [SimpleNamespace(device="/dev/ttyS0", vid=None)])
    assert sentence in fails(None)


def test_the_only_board_is_found(small_library, board, monkeypatch):
    found = SimpleNamespace(device=board.port, vid=1, description="")
    monkeypatch.setattr(list_ports, "comports", lambda: [found])
    assert "at " + board.port in boards.said(main)


def test_a_port_that_is_not_there_is_named():
    assert "There is no port /dev/ttyNONE" in fails("/dev/ttyNONE")
    assert "/dev/null is no serial port" in fails("/dev/null") and "/dev is no serial port" in fails("/dev")


@pytest.mark.parametrize("tool", ["mpremote", "ampy"])
def test_a_port_in_use_is_told_apart(board, tool):
    with serial.Serial(board.port, exclusive=True):
        assert "is in use by another program" in fails(board, "--tool", tool)


@pytest.fixture
def other_device():
    """Something on a serial line that sends back what it gets, and is no board."""
    line, other_end = pty.openpty()
    tty.setraw(other_end)
    stop = threading.Event()

    def echo():
        while not stop.is_set():
            os.write(line, os.read(line, 64))

    thread = threading.Thread(target=echo)
    thread.start()
    yield SimpleNamespace(port=os.ttyname(other_end))
    stop.set()
    os.write(other_end, b"x")
    thread.join()
    os.close(line)
    os.close(other_end)


def test_a_device_without_micropython_is_told_apart(other_device, monkeypatch):
    monkeypatch.setattr("tools.board.connection._ANSWER_S", 1)
    said = fails(other_device)
    assert "does not answer as MicroPython" in said and "make flash PORT=" in said


def firmware(board, implementation):
    code = "import sys\nclass Sys: implementation, platform = %s, 'old'\nsys.modules['sys'] = Sys"
    put(board, "boot.py", code % implementation)


def test_an_older_firmware_is_refused_and_one_of_121_gets_advice(small_library, board):
    firmware(board, "('micropython', (1, 19, 1), 'old board')")
    assert "The board runs MicroPython 1.19.1, and the library needs 1.20 or newer" in fails(board)
    firmware(board, "('circuitpython', (9, 0, 0))")
    assert "runs circuitpython" in fails(board)
    assert on_board(board) == {"/boot.py"}
    firmware(board, "('micropython', (1, 21, 0))")
    said = deploy(board)
    assert "a newer firmware is better" in said and "sources are copied" in said
    assert on_board(board) == {"/boot.py"} | set(library.files(compiled=False))


def test_a_full_flash_is_noticed_before_anything_is_copied():
    with start_board(flash_bytes=96 * 1024) as small:
        assert re.search(r"The board has \d+ KB free and \d+ KB are needed", fails(small))
        assert on_board(small) == set()


def test_a_flash_that_fills_up_meanwhile_is_told_and_leaves_no_half_file(monkeypatch):
    monkeypatch.setattr(plan.Plan, "needed_bytes", lambda *_: 0)
    with start_board(flash_bytes=96 * 1024) as small:
        assert "The board is full: /lib/blynk_batch/" in fails(small)
        files = library.files()
        assert all((small.folder / path[1:]).read_bytes() == files[path] for path in on_board(small))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("tool", ["mpremote", "ampy"])
def test_a_board_whose_program_prints_again_since_a_watchdog_reset_it_is_told(tool, monkeypatch):
    monkeypatch.setattr("tools.board.connection._TALK_S", 2)
    with start_board() as board:
        (board.folder / "main.py").write_text("import time\nwhile True:\n    print('on')\n    time.sleep(0.05)\n")
        with Connection(board.port, tool) as connection, pytest.raises(BoardLost, match="talks on"):
            connection.exec("import machine\nmachine.reset()", timeout_s=1)


@pytest.mark.parametrize("tool", ["mpremote", "ampy"])
def test_a_board_that_goes_away_meanwhile_is_told(tool):
    board = start_board()
    with Connection(board.port, tool) as connection:
        assert connection.exec("print(6 * 7)") == "42\n"
        board.close()
        with pytest.raises(BoardLost, match="stopped answering"):
            connection.exec("print(1)")


def test_a_library_that_the_board_cannot_import_is_told_with_the_boards_words(board, monkeypatch):
    broken = {"/lib/blynk_batch/__init__.py": b"import nowhere"}
    monkeypatch.setattr(library, "files", lambda compiled=True, arch=None: broken)
    assert "does not import them: Traceback" in deploy(board, status=1)
