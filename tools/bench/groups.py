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
    """`jobs(quick)` gives callables that return or yield cells; `alone`: its times must not be disturbed."""

    def __init__(self, name, title, note, jobs, alone=False):
        self.name, self.title, self.note, self.jobs, self.alone = name, title, note, jobs, alone


def wear(quick):
    ours = 400 if quick else 4000
    for on in MOUNTS + RAW + CARDS:
        yield partial(cells, "wear", on, "ours", ours)
    for on in MOUNTS + CARDS[:1]:
        for who in NAIVE:
            yield partial(cells, "wear", on, who, 40 if quick else _NAIVE_READINGS[who])


def pins(quick):
    for on in MOUNTS + RAW:
        for count in (3, 8):
            yield partial(cells, "wear", on, "ours", 200 if quick else 1500, count)


def commit(quick):
    for on in MOUNTS:
        for every in (8,) if quick else (8, 32):
            yield partial(cells, "wear", on, "ours", 400 if quick else 2000, 1, every)


def boots(quick):
    for on in MOUNTS + RAW + CARDS:
        yield partial(cells, "boots", on, "ours", 60 if quick else 600)
    for on in MOUNTS:
        for who in NAIVE:
            yield partial(cells, "boots", on, who, 30 if quick else min(_NAIVE_READINGS[who], 500))


def cycle(quick):
    for form in ("mpy",) if quick else ("py", "mpy"):
        for on in MOUNTS[:1] if quick else MOUNTS:
            yield partial(wake.cells, form, on, 4 if quick else 20)


def compact(quick):
    yield partial(cells, "compact", CLIMATE, 200 if quick else 2881)


def spread(quick):
    for on in MOUNTS + RAW:
        yield partial(cells, "spread", on, 1000 if quick else 20000)


def opening(quick):
    for on in RAW:
        for kib in _RING_KIB[:1] if quick else _RING_KIB:
            yield partial(cells, "opening", on, kib, 4 if quick else 20)


def refusals(quick):
    for name in _REFUSED:
        yield partial(cells, "refusals", name, 8 if quick else 1)


GROUPS = [
    Group(
        "wear",
        "Durable readings, one by one",
        "One pin, two decimals, ten seconds apart, each durable when `log()` returns; a ring of 256 KiB that has "
        "wrapped, littlefs as the boards mount it (2 MiB on the ESP32, 848 KiB on the Pico W). SD cards erase and "
        "spread by themselves: there only what is written can be counted, in blocks of 512 bytes. Times are modelled: "
        "45 ms for an erase, 0.4 ms for each page of 256 bytes begun; reads are not in them. Years: evenly worn, "
        "100,000 cycles.",
        wear,
    ),
    Group(
        "pins",
        "Durable groups",
        "The same with `log_group()`: several pins with one timestamp, one durable frame.",
        pins,
    ),
    Group(
        "commit",
        "Several readings made durable together",
        "One pin with `commit_every=N`: a power cut loses the last N - 1 readings at most.",
        commit,
    ),
    Group(
        "boots",
        "One reading per boot",
        "The same where the board sleeps deeply after each reading: mount, open, log, close. Of what is read on "
        "littlefs most is littlefs's own, which looks through its folders for each file that is opened.",
        boots,
    ),
    Group(
        "cycle",
        "One deep-sleep cycle, the library in flash too",
        "Import, open, log, close; a mean over 20 wakes. Allocations, garbage included, are those of the 64-bit Unix "
        "port, words twice a board's.",
        cycle,
    ),
    Group(
        "compact",
        "Bytes of flash per data point",
        "Headers, checks and timestamps included. The room climate is examples/data/room-climate.csv. Beside it the "
        "same as lines of CSV, and as records of 16 bytes (time, pin, float).",
        compact,
    ),
    Group(
        "spread",
        "How evenly the blocks wear",
        "20,000 groups of eight on 32 blocks. littlefs moves a folder's blocks after each 100 erases, so that there "
        "the figure falls towards 1 with time.",
        spread,
    ),
    Group("opening", "Opening a full raw ring", "At twenty fills of its newest sector.", opening),
    Group(
        "heap",
        "Heap",
        "On the 64-bit Unix port, words twice a board's. The least heap: found by bisection, in steps of 1 KiB, as "
        "the smallest `-X heapsize` in which a process does the job up to there.",
        heap.jobs,
    ),
    Group("sizes", "Size of the library", "The bundles that boards load, by mpy-cross with -O2.", sizes.jobs),
    Group(
        "request",
        "Bytes of a request",
        "10,000 points of one pin with a token of 32 characters, without TLS; beside it lists of 500 by `json.dumps`, "
        "a request for each.",
        request.jobs,
    ),
    Group(
        "refusals",
        "Points that the server refuses",
        "Two pins, of which the server refuses points of one, but where another is named; it refuses a batch whole and "
        "says not which point. One upload of all, then one a day for four days, of which the last is shown. Bytes: "
        "those of the requests, 190 for the head of each. `all of everybody` is refused in words that nobody "
        "documents: then nothing is held, and two or three requests an hour ask whether that has passed.",
        refusals,
    ),
    Group(
        "powercut",
        "Power cuts",
        "A share of one workload of `tools/powercut/`, cut in the middle of programs and erases; after each cut the "
        "ring is opened again on a copy and every reading compared. `make test` cuts every workload, fails below "
        "40,000 on raw devices or 12,000 on littlefs, and prints how many it survived.",
        powercut.jobs,
    ),
    Group(
        "drain",
        "Draining 10,000 points to a local server",
        "The sandbox, in a process of its own, on the same machine; the library as .mpy, a heap of 1 MB, the best of "
        "fifteen runs in turn. Beside it a program that reads lines of CSV and posts `json.dumps` of 500 points, and, "
        "as JSON file each, one that makes a request for each of 200 points. Processor time is that of the whole "
        "program, its start included; the server needs as much for either.",
        drain.jobs,
        alone=True,
    ),
]
