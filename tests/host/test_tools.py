"""`python -m tools` reaches every tool that is a click command, and says what there is for a name it does not know."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools.__main__ import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_tool_tells_its_options(name):
    done = CliRunner().invoke(main, [name, "--help"])
    assert done.exit_code == 0 and "Options:" in done.output, done.output


@pytest.mark.parametrize("module", ["size", "release"])
def test_a_reader_of_the_first_line_alone_gets_no_complaint(module):
    command = [sys.executable, "-m", "tools." + module]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    assert process.communicate(timeout=120)[1] == ""


def test_the_list_names_every_tool_and_another_name_is_refused():
    listed = CliRunner().invoke(main, ["--help"]).output
    assert all(name in listed for name in COMMANDS)
    done = CliRunner().invoke(main, ["flourish"])
    assert done.exit_code == 2 and "flourish" in done.output
