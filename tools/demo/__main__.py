"""make demo: a field station loses its network and its power, comes back, and every reading arrives."""

import os
import select
import signal
import sys
import tempfile
import time

import click

from tools.demo import story
from tools.options import Parsed, command
from tools.sandbox.faults import parse_fault
from tools.sandbox.testing import Sandbox

_TERMINAL_S = 40
_FEWEST = 100  # each of the four power cuts needs some writes before the next, or the end
_RECORDED = 2881


@command()
@click.option(
    "--rows", default=_RECORDED, show_default=True, type=click.IntRange(_FEWEST, _RECORDED),
    help="How many of the recorded rows, one a minute, to replay.",
)
@click.option(
    "--seconds", type=click.IntRange(0),
    help="How long logging takes, to be watched. [default: 40 in a terminal, else 0]",
)
@click.option(
    "--fault", type=Parsed("name:setting=value,...", parse_fault),
    help="A fault of the sandbox during the upload: with drop_past it does not add up, with server_error it retries.",
)
def main(rows, seconds, fault):
    """Replay two recorded days on a simulated board with power cuts, upload, and check the server's ledger."""
    watched = os.environ.get("CI") != "true" and sys.stdin.isatty()
    if seconds is None:
        seconds = _TERMINAL_S if watched else 0
    with tempfile.TemporaryDirectory(prefix="demo-") as folder, Sandbox() as sandbox:
        good = play(sandbox, os.path.join(folder, "flash.bin"), rows, seconds, fault)
        if watched:
            wait("\nThe readings are on %s until Ctrl-C or Enter." % sandbox.url)
    sys.exit(0 if good else 1)


def play(sandbox, image, rows, seconds, fault):
    """The whole story; True if the ledger adds up."""
    recorded = story.read_rows(rows)
    shift_ms = int(time.time()) * 1000 - recorded[-1][0]
    shifted = [(ms + shift_ms, values) for ms, values in recorded]
    say = click.echo
    say("server   %s shows what arrives: open it now" % sandbox.url)
    say("station  offline: %d rows of %d readings go to a simulated flash chip with littlefs," % (rows, story.PINS))
    say("         so nothing appears on the page until it is online again%s" % _about(seconds))
    pause_us = seconds * 1000000 // rows
    with click.progressbar(length=rows, label="logging", show_eta=False, show_pos=True) as bar:
        kept, torn, flash = story.log_rows(
            sandbox, image, shift_ms, rows, pause_us, lambda text: say("\n  " + text), lambda n: bar.update(n - bar.pos)
        )
    say("station  online again: uploading what it kept")
    if fault:
        sandbox.fault(fault[0], **fault[1])
    after, left = story.drain(image, sandbox, lambda text: say("  " + text))
    flash.erases += after.erases
    say("measure  the same rows appended to a CSV file, on the same chip")
    return report(sandbox, shifted, kept, torn, left, flash, story.csv_flash(rows))


def _about(seconds):
    return ", in about %d s" % seconds if seconds else ""


def wait(text):
    """Say so, then wait for Enter or Ctrl-C. That Ctrl-C is for this program alone, not for make too.

    The text comes once the terminal is this program's: make would take a Ctrl-C before and wait for us for ever.
    """
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    before = os.tcgetpgrp(0)
    try:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpgrp())
    except OSError:
        pass  # it leads the terminal's session, so there is no make
    try:
        click.echo(text)
        while not select.select([sys.stdin], [], [], 1)[0]:
            pass  # a Ctrl-C that comes just before a read without an end would not end it
        sys.stdin.readline()
    except KeyboardInterrupt:
        click.echo("")
    os.tcsetpgrp(0, before)


def report(sandbox, rows, kept, torn, left, flash, naive):
    """Print the ledger; True if it adds up."""
    sure, waiting, lost, strange, duplicates = story.compare(rows, kept, torn, sandbox.points(), left)
    batches = sandbox.batches()
    extra = len(sandbox.points()) - duplicates - len(sure) + len(lost) + len(waiting) - len(strange)
    ours, csv = [chip.erases / (len(kept) + len(torn)) / story.PINS for chip in (flash, naive)]
    lines = (
        ("power cuts", len(torn), "each in the middle of a write to flash"),
        ("logged", len(sure), "readings that log_group() returned for"),
        ("delivered", len(sandbox.points()), "in the server's database; %d more were under way at a cut" % extra),
        ("pending", len(waiting), "still on the flash, for the next upload"),
        ("lost", len(lost), ""),
        ("never logged", len(strange), ""),
        ("duplicated", duplicates, ""),
        ("requests", len(sandbox.requests()), "%d batches accepted" % len(batches)),
        ("bytes sent", sum(batch["bytes"] for batch in batches), ""),
        ("flash erases", "%.4f" % ours, "per reading; a CSV file: %.4f" % csv),
    )
    click.echo("\nLedger, from %s" % sandbox.database.name)
    for name, value, note in lines:
        click.echo("  %-13s %10s  %s" % (name, value, note))
    good = not lost and not strange and len(torn) >= 3
    so_far = " so far: nothing is lost, and %d readings are pending" % len(waiting) if waiting else ""
    click.echo("It adds up%s." % so_far if good else "It does NOT add up.")
    return good


if __name__ == "__main__":
    main()
