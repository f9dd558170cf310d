"""Runs the cuts of all workloads on all media in parallel MicroPython processes and adds them up: make powercut.

    drive.py            what `make test` cuts: some bytes of each change, on NOR all of them
    drive.py --long     every byte of every program, and more of every other change; takes hours
    drive.py CASE       one case again, as a failure printed it: store:medium:workload:change:byte:mode

Which bytes, and how they are torn, is drawn from the day's seed (tools/seed.py), which it prints.
Knows no invariant; engine.py does.
"""

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from tools import device
from tools.options import Parsed, command
from tools.seed import SETTING, seed

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = [ROOT / "tools" / "powercut", device.SIM, device.LIB, device.FROZEN]
TIMEOUT_S = 4 * 3600
LONG_PARTS = 16
BROWN_OUTS = 64

LITTLEFS = ("esp32", "rp2")
STORES = ("ring", "naive")  # the library, and one that must lose data
RAW = ("nor", "pages", "units", "fram", "sd", "cached")
MEDIA = LITTLEFS + RAW + ("fat",)
FAMILIES = ("raw", "littlefs", "FAT")
WORKLOADS = "first singles groups strings boots acks clears turn turnover lap wrap refuse uploads wakes".split()

# Cuts in each change, 0 for every byte. Blocks and littlefs change many bytes at once, so there some must do.
_EVERY = {
    "esp32": {"": 2, "turn": 3, "lap": 2, "wrap": 1, "refuse": 1, "uploads": 1},
    "rp2": {"": 5, "turn": 5, "turnover": 8, "lap": 9, "wrap": 1, "refuse": 2, "uploads": 1},
    "sd": {"": 8, "turn": 10, "turnover": 0, "lap": 30, "wrap": 2, "refuse": 4, "uploads": 1},
    "cached": {"": 3, "turn": 3, "turnover": 8, "lap": 8, "wrap": 1, "uploads": 1},
    "pages": {"": 12, "turn": 12, "turnover": 0, "lap": 20, "wrap": 2, "refuse": 4, "uploads": 1, "wakes": 4},
    "units": {"": 7, "turn": 12, "turnover": 0, "lap": 20, "wrap": 1, "refuse": 3, "uploads": 1, "wakes": 4},
    "fram": {"": 16, "turn": 0, "turnover": 0, "lap": 6, "wrap": 1, "refuse": 4, "uploads": 3, "wakes": 8},
    "fat": {"": 1, "turn": 4, "first": 2, "turnover": 10, "lap": 10, "refuse": 2},
    "": {"": 0, "wrap": 1, "refuse": 4, "uploads": 2, "wakes": 6},
}
_ONE_CHANGE_IN = {("esp32", "wrap"): 5, ("esp32", "uploads"): 2, ("esp32", "refuse"): 2}  # of hundreds, most alike
_CACHED_LONG = 100  # of 4096 bytes that are written anew for each reading


def family(medium):
    return "littlefs" if medium in LITTLEFS else "FAT" if medium == "fat" else "raw"


def every_for(medium, workload, long=False):
    if long:
        return _CACHED_LONG if medium == "cached" else 0
    every = _EVERY.get(medium, _EVERY[""])
    return every.get(workload, every[""])


def share_for(medium, workload, seed):
    """(every, part, parts) of what `make test` cuts: one change in `parts`, another with each seed."""
    parts = _ONE_CHANGE_IN.get((medium, workload), 1)
    return every_for(medium, workload), seed % parts, parts


def _run(arguments, name):
    """(cuts survived, the lines of failures) of one MicroPython process."""
    script = ROOT / "tools" / "powercut" / "run.py"
    done = device.run(script, *arguments, heap="8m", paths=FOLDERS, timeout=TIMEOUT_S)
    failures = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    counted = re.search(r"^CUTS (\d+)$", done.stdout, re.MULTILINE)
    if counted is None or (done.returncode and not failures):
        failures.append("FAILED %s did not finish:\n%s" % (name, done.stdout[-2000:]))
    return int(counted.group(1)) if counted else 0, failures


def run_share(store, medium, workload, every, part=0, parts=1, seed=0):
    arguments = [store, medium, workload, str(every), str(part), str(parts), str(seed)]
    return _run(arguments, ":".join(arguments))


def replay(case):
    store, medium, workload, cut = case.split(":", 3)
    return _run([store, medium, workload, cut], case)


def _shares(long, seed):
    for medium in MEDIA:
        yield medium, "brown-outs", BROWN_OUTS, 0, 1, seed
        for workload in WORKLOADS:
            if long:
                for part in range(LONG_PARTS):
                    yield medium, workload, every_for(medium, workload, long), part, LONG_PARTS, seed
            else:
                yield (medium, workload, *share_for(medium, workload, seed), seed)


def _cut_all(long):
    print("%s=%d makes the same cuts again" % (SETTING, seed()), flush=True)
    shares = list(_shares(long, seed()))
    cuts, failed = dict.fromkeys(FAMILIES, 0), 0
    bar = click.progressbar(length=len(shares), label="cutting", file=sys.stderr)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool, bar:
        for share, (count, failures) in zip(shares, pool.map(lambda share: run_share("ring", *share), shares)):
            print("".join(line + "\n" for line in failures), end="", flush=True)  # --long takes hours
            cuts[family(share[0])] += count
            failed += len(failures)
            bar.update(1)
    print("%d raw, %d littlefs and %d FAT power cuts survived, %d failed" % (*cuts.values(), failed))
    return failed


def _replay_one(case):
    count, failures = replay(case)
    print("\n".join(failures) or "survived")
    return 0 if count and not failures else 1


def parse_case(text):
    """`text` if it can name a case. ValueError says what it must be."""
    parts = text.split(":", 3)
    known = (STORES, MEDIA, (*WORKLOADS, "brown-outs"))
    shape = r"\d+" if parts[2:3] == ["brown-outs"] else r"\d+:\d+:[^:]+"
    if len(parts) != 4 or not re.match(shape, parts[3]):
        raise ValueError("%r is no case; one is store:medium:workload:change:byte:mode, as a failure printed it" % text)
    for part, names in zip(parts, known):
        if part not in names:
            raise ValueError("%r in %r is none of %s" % (part, text, ", ".join(names)))
    return text


@command()
@click.argument("case", required=False, type=Parsed("case", parse_case))
@click.option("--long", "all_bytes", is_flag=True, help="At every byte of every change; takes hours.")
def main(case, all_bytes):
    """Cut the power, recover, check: CASE again, as a failure printed it, or all cases."""
    sys.exit(1 if (_replay_one(case) if case else _cut_all(all_bytes)) else 0)


if __name__ == "__main__":
    main()
