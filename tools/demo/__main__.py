"""make demo: a field station loses its network and its power, comes back, and every reading arrives."""

import os
import sys
import tempfile
import time

import click

from tools.demo import story
from tools.sandbox.testing import Sandbox


@click.command()
@click.option("--rows", default=2881, show_default=True, help="How many of the recorded rows, one a minute, to replay.")
@click.option(
    "--fault", default=None, help="A fault of the sandbox during the upload, e.g. drop_past: see it not add up."
)
def main(rows, fault):
    """Replay two recorded days on a simulated board with power cuts, upload, and check the server's ledger."""
    recorded = story.read_rows(rows)
    shift_ms = int(time.time()) * 1000 - recorded[-1][0]
    shifted = [(ms + shift_ms, values) for ms, values in recorded]
    say = click.echo
    with tempfile.TemporaryDirectory(prefix="demo-") as folder, Sandbox() as sandbox:
        image = os.path.join(folder, "flash.bin")
        say("server   %s" % sandbox.url)
        say("station  offline: %d rows of %d readings go to a simulated flash chip with littlefs" % (rows, story.PINS))
        with click.progressbar(length=rows, label="logging") as bar:
            kept, torn, flash = story.log_rows(
                sandbox, image, shift_ms, rows, lambda text: say("\n  " + text), lambda n: bar.update(n - bar.pos)
            )
        say("station  online again: uploading what it kept")
        if fault:
            sandbox.fault(fault)
        after = story.drain(image, sandbox, lambda text: say("  " + text))
        flash.erases += after.erases
        say("measure  the same rows appended to a CSV file, on the same chip")
        naive = story.csv_flash(rows)
        good = report(sandbox, shifted, kept, torn, flash, naive)
        if os.environ.get("CI") != "true" and sys.stdin.isatty():
            say("\nThe readings are on %s until Ctrl-C." % sandbox.url)
            try:
                while True:
                    time.sleep(3600)
            except KeyboardInterrupt:
                say("")
    sys.exit(0 if good else 1)


def report(sandbox, rows, kept, torn, flash, naive):
    """Print the ledger; True if it adds up."""
    sure, lost, strange, duplicates = story.compare(rows, kept, torn, sandbox.points())
    batches = sandbox.batches()
    extra = len(sandbox.points()) - duplicates - len(sure) + len(lost) - len(strange)
    readings = (len(kept) + len(torn)) * story.PINS
    lines = (
        ("power cuts", len(torn), "each in the middle of a write to flash"),
        ("logged", len(sure), "readings that log_group() returned for"),
        ("delivered", len(sandbox.points()), "in the server's database; %d more were under way at a cut" % extra),
        ("lost", len(lost), ""),
        ("never logged", len(strange), ""),
        ("duplicated", duplicates, ""),
        ("requests", len(sandbox.requests()), "%d batches accepted" % len(batches)),
        ("bytes sent", sum(batch["bytes"] for batch in batches), ""),
        (
            "flash erases",
            "%.4f" % (flash.erases / readings),
            "per reading; a CSV file: %.4f" % (naive.erases / readings),
        ),
    )
    click.echo("\nLedger, from %s" % sandbox.database.name)
    for name, value, note in lines:
        click.echo("  %-13s %10s  %s" % (name, value, note))
    good = not lost and not strange and len(torn) >= 3 and len(sandbox.points()) >= len(sure)
    click.echo("It adds up." if good else "It does NOT add up.")
    return good


if __name__ == "__main__":
    main()
