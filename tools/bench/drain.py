"""How fast 10,000 points reach a local server, in how many requests: ours and the ways programs commonly take."""

import platform
import re
import resource
import shutil
import tempfile
from functools import partial
from pathlib import Path

from tools.bench.micropython import Failed, cell, run
from tools.compiled import compile_library
from tools.sandbox.testing import Sandbox

POINTS = 10000
_ARCHS = {"x86_64": "x64", "i686": "x86"}
_ONE_BY_ONE = 200  # requests measured of the slowest way; its 10,000 are one each
_HEAP = "1m"  # a board has less, but the lists of 500 do not always fit 256 KB


class Source:
    """So many points of so many pins, in a ring and as lines of CSV; the library as `make deploy` compiles it, with
    machine code for the processor."""

    def __init__(self, folder, points, pins):
        self._folder = Path(folder)
        compile_library(self._folder / "lib", arch=_ARCHS.get(platform.machine()))
        self._points = points
        self._ring, self._csv = self._folder / "filled", self._folder / "points.csv"
        run("fill", self._ring, points, pins, self._csv)

    def drain(self, who, sandbox):
        """(points a second, requests, milliseconds of processor time of the whole process)"""
        source = self._csv
        if who == "ours":
            source = self._folder / "ring"
            shutil.rmtree(source, ignore_errors=True)
            shutil.copytree(self._ring, source)
        before = _children_s()
        arguments = [self._folder / "lib", who, source, sandbox.url, sandbox.token]
        output = run("drain", *arguments, heap=_HEAP, folder=self._folder)
        found = re.search(r"^DRAINED (\d+) (\d+) (\d+)$", output, re.MULTILINE)
        if not found or int(found.group(1)) != self._points:
            raise Failed("%s did not deliver %d points: %s" % (who, self._points, output))
        return self._points / int(found.group(3)) * 1e6, int(found.group(2)), (_children_s() - before) * 1000


def _children_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(pins, points, rounds):
    on = "1 pin" if pins == 1 else "%d pins" % pins
    with Sandbox(total_limit=None, day_limit=None) as sandbox, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        source = Source(folder, points, pins)
        runs = {"ours": [], "csv": []}
        for _ in range(rounds):
            for who, found in runs.items():
                found.append(source.drain(who, sandbox))
        # The best of each, since other load on the machine only ever slows a run down.
        best = {who: max(run[0] for run in found) for who, found in runs.items()}
        for who, found in runs.items():
            yield cell("drain, processor time of the program, ms", on, who, min(run[2] for run in found))
            yield cell("drain, points/s", on, who, best[who])
            yield cell("requests for %d points" % points, on, who, found[0][1])
        yield cell("drain, times as fast as from CSV", on, "ours", best["ours"] / best["csv"])
        stored = len(sandbox.points())
    if stored != points * rounds * 2:
        raise Failed("the server stored %d points of %d" % (stored, points * rounds * 2))


def one_by_one(points):
    """A request for each point; measured on fewer, since they are all alike."""
    with Sandbox(total_limit=None, day_limit=None) as sandbox, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        speed, requests, _ = Source(folder, points, 1).drain("json", sandbox)
    yield cell("drain, points/s", "1 pin", "json", speed)
    yield cell("requests for %d points" % POINTS, "1 pin", "json", requests * POINTS // points)


def jobs(quick):
    """Draining 10,000 points to a local server

    The sandbox, in a process of its own, on the same machine; the library as .mpy, a heap of 1 MB, the best of
    fifteen runs in turn. Beside it a program that reads lines of CSV and posts `json.dumps` of 500 points, and, as
    JSON file each, one that makes a request for each of 200 points. Processor time is that of the whole program,
    its start included; the server needs as much for either.
    """
    points, rounds = (500, 1) if quick else (POINTS, 15)
    for pins in (1, 4):
        yield partial(measure, pins, points, rounds)
    if not quick:
        yield partial(one_by_one, _ONE_BY_ONE)
