"""`make board-check PORT=...`: run the check and print its report."""

import datetime
import sys

import click

from tools.board import ports
from tools.board.connection import TOOLS
from tools.board_check.check import Check
from tools.options import command


@command()
@click.option("--port", help="The board's serial port; found by itself if there is one board.")
@click.option("--tool", type=click.Choice(TOOLS), default="mpremote", show_default=True)
@click.option("--wifi", help="Name of the Wi-Fi for the drain.")
@click.option("--password", default="", help="Its password; the report has neither.")
@click.option("--host", help="This machine's address, if the board does not reach the one that is found.")
def main(port, tool, wifi, password, host):
    """Check the library on a board and print a report in Markdown to paste into an issue. Takes about half a minute."""
    check = Check(ports.find(port), tool, (wifi, password) if wifi else None, host)
    check.run()
    click.echo(report(check))
    sys.exit(1 if check.failed else 0)


def report(check):
    today = datetime.date.today().isoformat()
    lines = ["### Board check: %s, %s" % (check.title, today), "", "| what | found |", "|---|---|"]
    lines += ["| %s | %s |" % row for row in check.rows]
    verdict = "wrong: " + ", ".join(check.failed) if check.failed else "all as it should be"
    return "\n".join(lines + ["", "By `make board-check`: %s." % verdict])


if __name__ == "__main__":
    main()
