"""`make emulate-powercut`: cuts an emulated Pico's power inside its firmware's flash writes, and checks what is left.

    make emulate-powercut FIRMWARE=file.uf2                        a thousand cuts
    make emulate-powercut FIRMWARE=file.uf2 ARGS='--seed 7'        others; the same seed makes the same cuts

After each cut the board starts again, opens its ring, and is to hold every reading that log() acknowledged and the
server has not accepted, each with its value, none invented, and books that agree.
"""

import random
import tempfile
from concurrent.futures import ThreadPoolExecutor

import click

from tools.emulator import firmware
from tools.emulator.lab import Lab
from tools.emulator.measure import Installed
from tools.options import command

FAILED = firmware.ROOT / "build" / "emulate-powercut"
WORKERS = 2
_LONGEST_MS = 600_000
# What the board's program marks: the kind in the upper four bits, a number in the others.
_LOGGED, _OPENED, _FIGURE, _FIRST, _LAST = range(5)
_NOTHING = 0xFFFFFFF
_FIGURES = ("first", "last", "count", "bad", "pending", "logged", "uploaded", "dropped", "corrupt")
# The n-th reading is logged at BASE + n seconds with the value make(n): small, binary, text, long text.
_MAIN = """
from machine import mem32
def mark(kind, n): mem32[0x4005800c] = kind << 28 | (0xfffffff if n is None else n)
import blynk_batch
BASE = 1795000000000
def make(n):
    k = n %% 7
    if k == 0: return n
    if k == 1: return n / 4
    if k == 2: return n %% 2 == 0
    if k < 6: return "x%%d" %% n * (n %% 11 + 1)
    return "long%%d" %% n * (n %% 40 + 1)
class Clock:
    t, up = BASE, 0
    def now(self): return self.t
    def uptime(self): return self.up
class Server:
    streams = True
    def post(self, url, headers, body, timeout_s):
        text = b"".join([bytes(piece) for piece in body])
        at = text.rfind(b"[")
        mark(3, (int(text[2:15]) - BASE) // 1000)
        mark(4, (int(text[at + 1 : at + 14]) - BASE) // 1000)
        return 200, {}, b"OK"
clock = Clock()
def open_ring():
    ring = blynk_batch.FileRing("/cut", capacity_bytes=%d)
    return blynk_batch.Client("t" * 32, ring=ring, clock=clock, transport=Server())
client = open_ring()
first = last = None
count = bad = 0
for pin, timestamp, value in client.points():
    n = (timestamp - BASE) // 1000
    wanted = make(n)
    same = value == wanted or type(wanted) is bool and value == int(wanted)
    if pin != 1 or timestamp != BASE + n * 1000 or not same or (last is not None and n != last + 1):
        bad += 1
        print("BAD", pin, timestamp, repr(value)[:60], "after", last)
    if first is None: first = n
    last = n
    count += 1
s = client.stats()
mark(1, 0)
for n in (first, last, count, bad, client.pending, s["logged"], s["uploaded"], s["dropped"], s["corrupt"]): mark(2, n)
n = s["logged"] if last is None else last + 1
while True:
    clock.t = BASE + n * 1000
    clock.up = n * 1000
    client.log(1, make(n))
    mark(0, n)
    if n %% %d == 0: client.upload()
    if n %% 17 == 0:
        client.close()
        client = open_ring()
    n += 1
"""
# (capacity, readings between uploads): a ring that stays ahead of its readings, and one that has to overwrite some.
_WORKLOADS = ((16384, 23), (12288, 150))


class Ledger:
    """What the board has acknowledged and the server has accepted, and what is wrong with what it found after a cut."""

    def __init__(self, may_have_dropped=False):
        self.may_have_dropped = may_have_dropped  # the ring is small enough to overwrite some
        self.acknowledged = self.accepted = -1  # the newest of each
        self.repeated = self.readings = self.opened = 0
        self.dropped = 0

    def take(self, marks):
        """Problems, as sentences, in what one run of the board marked."""
        problems = []
        figures, first = None, None
        for mark in marks:
            kind, number = mark.mark >> 28, mark.mark & _NOTHING
            number = None if number == _NOTHING else number
            if kind == _OPENED:
                figures = []
            elif kind == _FIGURE:
                figures.append(number)
                if len(figures) == len(_FIGURES):
                    problems += self.check(dict(zip(_FIGURES, figures)))
            elif kind == _FIRST:
                first = number
            elif kind == _LAST:
                problems += self.batch(first, number)
            elif number != max(self.acknowledged, self.accepted) + 1:
                problems.append("reading %d is acknowledged after %d" % (number, self.acknowledged))
            else:
                self.acknowledged = number
                self.readings += 1
        return problems

    def batch(self, first, last):
        expected, dropped = self.accepted + 1, self.may_have_dropped
        self.repeated += first < expected
        self.accepted = max(self.accepted, last)
        if first > expected and not dropped:
            return ["reading %d is left out of the batch from %d to %d" % (expected, first, last)]
        return []

    def check(self, found):
        self.opened += 1
        newest = max(self.acknowledged, self.accepted)
        held = self.accepted if found["last"] is None else found["last"]
        wrong = []
        if held < newest:
            wrong.append("readings %d to %d are lost" % (held + 1, newest))
        if held > newest + 1:
            wrong.append("readings %d to %d are invented" % (newest + 2, held))
        if found["first"] is not None and found["first"] > self.accepted + 1 + found["dropped"]:
            wrong.append("reading %d is lost before %d" % (self.accepted + 1, found["first"]))
        if found["bad"]:
            wrong.append("%d readings are not as they were logged" % found["bad"])
        if found["count"] != found["pending"]:
            wrong.append("%d readings are pending, and %d are there" % (found["pending"], found["count"]))
        if found["logged"] != held + 1:
            wrong.append("the books say %d readings, and %d were logged" % (found["logged"], held + 1))
        if found["uploaded"] + found["dropped"] + found["pending"] != found["logged"]:
            wrong.append("the books do not add up")
        if found["corrupt"]:
            wrong.append("%d frames are taken for damaged" % found["corrupt"])
        self.dropped = found["dropped"]
        self.acknowledged = max(self.acknowledged, held)  # what was seen once has to stay
        return ["%s (%s)" % (", ".join(wrong), found)] if wrong else []


def aim(chooser):
    """(flash operations before the cut, only erases counted?): a fifth early, to hit the opening itself."""
    if chooser.random() < 0.2:
        return chooser.randrange(8), False
    erases_only = chooser.random() < 0.45
    return chooser.randrange(5 if erases_only else 150), erases_only


def work(image, number, seed, cuts, say):
    """`cuts` cuts of one board: (Ledger, {what was cut: times}, problems)."""
    chooser = random.Random("%d %d" % (seed, number))
    capacity, every = _WORKLOADS[number % len(_WORKLOADS)]
    ledger, kinds, problems = Ledger(may_have_dropped=every > 100), {}, []
    with Lab(image) as lab:
        lab.connect()
        lab.exec("with open('/main.py', 'w') as f: f.write(%r)\nimport os\nos.sync()" % (_MAIN % (capacity, every)))
        for cut in range(cuts):
            FAILED.mkdir(parents=True, exist_ok=True)
            before = FAILED / ("%d-%d.img" % (seed, number))
            lab.save(before)
            lab.power_on()
            count, erases_only = aim(chooser)
            lab.cut_power_after(count, chooser.randrange(1 << 32), erases_only)
            answer = lab.run(_LONGEST_MS)
            wrong = ledger.take(answer.marks)
            if answer.why != "cut":
                wrong.append("the program stopped: %r" % answer.said[-500:])
            if wrong:
                problems += ["worker %d, cut %d: %s" % (number, cut, one) for one in wrong]
                problems.append("before it: %s; console: %r" % (before, answer.said[-300:]))
                return ledger, kinds, problems
            before.unlink()
            kind = " ".join(answer.cut.split()[:2])
            kinds[kind] = kinds.get(kind, 0) + 1
            say()
    return ledger, kinds, problems


def run(uf2, cuts, seed, say=lambda: None):
    """[(Ledger, kinds, problems)] of the workers."""
    with tempfile.TemporaryDirectory(prefix="emulate-powercut-") as folder, ThreadPoolExecutor(WORKERS) as pool:
        image = Installed(uf2, folder).image
        shares = [cuts // WORKERS + (number < cuts % WORKERS) for number in range(WORKERS)]
        jobs = [pool.submit(work, image, number, seed, share, say) for number, share in enumerate(shares)]
        return [job.result() for job in jobs]


@command()
@firmware.option
@click.option("--cuts", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same cuts.")
def main(name, cuts, seed):
    """Cut the power of an emulated Pico inside its flash writes."""
    uf2 = firmware.find(name)
    with click.progressbar(length=cuts, label="cutting") as bar:
        results = run(uf2, cuts, seed, lambda: bar.update(1))
    report(results)
    if any(problems for _, _, problems in results):
        raise SystemExit(1)


def report(results):
    kinds = {}
    for _, found, problems in results:
        for kind, count in found.items():
            kinds[kind] = kinds.get(kind, 0) + count
        for problem in problems:
            click.echo(problem)
    ledgers = [ledger for ledger, _, _ in results]
    click.echo(
        "%d cuts (%s): %d readings acknowledged, %d times the ring was opened and compared, %d batches repeated, "
        "%d readings overwritten; %d problems."
        % (
            sum(kinds.values()),
            ", ".join("%d %s" % (count, kind) for kind, count in sorted(kinds.items())),
            sum(ledger.readings for ledger in ledgers),
            sum(ledger.opened for ledger in ledgers),
            sum(ledger.repeated for ledger in ledgers),
            sum(ledger.dropped for ledger in ledgers),
            sum(bool(problems) for _, _, problems in results),
        )
    )


if __name__ == "__main__":
    main()
