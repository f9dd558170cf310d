"""The least heap in which the job is done, as .mpy and from source, stage by stage, and for more and more points."""

import re
import shutil
import tempfile
from functools import partial
from pathlib import Path

from tools.bench.micropython import Failed, ROOT, cell, least, run
from tools.compiled import compile_library
from tools.sandbox.testing import Sandbox

STAGES = ("import", "open", "log", "drain")
_MOST_KIB = 512  # more than a board without PSRAM has: on a larger heap what opens a ring stays loaded


class Job:
    """The job with the library as .mpy or from source on a copy of a ring of so many points."""

    def __init__(self, form, sandbox, folder):
        self._folder = Path(folder)
        self._sandbox = sandbox
        self._library = ROOT / "lib"
        if form == "mpy":
            self._library = self._folder / "mpy"
            compile_library(self._library)

    def ring(self, points):
        """A ring with so many points of one pin."""
        ring = self._folder / ("ring%d" % points)
        if not ring.exists():
            run("fill", ring, points, 1, self._folder / "points.csv")
        return ring

    def _copy(self, points):
        copy = self._folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        return shutil.copytree(self.ring(points), copy)

    def peak(self, points):
        """The most bytes in use on the heap while so many points are drained."""
        output = run("peak", self._library, self._copy(points), heap="%dk" % _MOST_KIB, folder=self._folder)
        found = re.search(r"^PEAK (\d+) (\d+)$", output, re.MULTILINE)
        if not found or int(found.group(1)) != points:
            raise Failed("the drain did not deliver %d points: %s" % (points, output))
        return int(found.group(2))

    def fits(self, stage, points, kib):
        """The bytes in use at its end, or None if it ran out of memory."""
        arguments = [self._sandbox.url, self._sandbox.token]
        ring = self._copy(points)
        try:
            output = run("heap", self._library, stage, ring, *arguments, heap="%dk" % kib, folder=self._folder)
        except Failed as failure:
            if "MemoryError" not in str(failure) and "memory allocation failed" not in str(failure):
                raise
            return None
        found = re.search(r"^DONE (\d+) (\d+)$", output, re.MULTILINE)
        if not found or (stage == "drain" and int(found.group(1)) != points):
            raise Failed("the job did not deliver %d points: %s" % (points, output))
        return int(found.group(2))

    def least(self, stage, points):
        """(KiB, bytes in use at the end)"""
        used = self.fits(stage, points, _MOST_KIB)
        return least(16, _MOST_KIB, lambda kib: self.fits(stage, points, kib) is not None), used


def measure(form, counts):
    with Sandbox(total_limit=None, day_limit=None) as sandbox, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        job = Job(form, sandbox, folder)
        for stage in STAGES[:3]:
            least, used = job.least(stage, counts[0])
            yield cell("least heap up to %s, KiB" % stage, "." + form, "ours", least)
            yield cell("heap in use after %s, bytes" % stage, "." + form, "ours", used)
        for count in counts:
            least, _ = job.least("drain", count)
            yield cell("least heap with a drain of %d points, KiB" % count, "." + form, "ours", least)
        peaks = [job.peak(count) for count in counts]
        for count, peak in zip(counts, peaks):
            yield cell("heap in use at the peak of a drain of %d points, bytes" % count, "." + form, "ours", peak)
        if len(counts) > 1:
            yield cell("the same, most less least, bytes", "." + form, "ours", max(peaks) - min(peaks))


def jobs(quick):
    """Heap

    On the 64-bit Unix port, words twice a board's. The least heap: found by bisection, in steps of 1 KiB, as the
    smallest `-X heapsize` in which a process does the job up to there.
    """
    for form in ("mpy",) if quick else ("mpy", "py"):
        yield partial(measure, form, (10,) if quick else (10, 10000))
