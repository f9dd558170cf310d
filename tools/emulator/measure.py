"""What the library costs on an emulated Pico: programs for the board, and figures from their marks.

Installs as `make deploy` does and calls the public interface alone. Times are milliseconds of the processor's work.
"""

import subprocess
import sys
from pathlib import Path

from tools.emulator import elf, firmware
from tools.emulator.host import EmulatedPico
from tools.emulator.lab import MARK, Lab, RemoteError

ERASE_MS, PAGE_MS = 45, 0.4  # typical of the chips that Picos have
FILLED = 39_000
_WAKES, _SETTLED = 12, 4  # the first ones make files that later ones find
_WATCHED = {"lfs2_file_opencfg": "files opened", "lfs2_stat": "lfs2_stat"}
_CAPACITY = 256 * 1024
_DRAINED = 4  # times as many points as log() is measured with: a batch of a few tells what a request costs, not a point

PRELUDE = (
    MARK
    + """
import gc, os
class Clock:
    t, up = 1795000000000, 0
    def now(self): return self.t
    def uptime(self): return self.up
    def step(self, ms):
        self.t += ms
        self.up += ms
class Sink:
    streams = True
    def post(self, url, headers, body, timeout_s):
        for chunk in body: pass
        return 200, {}, b"OK"
def used():
    gc.collect()
    return gc.mem_alloc()
def client_of(path, **options):
    ring = blynk_batch.FileRing(path, capacity_bytes=%d, **options)
    return blynk_batch.Client("t" * 32, ring=ring, clock=clock, transport=Sink())
clock = Clock()
print(used())
"""
    % _CAPACITY
)
_IMPORT = "mark(1)\nimport blynk_batch\nblynk_batch.Client, blynk_batch.FileRing\nmark(2)\nprint(used())"
_OPEN = "mark(1)\nclient = client_of(%r)\nmark(2)\nprint(used())"
_LOG = """
def log(count):
    for i in range(count):
        clock.step(60000)
        value = 20 + i %% 700 / 100
        mark(1)
        client.log(1, value)
        mark(2)
log(%d)
print(used())
"""
_CSV = """
def csv(count):
    for i in range(count):
        clock.step(60000)
        value = 20 + i %% 700 / 100
        mark(1)
        with open("/log.csv", "a") as f: f.write("%%d,1,%%s\\n" %% (clock.t, value))
        mark(2)
csv(%d)
"""
_FILL_PINS = """
def fill(count, pins, grouped):
    for i in range(count // pins):
        clock.step(60000)
        if grouped: client.log_group({pin: i % 97 + pin for pin in range(pins)})
        else:
            for pin in range(pins): client.log(pin, i % 97 + pin)
"""
_DRAIN = """
fill(%d, %d, %r)
points = client.pending
mark(1)
result = client.upload()
mark(2)
if result.error or client.pending: raise Exception(repr(result))
print(points)
print(used())
client.close()
"""
# A ring that has wrapped, its newest sector half full: where the count of what was dropped moves, a sector began.
_GROW = """
client = client_of(%r, commit_every=50)
def grow(count):
    for i in range(count):
        clock.step(60000)
        client.log(1, 20 + i %% 700 / 100)
grow(%d)
before = client.stats()["dropped"]
while client.stats()["dropped"] == before: grow(50)
sector = client.stats()["dropped"] - before
if not before: raise Exception("the ring has not wrapped")
grow(sector // 2 - 25)
client.close()
"""
# It measures with umachine: `machine` is looked for as a file first, which would count.
_MAIN = """from umachine import mem32
def mark(n): mem32[0x4005800c] = n
mark(1)
import blynk_batch
ring = blynk_batch.FileRing(%r)
client = blynk_batch.Client("t" * 32, ring=ring)
mark(2)
client.log(1, 21.53)
mark(3)
client.close(sleep_ms=60000)
mark(4)
import umachine
umachine.deepsleep(60000)
"""


class Installed:
    """A flash image with the firmware and the library on it. `form`: "mpy", "source", or "frozen" where the firmware
    has the library, whatever was asked for; `blocks` and `files` that the installation takes."""

    def __init__(self, uf2, folder, form="mpy"):
        self.image = firmware.install(uf2, Path(folder) / "flash.img")
        with Lab(self.image) as lab:
            lab.connect()
            self.machine, self.version = _facts(lab)
            before = _free_blocks(lab)
            try:
                lab.exec("import blynk_batch")
                self.form = "frozen"
            except RemoteError:
                self.form = form
            lab.save(self.image)  # with a filesystem
        if self.form != "frozen":
            with EmulatedPico(self.image) as board:
                command = [sys.executable, "-m", "tools.deploy", "--port", board.port]
                if self.form == "source":
                    command.append("--source")
                subprocess.run(command, cwd=firmware.ROOT, check=True, stdout=subprocess.PIPE)
        with Lab(self.image) as lab:
            lab.connect()
            self.blocks = before - _free_blocks(lab)
            self.files = int(lab.exec(_COUNT_FILES).said)
            self.library = lab.exec("import blynk_batch\nprint(blynk_batch.__version__)").said.strip()


_COUNT_FILES = """import os
def count(path):
    try: return sum(count(path + "/" + e[0]) if e[1] & 0x4000 else 1 for e in os.ilistdir(path))
    except OSError: return 0
print(count("/lib"))"""


def _facts(lab):
    said = lab.exec("import os, machine\nu = os.uname()\nprint(u[4])\nprint(u[3].split()[0], machine.freq())").said
    machine, version = said.splitlines()
    return machine, "MicroPython %s at %d MHz" % (version.split()[0], int(version.split()[1]) // 1_000_000)


def _free_blocks(lab):
    return int(lab.exec("import os\nprint(os.statvfs('/')[3])").said)


def _spans(marks):
    """The work between each pair of marks 1 and 2: [(milliseconds, erases, pages)]."""
    pairs = zip(marks[::2], marks[1::2])
    return [(two.cpu_ms - one.cpu_ms, two.erases - one.erases, two.pages - one.pages) for one, two in pairs]


def spread(values):
    """(mean, median, 99th percentile)"""
    ordered = sorted(values)
    return sum(ordered) / len(ordered), ordered[len(ordered) // 2], ordered[-(-len(ordered) * 99 // 100) - 1]


def _each(rows, label, spans):
    mean, median, high = spread([span[0] for span in spans])
    rows.update({label + ", mean": mean, label + ", median": median, label + ", p99": high})
    with_flash = [ms + ERASE_MS * erases + PAGE_MS * pages for ms, erases, pages in spans]
    rows[label + ", mean with the flash's time"] = spread(with_flash)[0]
    rows[label + ", erases"] = sum(span[1] for span in spans) / len(spans)
    rows[label + ", pages"] = sum(span[2] for span in spans) / len(spans)


def session(installed, readings):
    """{row: figure} of import, open, log(), drain and heap in one session on a fresh filesystem; CSV beside log()."""
    rows, csv = {}, {}
    with Lab(installed.image) as lab:
        lab.connect()
        rows["heap: before the import"] = int(lab.exec(PRELUDE).said)
        for label, heap, code in (
            ("import of Client and FileRing", "after the import", _IMPORT),
            ("open a fresh ring", "with the ring open", _OPEN % "/m"),
        ):
            answer = lab.exec(code)
            rows[label] = _spans(answer.marks)[0][0]
            rows["heap: " + heap] = int(answer.said)
        answer = lab.exec(_LOG % readings)
        _each(rows, "log()", _spans(answer.marks))
        rows["heap: after log()"] = int(answer.said)
        lab.exec(_FILL_PINS)
        lab.exec("client.upload()")
        answer = lab.exec("client.log(1, 1)\nmark(1)\nclient.upload()\nmark(2)\nclient.close()")
        rows["upload of one point after a drain"] = _spans(answer.marks)[0][0]
        for label, pins, grouped in (
            ("1 pin", 1, False),
            ("4 pins", 4, False),
            ("16 pins", 16, False),
            ("groups of 4", 4, True),
        ):
            lab.exec("client = client_of('/%d%s')" % (pins, "g" if grouped else ""))
            answer = lab.exec(_DRAIN % (_DRAINED * readings, pins, grouped))
            points, heap = [int(line) for line in answer.said.split()]
            rows["drain, a point, " + label] = _spans(answer.marks)[0][0] / points
            # The least of all: an old pointer that is left on the stack keeps what is gone
            rows["heap: after a drain"] = min(heap, rows.get("heap: after a drain", heap))
        _each(csv, "log()", _spans(lab.exec(_CSV % readings).marks))
    return rows, csv


def grown(installed, image, path="/grown", filled=FILLED):
    """Writes `image`: the installed board with a ring that holds its last `filled` readings."""
    with Lab(installed.image) as lab:
        lab.connect()
        lab.exec(PRELUDE)
        lab.exec("import blynk_batch")
        lab.exec(_GROW % (path, filled))
        lab.save(image)


def reopened(image, path="/grown"):
    """Milliseconds to open the ring that has wrapped, in a fresh session."""
    with Lab(image) as lab:
        lab.connect()
        lab.exec(PRELUDE)
        lab.exec(_IMPORT)
        return _spans(lab.exec(_OPEN % path).marks)[0][0]


def wakes(image, path, symbols=None):
    """{row: figure} of later deep-sleep wakes: the medians, and the slowest. `symbols` are the .elf's bytes."""
    watched = elf.functions(symbols, _WATCHED) if symbols else {}
    with Lab(image, watched) as lab:
        lab.connect()
        lab.exec("with open('/main.py', 'w') as f: f.write(%r)\nimport os\nos.sync()" % (_MAIN % path))
        lab.type("import machine\nmachine.reset()\x04")
        boots = {}
        answer = lab.run(resets=_WAKES + 1, ms=_WAKES * 70_000)
        for mark in answer.marks:
            boots.setdefault(mark.resets, {})[mark.mark] = mark
    ends = [boot for _, boot in sorted(boots.items())]
    if len(ends) < _WAKES or any(set(boot) != {1, 2, 3, 4} for boot in ends):
        raise RemoteError("a wake did not end: %s" % answer.said[-500:])
    later = list(zip(ends, ends[1:]))[_SETTLED - 1 :]
    rows = {}
    for label, number in (("main.py starts", 1), ("ring open", 2), ("log() done", 3), ("closed", 4)):
        rows["wake: reset to " + label] = spread([boot[number].cpu_ms for _, boot in later])[1]
    rows["wake: reset to log() done, slowest"] = max(boot[3].cpu_ms for _, boot in later)
    # The counters run on over resets: from the end of the wake before.
    rows["wake: erases"] = sum(boot[4].erases - last[4].erases for last, boot in later) / len(later)
    rows["wake: pages"] = sum(boot[4].pages - last[4].pages for last, boot in later) / len(later)
    for name, label in _WATCHED.items():
        if name in watched.values():
            rows["wake: " + label] = sum(boot[3].calls[name] - last[4].calls[name] for last, boot in later) / len(later)
    return rows
