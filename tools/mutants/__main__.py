"""`make mutants`: makes small mistakes in the library, one at a time, and sees whether the tests notice.

Each mistake is made in a copy of this checkout below build/mutants/, one copy for each job, where the tests nearest to
the folder run until one fails: those first that noticed most mistakes of the file for the least time. Prints each
mistake with the test that noticed it, or that it survived, and how many of each folder were noticed.
"""

import ast
import os
import queue
import random
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from tools.mutants import change, near
from tools.options import command, git

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = tuple("lib/blynk_batch/" + room for room in ("ring", "upload", "http", "media", "clock"))
FOLDERS += ("lib/blynk_batch", "tools/bundle")
ENOUGH_S = 60  # of the processor, of tests that notice nothing: the mistake has survived
_SOME = click.IntRange(min=1)
BORROWED = (".venv", ".micropython", "typings", "tools/node/node_modules")


def mutants(folders, count, seed):
    """`count` mistakes, (file, place), drawn from all that can be made."""
    found = []
    for folder in folders:
        for path in sorted((ROOT / folder).glob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            found += [(name, place) for place in change.places(path.read_text(encoding="utf-8"))]
    return random.Random(seed).sample(found, min(count, len(found)))


def copied(number, folders):
    """A copy of what git knows of this checkout, the folders' files as they are with no mistake, and the tools."""
    copy = ROOT / "build" / "mutants" / str(number)
    shutil.rmtree(copy, ignore_errors=True)
    for name in filter(None, git(ROOT, "ls-files", "-z").split("\0")):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, target)
    for name in BORROWED:
        if (ROOT / name).exists():
            (copy / name).symlink_to(ROOT / name, target_is_directory=True)
    for folder in folders:
        for path in (copy / folder).glob("*.py"):
            path.write_text(ast.unparse(ast.parse(path.read_text(encoding="utf-8"))), encoding="utf-8")
    return copy


def outcome(copy, tests, name, place, ended):
    """(the name of the first test that fails with that mistake in the copy, or None; how the mistake reads). No test is
    begun once `ended` is set."""
    path = copy / name
    source = path.read_text(encoding="utf-8")
    text, before, after = change.changed(source, place)
    mistake = "%s:%d: %s -> %s" % (name, place[0], before, after)
    spent = 0
    try:
        for test in sorted(tests, key=lambda test: test.order(name)):
            if ended.is_set():
                raise KeyboardInterrupt
            if test.seconds is None:
                path.write_text(source, encoding="utf-8")
                test.measure(copy)
            spent += test.seconds
            if spent > ENOUGH_S:
                break
            path.write_text(text, encoding="utf-8")
            if test.failure(copy) is not None:
                test.noticed[name] += 1
                return test.name, mistake
        return None, mistake
    finally:
        path.write_text(source, encoding="utf-8")


@command()
@click.option("--count", type=_SOME, default=400, show_default=True, help="How many mistakes.")
@click.option("--seed", default=1, show_default=True, help="Which.")
@click.option("--folder", "folders", multiple=True, default=FOLDERS, show_default=True, help="Where.")
@click.option("--minutes", type=_SOME, default=24 * 60, show_default=True, help="After which it begins no other.")
@click.option("--jobs", type=_SOME, default=os.cpu_count() or 1, show_default=True, help="Copies at work at a time.")
def main(count, seed, folders, minutes, jobs):
    """Make small mistakes in the library and see whether the tests notice."""
    for folder in folders:
        if os.path.basename(folder) not in near.NEAR or not (ROOT / folder).is_dir():
            raise click.BadParameter("%r is none of %s" % (folder, ", ".join(FOLDERS)), param_hint="--folder")
    chosen = mutants(folders, count, seed)
    free = queue.Queue()
    for number in range(jobs):
        free.put(copied(number, folders))
    tests = {folder: list(near.tests_of(os.path.basename(folder), ROOT)) for folder in folders}

    end, ended = time.monotonic() + 60 * minutes, threading.Event()

    def one(mutant):
        if time.monotonic() > end:
            return None
        name, place = mutant
        copy = free.get()
        try:
            by, mistake = outcome(copy, tests[os.path.dirname(name)], name, place, ended)
        finally:
            free.put(copy)
        click.echo("noticed: %s, by %s" % (mistake, by) if by else "survived: " + mistake)
        return os.path.dirname(name), by

    with ThreadPoolExecutor(jobs) as pool:
        try:
            outcomes = [found for found in pool.map(one, chosen) if found]
        finally:
            ended.set()  # else what runs at Ctrl-C would go on to its end
    shutil.rmtree(ROOT / "build" / "mutants", ignore_errors=True)
    for folder in (*folders, "all"):
        found = [by for where, by in outcomes if folder in (where, "all")]
        killed = len(found) - found.count(None)
        if found:
            click.echo("%-26s %3d of %3d noticed, %d %%" % (folder, killed, len(found), 100 * killed // len(found)))


if __name__ == "__main__":
    main()
