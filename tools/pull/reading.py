"""Runs device/*.py under MicroPython on the copy of a ring: the format is read by the library, not a second time."""

import json
from pathlib import Path

import click

from tools import device

_DEVICE = Path(__file__).resolve().parent / "device"
_HEAP = "64m"
_TEXT = {"encoding": "utf-8", "errors": "replace"}  # a board may have logged half a surrogate pair


def run(script, *arguments, failed="the ring cannot be read"):
    """Yields the lines that device/`script` prints; ClickException, `failed` and why, where it says that it did."""
    process = device.start(_DEVICE / script, *arguments, heap=_HEAP, paths=[device.LIB, _DEVICE], **_TEXT)
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
        raise click.ClickException("%s: %s" % (failed, last.replace("FAILED ", "", 1)))


def records(copy):
    """Points as dicts, oldest first; the last has the key "summary"."""
    for line in run("read.py", *copy):
        yield json.loads(line)
