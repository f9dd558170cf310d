"""docs/sandbox.md: its commands run as printed, and its tables name what there is."""

import re
import socket
import subprocess
import sys

import click
import pytest

from tools.device import ROOT
from tools.sandbox import cli
from tools.sandbox.faults import catalogue

TEXT = (ROOT / "docs" / "sandbox.md").read_text()
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_commands_run_as_printed(tmp_path, port):
    start, *others = [line.replace("8080", str(port)) for line in SHELL]
    assert start.startswith("make sandbox ") and len(others) == 7
    start = start.replace("--port", "--database %s --port" % (tmp_path / "docs.sqlite"))
    server = subprocess.Popen(["sh", "-c", "exec " + start], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        while not server.stdout.readline().startswith("Ctrl-C"):
            assert server.poll() is None
        run = [subprocess.run(["sh", "-c", line + " -sS"], stdout=subprocess.PIPE, text=True) for line in others]
    finally:
        server.terminate()
        server.communicate()
    assert [done.returncode for done in run] == [0] * 7
    upload, _, changed, asked, added, listed, cleared = (done.stdout for done in run)
    assert upload == "OK"
    assert asked == changed and '"V1": "integer:0:100"' in asked
    assert '"name": "server_error"' in added and '"status": 502' in added
    assert '"count": 3' in listed
    assert cleared == '{"cleared": 1}'


def test_the_python_example_runs_as_printed():
    (example,) = PYTHON
    output = subprocess.run([sys.executable, "-c", example], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    assert output.stdout.startswith("http://127.0.0.1:") and output.stdout.endswith("[] {}\n")


def test_every_fault_and_setting_is_named():
    table = TEXT.split("## Faults")[1].split("## The ledger")[0]
    named = set(re.findall(r"`(\w+)`", table))
    wanted = {entry["name"] for entry in catalogue()}.union(*(entry["settings"] for entry in catalogue()))
    assert wanted - named == set()
    assert named - wanted == {"count", "skip", "pin", "token", "Date"}


def test_every_option_that_changes_what_is_accepted_is_named():
    options = {name for option in cli.main.params if isinstance(option, click.Option) for name in option.opts}
    assert {name for name in options - {"--port"} if name not in TEXT} == set()
    assert set(re.findall(r"--[a-z][a-z-]+", TEXT)) - options == set()
