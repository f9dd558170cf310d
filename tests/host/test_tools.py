"""Every command of the Makefile is a click command that tells its options, and none complains of a pipe that closes."""

import importlib
import os
import re
import resource
import signal
import struct
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests.host import thumb
from tests.host.boards import run
from tools.device import ROOT
from tools.options import command
from tools.powercut import drive

MODULES = sorted(set(re.findall(r"\$\(RUN\) -m (tools[.\w]+)", (ROOT / "Makefile").read_text())))


@pytest.mark.parametrize("module", MODULES)
def test_every_command_tells_its_options(module):
    is_folder = (ROOT / module.replace(".", "/")).is_dir()
    command = importlib.import_module(module + ".__main__" * is_folder).main
    done = CliRunner().invoke(command, ["--help"])
    assert done.exit_code == 0 and "Options:" in done.output, done.output


@pytest.mark.parametrize("module", ["size", "release"])
def test_a_reader_of_the_first_line_alone_gets_no_complaint(module):
    command = [sys.executable, "-m", "tools." + module]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    assert process.communicate(timeout=120)[1] == ""


def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path):
    @command()
    def main():
        (tmp_path / "none" / "here").write_text("")

    done = CliRunner().invoke(main)
    said = "Error: %s/none/here cannot be used: No such file or directory\n" % tmp_path
    assert (done.exit_code, done.output) == (1, said)


@pytest.mark.parametrize("module", ["size", "demo", "emulator"])
def test_a_full_disk_is_one_sentence(module, tmp_path):
    command = [sys.executable, "-m", "tools." + module]
    if module == "emulator":
        command += ["--flash", str(tmp_path / "flash"), "--firmware", str(tmp_path / "file.uf2")]
        page = thumb.FLASH, 256, 0, 1, 0xE48BFF56, b"MicroPython".ljust(476), 0x0AB16F30
        (tmp_path / "file.uf2").write_bytes(struct.pack("<8I476sI", 0x0A324655, 0x9E5D5157, 0x2000, *page))
    environment = dict(os.environ, TMPDIR=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")
    full = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # noqa: E731
    said = run(*command, status=1, env=environment, preexec_fn=full)
    assert "Traceback" not in said and re.search("^Error: .*(File too large|disk|full)", said, re.MULTILINE), said
    assert [path.name for path in tmp_path.iterdir()] == ["file.uf2"] * (module == "emulator")


def test_a_run_of_cuts_shows_how_far_it_is(monkeypatch):
    monkeypatch.setattr(drive, "run_share", lambda *share: (1, []))
    done = CliRunner().invoke(drive.main)
    assert done.exit_code == 0 and "cutting" in done.output, done.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_from_outside_clears_away_as_at_ctrl_c(number, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.demo"],
        cwd=ROOT,
        env=dict(os.environ, TMPDIR=str(tmp_path)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # nohup has it ignored
        text=True,
    )
    assert process.stdout.readline().startswith("server"), "its sandbox runs"
    process.send_signal(number)
    said = process.communicate(timeout=60)[0]  # to the end of what its children may say, too
    assert (process.returncode, said.splitlines()[-1]) == (1, "Aborted!")
    assert list(tmp_path.iterdir()) == []


def test_what_nohup_ignores_ends_nothing():
    code = "import signal; from tools.options import command\n@command()\ndef main(): signal.raise_signal(1)\nmain()"
    done = subprocess.run(["nohup", sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
