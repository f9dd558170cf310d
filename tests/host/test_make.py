"""The commands of the Makefile and the checks of `make lint`, as far as no other test runs them."""

import ast
import re
import shutil
import subprocess
import sys

import pytest

from tools import lint
from tools.device import ROOT

INTERNAL = {"help", "node"}


def test_make_alone_prints_one_line_for_every_target_under_what_it_is_for():
    command = ["make", "--no-print-directory"]
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout
    groups = [part.splitlines() for part in output.split("\n\n")]
    assert [group[0] for group in groups] == ["use", "a board", "develop"]
    listed = [re.match(r"  make (\S+) +\S", line).group(1) for group in groups for line in group[1:]]
    assert "sandbox" in listed[:5] and listed.index("deploy") < listed.index("test")
    makefile = (ROOT / "Makefile").read_text()
    named = " ".join(re.findall("^FOR_.* := (.*)$", makefile, re.MULTILINE)).split()
    assert sorted(named) == sorted(
        re.match(r"  make (\S+)", line).group(1) for group in groups[:2] for line in group[1:]
    )
    targets = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert sorted(listed) == sorted(set(" ".join(targets).split()) - INTERNAL)


@pytest.mark.parametrize("target", ["powercut", "powercut-long"])
def test_the_power_cuts_explain_their_options(target):
    command = ["make", "-s", target, "ARGS=--help"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True, timeout=60)
    assert "[CASE]" in done.stdout


@pytest.mark.parametrize(
    "target, names",
    [
        ("board-check", ["PORT", "WIFI", "PASSWORD"]),
        ("flash", ["FIRMWARE", "PORT", "VOLUME"]),
        ("deploy", ["PORT", "EXAMPLE"]),
        ("verify-live", ["PIN", "SERVER"]),
        ("audit", ["SERVER"]),
        ("package", ["BASE"]),
        ("emulate", ["FIRMWARE"]),
    ],
)
def test_a_setting_reaches_the_tool_as_it_was_typed(target, names, tmp_path):
    # Wi-Fi passwords have dollars and quotes in them; a folder may be anyone's.
    typed = {name: "it's $HOME/$$%s #1 `a` \"b\" \\" % name for name in names}
    command = ["make", "-s", target, "RUN='%s' -c 'import sys; print(sys.argv)' --" % sys.executable, "BIN=.venv/bin"]
    command += ["%s=%s" % setting for setting in typed.items()]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True, timeout=60)
    arguments = ast.literal_eval(done.stdout)
    assert [text for text in typed.values() if text not in arguments] == []


@pytest.fixture
def checkout(tmp_path):
    """A folder with what sets up, and a Python that is slow to make an environment and makes one at a time."""
    checkout = tmp_path / "a checkout"
    (checkout / "tools").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "tools/setup_lock.py"):
        shutil.copy(ROOT / name, checkout / name)
    python = checkout / "python"
    script = """#!/bin/sh
    [ "$1 $2" = "-m venv" ] || exec '%s' "$@"
    mkdir busy || exit 1
    echo made >>made && sleep 0.5 && mkdir -p .venv/bin
    echo '#!/bin/sh' >.venv/bin/python && chmod +x .venv/bin/python
    rmdir busy"""
    python.write_text(script % sys.executable)
    python.chmod(0o755)
    return checkout


def test_two_first_commands_at_once_set_up_once(checkout):
    command = ["make", "-s", "PYTHON=./python", ".venv/.stamp"]
    both = [subprocess.Popen(command, cwd=checkout, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert (checkout / "made").read_text() == "made\n"
    assert sorted(told)[1] == "waiting for another make, which is setting up\n"


def test_what_broke_off_keeps_no_other_waiting(checkout):
    (checkout / "busy").mkdir()
    command = ["make", "-s", "PYTHON=./python", ".venv/.stamp"]
    assert subprocess.run(command, cwd=checkout, stderr=subprocess.PIPE).returncode
    (checkout / "busy").rmdir()
    subprocess.run(command, cwd=checkout, stderr=subprocess.PIPE, check=True)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setattr(lint, "ROOT", tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    def track(text):
        (tmp_path / "file.txt").write_text(text)
        subprocess.run(["git", "add", "file.txt"], cwd=tmp_path, check=True)
        return lint.check_traces()

    track.folder = tmp_path
    return track


@pytest.mark.parametrize(
    "trace",
    ["see /ho" + "me/someone/file", "index = https://py" + "pi.org/simple", "registry.np" + "mjs.org", "OWN/lib"],
)
def test_a_tracked_file_that_names_a_machine_or_a_mirror_is_found(repository, trace, capsys):
    assert not repository("first line\n" + trace.replace("OWN", str(repository.folder)) + "\n")
    assert capsys.readouterr().out.startswith("file.txt:2: ")


@pytest.mark.parametrize("text", ["https://blynk.cloud/external/api", "/readings", "lib/blynk_batch", "$HOME/work"])
def test_ordinary_text_is_no_trace(repository, text):
    assert repository(text + "\n")
