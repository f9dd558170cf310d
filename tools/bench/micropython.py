"""Runs the measuring scripts of tools/bench/device in MicroPython. Knows no measurement."""

import json
import re
import tempfile

from tools import device
from tools.device import ROOT

SCRIPTS = ROOT / "tools" / "bench" / "device"
CLIMATE = ROOT / "examples" / "data" / "room-climate.csv"
_FOLDERS = [SCRIPTS, device.SIM, device.FROZEN]
_TIMEOUT_S = 900


class Failed(Exception):
    """What a script said before it ended badly."""


def run(script, *arguments, heap="64m", folder=None):
    """The output of tools/bench/device/<script>.py, run in `folder`, or in an empty one."""
    with tempfile.TemporaryDirectory(prefix="bench-") as empty:
        path, cwd = SCRIPTS / (script + ".py"), folder or empty
        done = device.run(path, *arguments, heap=heap, paths=_FOLDERS, cwd=cwd, timeout=_TIMEOUT_S)
    if done.returncode:
        raise Failed("%s %s: %s" % (script, " ".join(map(str, arguments)), done.stdout[-2000:]))
    return done.stdout


def cells(script, *arguments, **options):
    """The cells that the script told; at least one, or it did not measure."""
    lines = re.findall(r"^CELL (.*)$", run(script, *arguments, **options), re.MULTILINE)
    if not lines:
        raise Failed("%s %s measured nothing" % (script, " ".join(map(str, arguments))))
    return [json.loads(line) for line in lines]


def cell(what, on, who, value):
    """What a script's line says, for what is measured on the host."""
    return {"what": what, "on": on, "who": who, "value": value}


def least(low, high, fits):
    """The least number above `low` that fits, if all above it do up to `high`."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high
