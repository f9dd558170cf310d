"""docs/your-board.md: every message that it explains is one that the tools give, and its commands exist."""

import re

import pytest

from tests.host.boards import ROOT
from tools.board_check.__main__ import main as board_check
from tools.deploy.__main__ import main as deploy
from tools.flash.__main__ import main as flash
from tools.package import main as package
from tools.virtual_board.__main__ import main as board

TEXT = (ROOT / "docs" / "your-board.md").read_text()
FOLDERS = [ROOT / "tools" / name for name in ("board", "deploy", "flash", "board_check")]
SOURCES = [path.read_text() for folder in FOLDERS for path in folder.glob("*.py")]
TABLE = TEXT.split("## What the messages mean")[1]
MESSAGES = re.findall(r"`([^`]+)`", "\n".join(re.findall(r"^\| (.+?) \|", TABLE, re.MULTILINE)))
PATHS = ("/config.py", "/blynk_batch")  # in messages, where the tools have %s


def said():
    """Every text in the tools, literals joined that stand one after another."""
    return "\n".join(re.sub(r'"\s*\n\s*"', "", source) for source in SOURCES).replace("`", "")


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_that_it_explains_is_given(message):
    for path in PATHS:
        message = message.replace(path, "...")
    text = said()
    assert [part for part in message.split("...") if part.strip() not in text] == []


@pytest.mark.parametrize("target, tool", [
    ("deploy", deploy), ("flash", flash), ("board-check", board_check), ("board", board), ("package", package),
])
def test_every_setting_that_it_names_reaches_the_tool(target, tool):
    makefile = (ROOT / "Makefile").read_text()
    recipe = re.search(r"^%s: (?:.*\n)(?:\t.*\n)+" % target, makefile, re.MULTILINE).group()
    options = {option for parameter in tool.params for option in parameter.opts}
    assert {option for option in re.findall(r"--[a-z]+", recipe)} <= options
    named = "\n".join(re.findall(r"^make %s .*$" % target, TEXT, re.MULTILINE))
    assert all(re.search(r"[(,]%s\)" % name, recipe) for name in re.findall(r"\b([A-Z]+)=", named))
    assert all(option in options for option in re.findall(r"--[a-z-]+", named))
