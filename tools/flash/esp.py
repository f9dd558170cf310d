"""An ESP32: its image is written by esptool, a program of its own (GPL) that this project does not bring along."""

import shutil
import subprocess
import sys
from pathlib import Path

from tools.board.errors import BoardProblem

_BAUD = "460800"


def program():
    """esptool's path: beside this Python, or on PATH."""
    for name in ("esptool", "esptool.py"):
        beside = Path(sys.executable).with_name(name)
        if beside.is_file():
            return str(beside)
        if shutil.which(name):
            return shutil.which(name)
    raise BoardProblem(
        "An ESP32 needs esptool, which is not installed: `.venv/bin/python -m pip install esptool`, then again."
    )


def write(esptool, image, path, port, erase):
    """Its output goes to the terminal."""
    common = [esptool, "--chip", image.chip, "--port", port, "--baud", _BAUD]
    if erase:
        _run(common + ["erase_flash"])
    _run(common + ["write_flash", hex(image.offset), str(path)])


def _run(command):
    if subprocess.call(command):
        raise BoardProblem(
            "esptool did not finish: hold the board's BOOT button, tap RESET, let go, and run this again."
        )
