"""make audit: compares the points in a ring with what the server says that it has, by data/get.

A point that the ring counts as delivered and the server does not have is a loss; one that is still pending and is there
already was accepted without the board knowing. Of points that are older than the server tells, or without a known time,
nothing can be said; nor of those with an estimated time that are not found, since the drain may have estimated another.
What expired, was given up or cleared has passed the ring's cursor as what was delivered has: only its number is known.
Reads the ring as `make pull` does and changes nothing.
"""

import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import click

from tools.options import command
from tools.pull import __main__ as pull
from tools.pull import reading
from tools.verify_live.history import history
from tools.verify_live.wire import refusal

_SOURCE = ("port", "image", "folder", "path", "device", "page", "unit", "server", "token")
_LISTED = 10


@command(params=[option for option in pull.main.params if option.name in _SOURCE])
def main(**options):
    """Compare the points in a ring with what the server has. Status 1 if it lacks some that it accepted."""
    pull.check(dict(options, csv=None, json=None, upload=False, put_back=False))
    if not options["token"]:
        raise click.UsageError("--token is needed, or BLYNK_TOKEN")
    with tempfile.TemporaryDirectory(prefix="audit-") as work:
        source = pull.take(options, Path(work))
        *points, last = reading.records(source.copy)
    counts, missing = compare(points, options["server"], options["token"])
    unsent = sum(last["summary"][name] for name in ("expired", "rejected", "dropped"))
    report(counts, missing, unsent)
    sys.exit(1 if len(missing) > unsent else 0)


def compare(points, server, token):
    """({(pin, "delivered" or "pending"): Counter of there, missing, not told}, [delivered points that are missing])"""
    histories, counts, missing, seen = {}, {}, [], Counter()
    now_ms = int(time.time() * 1000)
    for point in points:
        pin = "V%d" % point["pin"]
        if pin not in histories:
            histories[pin] = read(server, token, pin)
        state = "delivered" if point["state"] == "delivered" else "pending"
        found = judge(point, histories[pin], now_ms, seen)
        counts.setdefault((pin, state), Counter())[found] += 1
        if (state, found) == ("delivered", "missing"):
            missing.append(point)
    return counts, missing


def read(server, token, pin):
    """The History of a pin; ClickException with one sentence where it gives none."""
    found = history(server, token, pin)
    if not found.failed:
        return found
    why = refusal(server, found.answer)
    raise click.ClickException(why or "%s: %s" % (server, found.answer.body[:200]))


def judge(point, told, now_ms, seen):
    """there, missing or not told; a point that is in the ring twice has to be there twice."""
    if point["ms"] is None or point["value"] is None:
        return "not told"
    key = (point["pin"], point["ms"], str(point["value"]))
    seen[key] += 1
    count = told.count((point["ms"], point["value"]), now_ms)
    if count is not None and count >= seen[key]:
        return "there"
    return "not told" if count is None or point["time"] == "estimated" else "missing"


def report(counts, missing, unsent):
    if not counts:
        click.echo("no points in the ring")
    for (pin, state), found in sorted(counts.items(), key=lambda item: (int(item[0][0][1:]), item[0][1])):
        told = ", ".join("%d %s" % (found[word], word) for word in ("there", "missing", "not told") if found[word])
        click.echo("%-5s %-10s %5d points: %s" % (pin, state, sum(found.values()), told))
    for point in missing[:_LISTED]:
        at = datetime.fromtimestamp(point["ms"] / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
        click.echo("missing: V%d %s %s" % (point["pin"], at, point["value"]))
    if len(missing) > _LISTED:
        click.echo("and %d more" % (len(missing) - _LISTED))
    if missing and unsent:
        click.echo("%d points expired, or were rejected or dropped: it was never sent these." % unsent)
    if len(missing) > unsent:
        click.echo("The server accepted %d points that it does not have." % (len(missing) - unsent))


if __name__ == "__main__":
    main(prog_name="audit")
