"""`make mutants`: makes small mistakes in the library, one at a time, and sees whether the tests notice.

Each mistake is made in a copy of this checkout below build/mutants/, one copy for each core, and the tests that are
nearest to the file run until the first failure. Prints what survived, and how many of each folder were noticed.
"""

import os
import queue
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from tools.mutants import change

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("lib/blynk_batch/ring", "lib/blynk_batch/upload", "lib/blynk_batch/http", "tools/bundle")
BORROWED = (".venv", ".micropython", "typings", "tools/node/node_modules")
# The tests of each folder, quick ones and those that know it best first.
TESTS = {
    "ring": ["tests/device", "tests/host/test_powercut.py", "tests/host/test_model.py"],
    "upload": ["tests/device", "tests/host"],
    "http": ["tests/host/test_https.py", "tests/host/test_requests.py", "tests/host"],
    "bundle": ["tests/host/test_bundle.py", "tests/host"],
}
TIMEOUT_S = 1800


def mutants(folders, count, seed):
    """`count` mistakes, (file, place), drawn from all that can be made."""
    found = []
    for folder in folders:
        for path in sorted((ROOT / folder).glob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            found += [(name, place) for place in change.places(path.read_text(encoding="utf-8"))]
    return random.Random(seed).sample(found, min(count, len(found)))


def copied(number):
    """A copy of what git knows of this checkout, with the tools that set-up made."""
    folder = ROOT / "build" / "mutants" / str(number)
    shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, target)
    for name in BORROWED:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    return folder


def survives(folder, name, place):
    """None if a test noticed the mistake, else how it reads."""
    path = folder / name
    source = path.read_text(encoding="utf-8")
    text, before, after = change.changed(source, place)
    path.write_text(text, encoding="utf-8")
    tests = TESTS[path.parent.name]
    try:
        options = ["-x", "-q", "-p", "no:cacheprovider", "--timeout", "300", "-k", "not mutants and not lint"]
        command = [sys.executable, "-m", "pytest", *options, *tests]
        done = subprocess.run(
            command,
            cwd=folder,
            env={key: value for key, value in os.environ.items() if key != "CI"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
        )
        return None if done.returncode else "%s:%d: %s -> %s" % (name, place[0], before, after)
    except subprocess.TimeoutExpired:
        return None  # it hangs, which somebody would notice
    finally:
        path.write_text(source, encoding="utf-8")


@click.command()
@click.option("--count", default=400, show_default=True, help="How many mistakes.")
@click.option("--seed", default=1, show_default=True, help="Which.")
@click.option("--folder", "folders", multiple=True, default=FOLDERS, show_default=True, help="Where.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Copies at work at a time.")
def main(count, seed, folders, jobs):
    """Make small mistakes in the library and see whether the tests notice."""
    for folder in folders:
        if os.path.basename(folder) not in TESTS or not (ROOT / folder).is_dir():
            raise click.BadParameter("%r is none of %s" % (folder, ", ".join(FOLDERS)), param_hint="--folder")
    chosen = mutants(folders, count, seed)
    free = queue.Queue()
    for number in range(jobs):
        free.put(copied(number))
    tally = {folder: [0, 0] for folder in folders}
    started = time.time()

    def one(mutant):
        folder = free.get()
        try:
            return mutant, survives(folder, *mutant)
        finally:
            free.put(folder)

    with ThreadPoolExecutor(jobs) as pool:
        for number, (mutant, survivor) in enumerate(pool.map(one, chosen), 1):
            counts = tally[os.path.dirname(mutant[0])]
            counts[0] += survivor is None
            counts[1] += 1
            if survivor:
                click.echo("survived: " + survivor)
            left_s = (time.time() - started) / number * (len(chosen) - number)
            click.echo("%d of %d, about %d min left" % (number, len(chosen), left_s // 60), err=True)
    shutil.rmtree(ROOT / "build" / "mutants", ignore_errors=True)
    for folder, (killed, all_of_it) in tally.items():
        if all_of_it:
            click.echo("%-26s %3d of %3d noticed, %d %%" % (folder, killed, all_of_it, 100 * killed // all_of_it))
    killed = sum(counts[0] for counts in tally.values())
    click.echo("%-26s %3d of %3d noticed, %d %%" % ("all", killed, len(chosen), 100 * killed // len(chosen)))


if __name__ == "__main__":
    main()
