"""make flash: which files it takes, where it puts them, and what it says instead. Volumes and esptool are stand-ins."""

import struct
import sys

import pytest

from tests.host import boards
from tools.flash.__main__ import main

RP2040, RP2350, ABSOLUTE, STM32 = 0xE48BFF56, 0xE48BFF59, 0xE48BFF57, 0x57755A57
CONTENT = b"MicroPython v1.25.0; Raspberry Pi Pico W with RP2040".ljust(600, b"\0")
ESP32S3, ESP32 = 9, 0
PYTHON = sys.executable


def uf2_block(family, number, count, data):
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, 0x10000000 + 256 * number, 256, number, count, family)
    return head + data.ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30)


def uf2(family=RP2040, content=CONTENT):
    parts = [content[at : at + 256] for at in range(0, len(content), 256)]
    return b"".join(uf2_block(family, number, len(parts), part) for number, part in enumerate(parts))


def esp(chip=ESP32S3, content=CONTENT, application=False):
    head = bytearray(64)
    head[0] = 0xE9
    struct.pack_into("<H", head, 12, chip)
    struct.pack_into("<I", head, 32, 0xABCD5432 if application else 0)
    return bytes(head) + content


@pytest.fixture
def flash(tmp_path, monkeypatch):
    """flash(data, *arguments, answer="y\\n", status=0): the output; no volume of this machine is looked at."""
    monkeypatch.setattr("tools.flash.volume._PLACES", (str(tmp_path / "media" / "%s"),))

    def invoke(data, *arguments, answer="y\n", status=0):
        path = tmp_path / "firmware.file"
        path.write_bytes(data)
        return boards.said(main, "--firmware", path, *arguments, input=answer, status=status)

    invoke.folder = tmp_path
    return invoke


def bootloader(folder, board_id="RPI-RP2"):
    volume = folder / "media" / board_id
    volume.mkdir(parents=True)
    (volume / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: %s\n" % board_id)
    return volume


# Pico W


def test_a_pico_w_gets_the_file_byte_for_byte_after_a_yes(flash):
    volume = bootloader(flash.folder)
    said = flash(uf2())
    assert "Write firmware.file to the board at %s? Its files stay" % volume in said and "Done." in said
    assert (volume / "firmware.uf2").read_bytes() == uf2()


def test_without_a_yes_nothing_is_written(flash):
    volume = bootloader(flash.folder)
    flash(uf2(), answer="\n", status=1)
    assert not (volume / "firmware.uf2").exists()


def test_an_image_for_rp2350_goes_to_its_own_volume_with_its_extra_block(flash):
    volume = bootloader(flash.folder, "RP2350")
    bootloader(flash.folder)
    data = uf2_block(ABSOLUTE, 0, 2, b"\xef" * 256) + uf2(RP2350)
    flash(data)
    assert (volume / "firmware.uf2").read_bytes() == data


def test_a_board_in_another_place_is_named_and_one_of_another_chip_refused(flash):
    volume = bootloader(flash.folder, "RP2350")
    assert "is an RP2350, and the firmware is for an RPI-RP2" in flash(uf2(), "--volume", str(volume), status=1)
    flash(uf2(RP2350), "--volume", str(volume), "--yes", answer="")
    assert (volume / "firmware.uf2").exists()
    assert "is not the volume of a board" in flash(uf2(), "--volume", str(flash.folder), status=1)


def test_of_several_boards_one_has_to_be_named_and_a_folder_that_is_no_board_is_none(flash, monkeypatch):
    places = [flash.folder / place / "%s" for place in ("media", "run", "mnt")]
    monkeypatch.setattr("tools.flash.volume._PLACES", list(map(str, places)))
    first = bootloader(flash.folder)
    (flash.folder / "mnt" / "RPI-RP2").mkdir(parents=True)
    flash(uf2(), "--yes")
    (flash.folder / "run").symlink_to(flash.folder / "media")
    said = flash(uf2(), "--yes", status=1)
    assert "name one with VOLUME=..., %s or %s." % (first, flash.folder / "run" / "RPI-RP2") in said


def test_a_board_that_is_not_in_its_bootloader_is_told_how(flash):
    assert "No volume RPI-RP2 is mounted: hold the board's BOOTSEL" in flash(uf2(), status=1)


def test_firmware_of_a_board_without_wifi_is_pointed_out(flash):
    bootloader(flash.folder)
    assert "will have no Wi-Fi" in flash(uf2(content=b"MicroPython; Raspberry Pi Pico with RP2040"))


@pytest.mark.parametrize("data, sentence", [
    (b"<html>not found</html>", "is no firmware"),
    (uf2()[:-512], "lacks a part"),
    (uf2()[:-1], "is a damaged UF2 file"),
    (uf2()[:512] + b"????" + uf2()[516:], "is a damaged UF2 file"),
    (uf2(STM32), "for another chip"),
    (uf2(content=b"CircuitPython"), "not MicroPython's"),
    (esp(content=b"Arduino"), "not MicroPython's"),
    (esp(chip=77), "chip number 77"),
    (esp(application=True), "download the .bin with bootloader"),
])
def test_a_file_that_must_not_be_written_is_refused_before_a_board_is_looked_for(flash, data, sentence):
    volume = bootloader(flash.folder)
    assert sentence in flash(data, "--port", "/dev/null", status=1)
    assert [path.name for path in volume.iterdir()] == ["INFO_UF2.TXT"]


# ESP32


class Esptool:
    """A program of that name, found before any other, that notes its arguments and ends with `status`."""

    def __init__(self, folder, status=0):
        self._log = folder / "calls"
        program = folder / "esptool"
        code = "import sys\nopen(%r, 'a').write(' '.join(sys.argv[1:]) + '\\n')\nsys.exit(%d)\n"
        script = folder / "esptool.py"
        script.write_text(code % (str(self._log), status))
        program.write_text('#!/bin/sh\nexec "%s" "%s" "$@"\n' % (PYTHON, script))  # a "#!" takes no path with a space
        program.chmod(0o755)

    def calls(self):
        return self._log.read_text().splitlines() if self._log.exists() else []


@pytest.fixture
def tools(flash, monkeypatch):
    """The only folder that programs are found in."""
    folder = flash.folder / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("tools.flash.__main__.sys.executable", str(folder / "python"))
    return folder


def test_an_esp32_is_written_by_esptool_where_its_chip_starts(flash, tools):
    esptool = Esptool(tools)
    said = flash(esp(ESP32S3), "--port", "/dev/ttyACM9")
    assert "to the esp32s3 at /dev/ttyACM9? Its files stay" in said
    flash(esp(ESP32), "--port", "/dev/ttyUSB9", "--erase")
    path = str(flash.folder / "firmware.file")
    assert esptool.calls() == [
        "--chip esp32s3 --port /dev/ttyACM9 --baud 460800 write_flash 0x0 " + path,
        "--chip esp32 --port /dev/ttyUSB9 --baud 460800 erase_flash",
        "--chip esp32 --port /dev/ttyUSB9 --baud 460800 write_flash 0x1000 " + path,
    ]


def test_erasing_is_said_before_it_is_done(flash, tools):
    esptool = Esptool(tools)
    said = flash(esp(), "--port", "/dev/ttyACM9", "--erase", answer="n\n", status=1)
    assert "Everything on it is erased first, its readings too." in said
    assert esptool.calls() == []


def test_an_esptool_that_fails_is_told_with_what_helps(flash, tools):
    Esptool(tools, status=2)
    assert "esptool did not finish: hold the board's BOOT button" in flash(esp(), "--port", "/dev/null", status=1)


def test_a_missing_esptool_is_told_with_the_command_that_installs_it(flash, tools):
    assert "pip install esptool" in flash(esp(), "--port", "/dev/null", status=1)


def test_make_flash_without_a_file_says_what_is_missing():
    said = boards.run("make", "--no-print-directory", "flash", status=2)
    assert "No file is named: FIRMWARE=... names an image from micropython.org/download." in said
