"""docs/getting-started.md, followed as a new user would, with the virtual board and a sandbox."""

import os
import re

import pytest

from tests.host.boards import run, start_board
from tools.device import ROOT
from tools.sandbox.contract import TYPES
from tools.sandbox.testing import Sandbox

TEXT = (ROOT / "docs" / "getting-started.md").read_text()
TOKEN = "my-test-token"


def blocks(text, kind):
    return re.findall(r"^```%s\n(.*?)^```$" % kind, text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def desk(tmp_path):
    """desk.run(text): what the shell printed, with the page's port and server replaced by those of this test."""
    for path in ROOT.iterdir():
        if path.name not in (".git", "build"):
            (tmp_path / path.name).symlink_to(path)
    with start_board() as board, Sandbox(tokens=[TOKEN]) as sandbox:

        class Desk:
            folder = tmp_path
            server = sandbox

            @staticmethod
            def here(text):
                return text.replace("/dev/ttyACM0", board.port).replace("http://127.0.0.1:8080", sandbox.url)

            def run(self, text):
                return run("sh", "-ec", self.here(text), cwd=tmp_path, env=dict(os.environ, CI="true"), timeout=600)

        yield Desk()


def test_the_board_gets_library_and_example_as_printed(desk):
    (deploy,) = blocks(TEXT.split("## Without a board")[0], "sh")
    as_printed = r"files \(.* KB\) copied in .*, 0 unchanged, 0 removed. The board imports blynk_batch"
    assert re.search(as_printed, desk.run(deploy))


def test_without_a_board_readings_arrive_from_the_desk_and_from_the_virtual_board(desk):
    text = TEXT.split("## Without a board")[1]
    (first,) = blocks(text, "python")
    (desk.folder / "first.py").write_text(desk.here(first))
    run_first, board = blocks(text, "sh")
    _, says, _, uploaded = blocks(text, "output")
    assert desk.run(run_first) == says
    assert [value for _, _, value in desk.server.points()] == [21.5, 21.75]
    assert uploaded in desk.run(board)
    assert [value for _, _, value in desk.server.points()] == [21.5, 21.75, 22]


def test_what_it_says_of_the_example_is_so():
    config = (ROOT / "examples" / "pico_w" / "config.py").read_text()
    assert 'PIN = "V1"  # a Double datastream' in config and "UPLOAD_EVERY_S = 900" in config
    assert "data type *Double*" in TEXT and "double" in TYPES


def test_every_make_target_that_it_names_exists():
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"^make ([a-z-]+)", "\n".join(blocks(TEXT, "(?:sh|output)")), re.MULTILINE))
    assert {"deploy", "flash", "sandbox", "board", "pull"} == named
    assert [target for target in named if not re.search("^%s:" % target, makefile, re.MULTILINE)] == []
