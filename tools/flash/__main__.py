"""`make flash FIRMWARE=file`: recognise the file, find the board, ask, write."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from tools.board import ports
from tools.board.errors import BoardProblem
from tools.flash import volume
from tools.flash.image import Uf2, recognise
from tools.options import command

_FILES_STAY = "Its files stay if the firmware that it has now is for the same board; `make pull` saves its readings."
_NO_ESPTOOL = (
    "An ESP32 needs esptool, which is not installed: `.venv/bin/python -m pip install esptool`, then again."
)
_UNFINISHED = "esptool did not finish: hold the board's BOOT button, tap RESET, let go, and run this again."


@command()
@click.option("--firmware", type=click.Path(path_type=Path), help="A .uf2 or .bin of MicroPython.")
@click.option("--port", help="An ESP32's serial port; found by itself if there is one board.")
@click.option("--volume", "folder", help="Where a Pico W's RPI-RP2 volume is mounted; found in the usual places.")
@click.option("--erase", is_flag=True, help="ESP32: erase everything first, as for a board that never ran MicroPython.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def main(firmware, port, folder, erase, yes):
    """Put a MicroPython image onto a Pico W or an ESP32."""
    if firmware is None or not firmware.is_file():
        found = "There is no file %s" % firmware if firmware else "No file is named"
        raise BoardProblem("%s: FIRMWARE=... names an image from micropython.org/download." % found)
    data = firmware.read_bytes()
    image = recognise(firmware.name, data)
    if isinstance(image, Uf2):
        pico(image, firmware, data, folder, erase, yes)
    else:
        esp32(image, firmware, port, erase, yes)
    click.echo("Done. When the board has restarted: make deploy")


def pico(image, firmware, data, folder, erase, yes):
    if erase:
        raise BoardProblem("ERASE=1 is for an ESP32; a Pico W is erased by a UF2 file of its own, flash_nuke.uf2.")
    target = volume.find(image.board_id, folder)
    if not image.has_wifi:
        click.echo("This firmware is not for a Pico W: it will have no Wi-Fi.")
    ask("Write %s to the board at %s? %s" % (firmware.name, target, _FILES_STAY), yes)
    volume.copy(data, target)


def esp32(image, firmware, port, erase, yes):
    """By esptool, a program of its own (GPL) that this project does not bring along; it writes to the terminal."""
    port, path = ports.find(port), os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    esptool = shutil.which("esptool", path=path) or shutil.which("esptool.py", path=path)
    if not esptool:
        raise BoardProblem(_NO_ESPTOOL)
    files = "Everything on it is erased first, its readings too." if erase else _FILES_STAY
    ask("Write %s to the %s at %s? %s" % (firmware.name, image.chip, port, files), yes)
    for step in [["erase_flash"]] * erase + [["write_flash", hex(image.offset), str(firmware)]]:
        if subprocess.call([esptool, "--chip", image.chip, "--port", port, "--baud", "460800", *step]):
            raise BoardProblem(_UNFINISHED)


def ask(question, yes):
    if not yes:
        click.confirm(question, abort=True)


if __name__ == "__main__":
    main()
