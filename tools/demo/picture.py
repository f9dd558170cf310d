"""`make demo-picture`: runs the demo and takes the picture of its terminal that the README shows."""

import html
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from tools import browser
from tools.demo.story import ROOT

_STYLE = "margin:0;padding:18px 22px;background:#1d2420;color:#dfe8e2;font:15px/1.45 monospace;white-space:pre"


def run_demo():
    """What `make demo` prints, as a reader sees it."""
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
    return "$ make demo\n" + done.stdout.replace("\n\n  power", "\n  power")


@click.command()
@click.option("--output", default=ROOT / "docs" / "demo.png", type=click.Path(path_type=Path))
def main(output):
    """Takes a picture of the demo's terminal."""
    if browser.find() is None:
        raise click.ClickException(browser.MISSING)
    text = run_demo()
    with tempfile.TemporaryDirectory(prefix="picture-") as folder:
        page = Path(folder) / "demo.html"
        page.write_text('<meta charset="utf-8"><body style="%s">%s' % (_STYLE, html.escape(text)), encoding="utf-8")
        driver = browser.start(1020, 100)
        try:
            driver.get(page.as_uri())
            height = driver.execute_script("return document.documentElement.scrollHeight")
            driver.set_window_size(1020, height + 160)  # a window's frame counts in its size
            driver.find_element("tag name", "body").screenshot(str(output))
        finally:
            driver.quit()
    click.echo("wrote %s, %d bytes" % (output.name, output.stat().st_size))


if __name__ == "__main__":
    main(prog_name="demo-picture")
