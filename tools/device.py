"""Starts programs in MicroPython on this machine, through tools/micropython: the same way for every tool and test."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIB = ROOT / "lib"
SIM = ROOT / "tools" / "sim"
FROZEN = ".frozen"  # what the firmware itself carries


def _call(script, arguments, heap, paths, options):
    command = [str(ROOT / "tools" / "micropython")] + (["-X", "heapsize=" + heap] if heap else [])
    settings = {
        "env": dict(os.environ, MICROPYPATH=":".join(map(str, paths))),
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
    }
    return [*command, str(script), *map(str, arguments)], dict(settings, **options)


def run(script, *arguments, heap=None, paths=(LIB, FROZEN), **options):
    """The CompletedProcess of a script that was run to its end; `stdout` has all that it printed.

    heap is what MicroPython takes, such as "96k"; paths is where it looks for modules; all else is subprocess's."""
    command, settings = _call(script, arguments, heap, paths, options)
    return subprocess.run(command, **settings)


def start(script, *arguments, heap=None, paths=(LIB, FROZEN), **options):
    """The Popen of a script that is under way; as `run` else."""
    command, settings = _call(script, arguments, heap, paths, options)
    return subprocess.Popen(command, **settings)
