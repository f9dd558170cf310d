"""What the tests of the tools share: a command that is run to its end, a virtual board, and what talks to it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools.device import ROOT
from tools.virtual_board.host import VirtualBoard, missing

_PATIENCE_S = 300


def require_node():
    """Skips the test where Node.js is missing, but fails it in continuous integration."""
    if problem := missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(problem)


def start_board(**options):
    """A virtual board."""
    require_node()
    return VirtualBoard(**options)


def give_library(board):
    """The library's sources, there after the next reset."""
    shutil.copytree(ROOT / "lib" / "blynk_batch", board.folder / "lib" / "blynk_batch")


def run_tool(name, *arguments, status=0):
    """Output of a program from the virtual environment, such as mpremote."""
    return run(Path(sys.executable).with_name(name), *arguments, status=status)


def ended(*command, **options):
    """The command once it has ended; `stdout` is all that it said. `options` are those of subprocess.run."""
    usual = {"cwd": ROOT, "stdin": subprocess.DEVNULL, "text": True, "timeout": _PATIENCE_S}
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run([str(part) for part in command], **{**usual, **output, **options})


def run(*command, status=0, **options):
    done = ended(*command, **options)
    assert done.returncode == status, done.stdout
    return done.stdout


def said(command, *arguments, status=0, **options):
    """What a command of click's prints, in this process; `options` are those of CliRunner.invoke."""
    done = CliRunner().invoke(command, list(map(str, arguments)), **options)
    assert isinstance(done.exception, (SystemExit, type(None))), done.exc_info
    assert done.exit_code == status, done.output
    return done.output


def mpremote(board, *arguments):
    return run_tool("mpremote", "connect", board.port, *arguments)


def ampy(board, *arguments):
    return run_tool("ampy", "--port", board.port, *arguments)
