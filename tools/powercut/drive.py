"""Runs the cuts of several workloads in parallel MicroPython processes and adds them up: make powercut.

    drive.py            every workload on every medium, at most or a spread of the bytes of each change
    drive.py --long     every byte of every program
    drive.py CASE       one case again, as printed by a failure: store:medium:workload:every:change:byte:mode

Knows no invariant; engine.py does.
"""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = [ROOT / "tools" / "powercut", ROOT / "tools" / "sim", ROOT / "lib"]
LITTLEFS = ("esp32", "rp2")
RAW = ("nor", "pages", "units", "sd")
WORKLOADS = ("singles", "groups", "strings", "boots", "acks", "turn", "turnover", "lap", "wrap")
EVERY = {"wrap": 1, "turn": 4, "turnover": 0}  # cuts per change on littlefs; 10 for the others
RAW_EVERY = {"wrap": 1, "turn": 2}
TIMEOUT_S = 3600


MEDIA = LITTLEFS + RAW


def run_share(store, medium, workload, every, part=0, parts=1, case=()):
    """(cuts survived, the lines of failures) of one MicroPython process."""
    command = [str(ROOT / "tools" / "micropython"), "-X", "heapsize=64m", str(ROOT / "tools" / "powercut" / "run.py")]
    command += [store, medium, workload, str(every), str(part), str(parts), *case]
    environment = dict(os.environ, MICROPYPATH=":".join(map(str, FOLDERS)) + ":.frozen")
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True, timeout=TIMEOUT_S
    )
    failures = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    counted = re.search(r"^CUTS (\d+)$", done.stdout, re.MULTILINE)
    if counted is None or (done.returncode and not failures):
        failures.append("FAILED %s:%s:%s did not finish:\n%s" % (store, medium, workload, done.stdout[-2000:]))
    return int(counted.group(1)) if counted else 0, failures


def every_for(medium, workload, long):
    """Cuts per change; 0 is every byte."""
    if long:
        return 0
    return EVERY.get(workload, 10) if medium in LITTLEFS else RAW_EVERY.get(workload, 0)


def replay(case):
    store, medium, workload, every, *cut = case.split(":")
    return run_share(store, medium, workload, every, case=cut)


def main():
    parser = argparse.ArgumentParser(description="cut the power, recover, check")
    parser.add_argument("case", nargs="?")
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    if options.case:
        results = [replay(options.case)]
    else:
        with ThreadPoolExecutor(2) as pool:
            jobs = [
                pool.submit(run_share, "ring", medium, workload, every_for(medium, workload, options.long))
                for medium in MEDIA
                for workload in WORKLOADS
            ]
            results = [job.result() for job in jobs]
    for _, failures in results:
        print("".join(line + "\n" for line in failures), end="")
    failed = sum(len(failures) for _, failures in results)
    print("%d cuts survived, %d failed" % (sum(count for count, _ in results), failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
