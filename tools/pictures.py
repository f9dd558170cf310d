"""`make demo-picture`, `make dashboard-picture`: the pictures that the README shows, taken with Chromium.

The page is shown with the two real days in examples/data, with an outage in between, a refused batch and a reply that
gets lost; the demo as a terminal shows it.
"""

import html
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from tools import browser
from tools.demo.story import ROOT, read_rows
from tools.options import command
from tools.sandbox.testing import Sandbox
from tools.verify_live.wire import send

_TOKEN = "field-station-token-32-character"
_OUTAGE = range(1500, 1800)  # readings of the night that the device was without power
_BATCH = 1000
_STYLE = "margin:0;padding:18px 22px;background:#1d2420;color:#dfe8e2;font:15px/1.45 monospace;white-space:pre"


def fill(sandbox):
    """Uploads the days, moved so that the last reading is now; how many charts there will be."""
    rows = [row for number, row in enumerate(read_rows(None)) if number not in _OUTAGE]
    shift = int(time.time() * 1000) - rows[-1][0]
    days = {"V%d" % (i + 1): [[ms + shift, values[i]] for ms, values in rows] for i in range(len(rows[0][1]))}
    days["V1"], newest = days["V1"][:-60], days["V1"][-60:]
    for pin, points in days.items():
        for first in range(0, len(points), _BATCH):
            upload(sandbox, pin, points[first : first + _BATCH])
    upload(sandbox, "V300", [[0, 0]])
    sandbox.fault("lose_reply", count=1)
    for _ in range(2):  # the reply to the first is lost, so the device sends it again
        upload(sandbox, "V1", newest)
    return len(days)


def upload(sandbox, pin, points):
    send(sandbox.url, sandbox.token, pin, json.dumps(points).encode())


def photograph_page(driver, output):
    with Sandbox(tokens=[_TOKEN]) as sandbox:
        browser.show_charts(driver, sandbox.url, fill(sandbox))
        time.sleep(3)  # until new rows have faded to their ordinary colour
        return driver.save_screenshot(str(output))


def photograph_demo(driver, output):
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo"],
        cwd=ROOT,
        env=dict(os.environ, CI="true", PYTHONIOENCODING="utf-8"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    if done.returncode:
        raise click.ClickException("the demo did not add up:\n" + done.stdout)
    text = "$ make demo\n" + done.stdout.replace("\n\n  power", "\n  power")
    with tempfile.TemporaryDirectory(prefix="picture-") as folder:
        page = Path(folder) / "demo.html"
        page.write_text('<meta charset="utf-8"><body style="%s">%s' % (_STYLE, html.escape(text)), encoding="utf-8")
        driver.get(page.as_uri())
        height = driver.execute_script("return document.documentElement.scrollHeight")
        driver.set_window_size(1020, height + 160)  # a window's frame counts in its size
        return driver.find_element("tag name", "body").screenshot(str(output))


_PICTURES = {"dashboard": (photograph_page, 1100, 1500), "demo": (photograph_demo, 1020, 100)}


@command()
@click.argument("what", type=click.Choice(list(_PICTURES)))
@click.option("--output", type=click.Path(path_type=Path), help="[default: in docs/]")
def main(what, output):
    """Takes a picture of the sandbox's page or of the demo's terminal."""
    photograph, *size = _PICTURES[what]
    output = output or ROOT / "docs" / (what + ".png")
    output.parent.mkdir(parents=True, exist_ok=True)
    with browser.running(*size) as driver:
        if not photograph(driver, output):
            raise click.ClickException("cannot write %s" % output)
    click.echo("wrote %s, %d bytes" % (output.name, output.stat().st_size))


if __name__ == "__main__":
    main()
