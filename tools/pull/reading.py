"""Runs device/*.py under MicroPython on the copy of a ring: the format is read by the library, not a second time."""

import json
import os
import subprocess
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
_DEVICE = Path(__file__).resolve().parent / "device"
_HEAP = "64m"  # images are held in RAM


def run(script, *arguments):
    """Yields the lines that device/`script` prints; ClickException where it says that it failed."""
    command = [str(ROOT / "tools" / "micropython"), "-X", "heapsize=" + _HEAP, str(_DEVICE / script), *arguments]
    paths = [ROOT / "lib", _DEVICE]
    process = subprocess.Popen(
        command,
        env=dict(os.environ, MICROPYPATH=":".join(map(str, paths))),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    last = ""
    try:
        for line in process.stdout:
            last = line.rstrip("\n")
            if not last.startswith("FAILED "):
                yield last
        status = process.wait()
    finally:
        process.kill()
        process.wait()
    if status:
        raise click.ClickException("the ring cannot be read: " + last.replace("FAILED ", "", 1))


def records(copy):
    """Points and rejects as dicts, oldest first; the last has the key "summary"."""
    for line in run("read.py", *copy):
        yield json.loads(line)
