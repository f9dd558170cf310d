"""make soak: thirty simulated days of outages, power cuts, lost clocks and every fault of the server, then a ledger."""

import json
import math
import random
import sys
import tempfile
from pathlib import Path

import click

from tools import device
from tools.compiled import compile_library
from tools.device import ROOT
from tools.options import command
from tools.sandbox.misbehave import FAULTS, SHAPES
from tools.sandbox.testing import Sandbox
from tools.soak.ledger import Journal, Ledger

DATASTREAMS = ["V1:integer", "V2:double", "V3:location", "V4:string", "V5:integer"]
RESET = 42
_DAYS = click.FloatRange(min=0, min_open=True)
_FAULT = click.Choice([*FAULTS, *SHAPES])
LOSES_REPLY = {"lose_reply", "truncated_reply", "stalled_reply", "huge_reply"}


@command()
@click.option("--seed", type=int, default=None, help="Repeat that run [default: a new one].")
@click.option("--days", type=_DAYS, default=30.0, show_default=True, help="Simulated days.")
@click.option("--fault", metavar="NAME", type=_FAULT, help="A fault that stays on; drop_past does not add up.")
@click.option("--journal", type=click.Path(dir_okay=False), default=None, help="Keep the board's journal in this file.")
def main(seed, days, fault, journal):
    """Run a simulated board against the real sandbox; the ledger from its database must add up to the point."""
    if not math.isfinite(days):
        raise click.BadParameter("%g is no number of days" % days, param_hint="'--days'")
    seed = random.randrange(1 << 30) if seed is None else seed
    if journal:
        open(journal, "a").close()  # a month takes long, to be told then
    click.echo("seed %d; to repeat: make soak ARGS='--seed %d --days %g'" % (seed, seed, days))
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        Sandbox(total_limit=None, datastream=DATASTREAMS) as sandbox,
    ):
        lines = run_board(Path(folder), sandbox, seed, days, fault)
        if journal:
            Path(journal).write_text("\n".join(lines))
        batches, points = arrived(sandbox)
        requests = sandbox.requests()
    ledger = Ledger(Journal(lines), batches, points)
    report(ledger, requests, len(points))
    sys.exit(1 if ledger.problems else 0)


def run_board(folder, sandbox, seed, days, fault):
    compile_library(folder)
    paths = [ROOT / "tools" / "soak", device.SIM, folder, device.FROZEN]
    world, minutes = folder / "world.json", int(days * 24 * 60)
    world.write_text(json.dumps({"seed": seed, "minutes": minutes}))
    board = ROOT / "tools" / "soak" / "board.py"
    lines, status = [], RESET
    with click.progressbar(length=minutes, label="living") as bar:
        while status == RESET:
            done = device.run(board, sandbox.url, sandbox.token, folder, fault or "", heap="2m", paths=paths)
            status = done.returncode
            lines += done.stdout.splitlines()
            if status == RESET:
                state = json.loads(world.read_text())
                bar.update(minutes - (state["end_ms"] - state["now_ms"]) // 60000 - bar.pos)
    if status:
        raise click.ClickException("the board ended with status %d\n%s" % (status, "\n".join(lines[-15:])))
    return lines


def arrived(sandbox):
    """({batch: (pin, its reply was lost)}, [(batch, pin, ms, value)]) from the database."""
    batches = {row["id"]: (row["pin"], _names(row["fault"]) & LOSES_REPLY) for row in sandbox.batches()}
    rows = sandbox.query("SELECT batch, pin, ms, value FROM ledger ORDER BY id")
    return batches, [(batch, pin, ms, json.loads(value)) for batch, pin, ms, value in rows]


def _names(fault):
    return set(filter(None, fault.split("+")))


def report(ledger, requests, stored):
    journal, stats = ledger.journal, ledger.journal.stats
    faults = sorted(set().union(*(_names(row["fault"]) for row in requests)) - {"date_off"})
    lines = (
        ("power cuts", journal.cuts + journal.cut_uploads, "%d of them in an upload" % journal.cut_uploads),
        ("requests", len(requests), "faults met: " + ", ".join(faults)),
        ("logged", stats["logged"], "%d more were refused by a full ring" % journal.full),
        ("delivered", stats["uploaded"], "%d points are in the server's database" % stored),
        ("dropped", stats["dropped"], "overwritten"),
        ("rejected", stats["rejected"], "refused by the server, and given up for lack of room"),
        ("expired", stats["expired"], ""),
        ("pending", stats["pending"], "%d of them held: refused by the server for their type" % stats["held"]),
        ("duplicates", ledger.duplicates, "in %d batches sent again" % ledger.repeats),
        ("estimated", stats["estimated"], "times; %d are more than a minute off" % ledger.times_off["unknown clock"]),
    )
    for name, value, note in lines:
        click.echo("  %-11s %8s  %s" % (name, value, note))
    for problem in ledger.problems[:20]:
        click.echo("  WRONG: " + problem)
    click.echo("It does NOT add up." if ledger.problems else "It adds up.")


if __name__ == "__main__":
    main()
