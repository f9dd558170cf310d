"""`make dashboard-picture`: takes the picture of the sandbox's page that the README shows.

Uploads the two real days in examples/data to a sandbox of its own, with an outage in between, a refused batch
and a reply that gets lost, and photographs the page. With --url it photographs a running sandbox instead.
"""

import csv
import http.client
import json
import time
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit

import click

from tools import browser
from tools.sandbox.testing import ROOT, Sandbox

_DATA = ROOT / "examples" / "data" / "room-climate.csv"
_COLUMNS = {"v1": "temperature_c", "v2": "humidity_percent", "v3": "light_lux", "v4": "co2_ppm"}
_TOKEN = "field-station-token-32-character"
_OUTAGE = range(1500, 1800)  # readings of the night that the device was without power
_BATCH = 1000
_WIDTH = 1100


def read_days():
    """{pin: [[ms, value], ...]} of the real days, moved so that the last reading is now."""
    with _DATA.open(newline="") as file:
        rows = [row for number, row in enumerate(csv.DictReader(file)) if number not in _OUTAGE]
    times = [_parse_ms(row["time_utc"]) for row in rows]
    shift = int(time.time() * 1000) - times[-1]
    return {pin: [[ms + shift, float(row[column])] for ms, row in zip(times, rows)] for pin, column in _COLUMNS.items()}


def _parse_ms(text):
    at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return int(at.timestamp() * 1000)


def upload(sandbox, pin, points):
    parts = urlsplit(sandbox.upload_url(pin))
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    try:
        body = json.dumps(points, separators=(",", ":"))
        connection.request("POST", "%s?%s" % (parts.path, parts.query), body, {"Content-Type": "application/json"})
        connection.getresponse().read()
    except ConnectionError:
        pass  # the fault that is to be seen in the picture
    finally:
        connection.close()


def fill(sandbox):
    days = read_days()
    days["v1"], newest = days["v1"][:-60], days["v1"][-60:]
    for pin, points in days.items():
        for first in range(0, len(points), _BATCH):
            upload(sandbox, pin, points[first : first + _BATCH])
    upload(sandbox, "v300", [[0, 0]])
    sandbox.fault("lose_reply", count=1)
    for _ in range(2):  # the reply to the first is lost, so the device sends it again
        upload(sandbox, "v1", newest)


def photograph(url, output, height):
    driver = browser.start(_WIDTH, height)
    try:
        driver.get(url)
        drawn = "return document.querySelectorAll('.chart[data-drawn] canvas').length"
        deadline = time.monotonic() + 60
        while driver.execute_script(drawn) < len(_COLUMNS) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(3)  # until new rows have faded to their ordinary colour
        output.parent.mkdir(parents=True, exist_ok=True)
        if not driver.save_screenshot(str(output)):
            raise click.ClickException("cannot write %s" % output)
    finally:
        driver.quit()


@click.command()
@click.option("--url", help="A running sandbox [default: one of its own, with example data].")
@click.option("--output", default=ROOT / "docs" / "dashboard.png", type=click.Path(path_type=Path))
@click.option("--height", default=1500, show_default=True)
def main(url, output, height):
    """Takes a picture of the sandbox's page."""
    if browser.find() is None:
        raise click.ClickException(browser.MISSING)
    if url:
        return photograph(url, output, height)
    with Sandbox(tokens=[_TOKEN]) as sandbox:
        fill(sandbox)
        photograph(sandbox.url, output, height)
    click.echo("wrote %s, %d bytes" % (output.name, output.stat().st_size))


if __name__ == "__main__":
    main(prog_name="dashboard-picture")
