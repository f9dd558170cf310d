"""What the benchmark measures, group by group: each group is a heading, a note, and jobs that give cells.

Knows which script measures what, with which arguments and how many readings; not how, and nothing of the report.
"""

from functools import partial

from tools.bench import drain, heap, powercut, request, sizes, wake
from tools.bench.micropython import CLIMATE, cells

MOUNTS = ("esp32", "rp2")
RAW = ("nor", "pages")
CARDS = ("fat", "sd")
NAIVE = ("csv", "binary", "json", "in place")
_NAIVE_READINGS = {"csv": 1500, "binary": 1500, "json": 600, "in place": 100}
_REFUSED = (
    "one bad of 800",
    "six strewn in 800",
    "the older half of 800",
    "all 800",
    "35 days of which 30 are taken",
    "20 pins without datastream",
    "all of everybody",
)
_RING_KIB = (64, 256, 1024, 16384)


class Group:
    """Of a function `jobs(quick)` that gives callables which return or yield cells; its docstring has the heading and,
    below, the note. `alone`: its times must not be disturbed."""

    def __init__(self, jobs, alone=False):
        self.name = jobs.__module__.rpartition(".")[2] if jobs.__name__ == "jobs" else jobs.__name__
        self.title, _, note = jobs.__doc__.partition("\n")
        self.note = " ".join(note.split())
        self.jobs, self.alone = jobs, alone


def wear(quick):
    """Durable readings, one by one

    One pin, two decimals, ten seconds apart, each durable when `log()` returns; a ring of 256 KiB that has wrapped,
    littlefs as the boards mount it (2 MiB on the ESP32, 848 KiB on the Pico W). SD cards erase and spread by
    themselves: there only what is written can be counted, in blocks of 512 bytes. Times are modelled: 45 ms for an
    erase, 0.4 ms for each page of 256 bytes begun; reads are not in them. Years: evenly worn, 100,000 cycles.
    """
    ours = 400 if quick else 4000
    for on in MOUNTS + RAW + CARDS:
        yield partial(cells, "wear", on, "ours", ours)
    for on in MOUNTS + CARDS[:1]:
        for who in NAIVE:
            yield partial(cells, "wear", on, who, 40 if quick else _NAIVE_READINGS[who])


def pins(quick):
    """Durable groups

    The same with `log_group()`: several pins with one timestamp, one durable frame.
    """
    for on in MOUNTS + RAW:
        for count in (3, 8):
            yield partial(cells, "wear", on, "ours", 200 if quick else 1500, count)


def commit(quick):
    """Several readings made durable together

    One pin with `commit_every=N`: a power cut loses the last N - 1 readings at most.
    """
    for on in MOUNTS:
        for every in (8,) if quick else (8, 32):
            yield partial(cells, "wear", on, "ours", 400 if quick else 2000, 1, every)


def boots(quick):
    """One reading per boot

    The same where the board sleeps deeply after each reading: mount, open, log, close. Of what is read on littlefs
    most is littlefs's own, which looks through its folders for each file that is opened.
    """
    for on in MOUNTS + RAW + CARDS:
        yield partial(cells, "boots", on, "ours", 60 if quick else 600)
    for on in MOUNTS:
        for who in NAIVE:
            yield partial(cells, "boots", on, who, 30 if quick else min(_NAIVE_READINGS[who], 500))


def cycle(quick):
    """One deep-sleep cycle, the library in flash too

    Import, open, log, close; a mean over 20 wakes. Allocations, garbage included, are those of the 64-bit Unix
    port, words twice a board's.
    """
    for form in ("mpy",) if quick else ("py", "mpy"):
        for on in MOUNTS[:1] if quick else MOUNTS:
            yield partial(wake.cells, form, on, 4 if quick else 20)


def compact(quick):
    """Bytes of flash per data point

    Headers, checks and timestamps included. The room climate is examples/data/room-climate.csv. Beside it the same
    as lines of CSV, and as records of 16 bytes (time, pin, float).
    """
    yield partial(cells, "compact", CLIMATE, 200 if quick else 2881)


def spread(quick):
    """How evenly the blocks wear

    20,000 groups of eight on 32 blocks. littlefs moves a folder's blocks after each 100 erases, so that there the
    figure falls towards 1 with time.
    """
    for on in MOUNTS + RAW:
        yield partial(cells, "spread", on, 1000 if quick else 20000)


def opening(quick):
    """Opening a full raw ring

    At twenty fills of its newest sector.
    """
    for on in RAW:
        for kib in _RING_KIB[:1] if quick else _RING_KIB:
            yield partial(cells, "opening", on, kib, 4 if quick else 20)


def refusals(quick):
    """Points that the server refuses

    Two pins, of which the server refuses points of one, but where another is named; it refuses a batch whole and
    says not which point. One upload of all, then one a day for four days, of which the last is shown. Bytes: those
    of the requests, 190 for the head of each. `all of everybody` is refused in words that nobody documents: then
    nothing is held, and two or three requests an hour ask whether that has passed.
    """
    for name in _REFUSED:
        yield partial(cells, "refusals", name, 8 if quick else 1)


_JOBS = (wear, pins, commit, boots, cycle, compact, spread, opening, heap.jobs, sizes.jobs, request.jobs, refusals)
GROUPS = [*map(Group, _JOBS), Group(powercut.jobs), Group(drain.jobs, alone=True)]
