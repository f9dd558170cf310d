"""`make sandbox-bench`: how long the page and its questions take on a big ledger.

Fills a ledger through the same code as an upload, starts the sandbox on it, times each question over HTTP and
the page in a headless Chromium until every chart is drawn, and prints a table. The ledger is removed again.
"""

import math
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path

import click

from tools import browser
from tools.options import command
from tools.sandbox import contract
from tools.sandbox.ledger import Ledger
from tools.sandbox.testing import Sandbox

_TOKEN = "measured-token-of-32-characters1"
_START_MS = 1_790_000_000_000
_STEP_MS = 10_000
_ROUNDS = 5


def fill(path, points, batches, pins):
    """Batches of all pins in turn; one reading per pin and ten seconds, with a day's silence in the middle."""
    ledger = Ledger(path)
    ledger.add_device(_TOKEN, "home")
    size = points // batches
    done = [0] * pins
    for number in range(batches):
        pin = number % pins
        first = done[pin]
        done[pin] += size
        body = "[%s]" % ",".join(_entry(i, points // pins) for i in range(first, first + size))
        parsed = contract.parse_batch(body.encode(), contract.Limits(batch_points=size))
        columns = {"arrived_ms": _START_MS + number, "token": _TOKEN, "region": "home", "bytes": len(body)}
        ledger.store(1, pin, parsed, status=200, message="OK", **columns)
    ledger.close()


def _entry(i, of):
    ms = _START_MS + i * _STEP_MS + (86_400_000 if i > of // 2 else 0)
    return "[%d,%.2f]" % (ms, 20 + 5 * math.sin(i / 1500) + (i * 7919 % 101) / 100)


def median_ms(action):
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        action()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def questions(points, pins):
    last = _START_MS + points // pins * _STEP_MS + 86_400_000
    series = "/sandbox/series?device=1&pin=1&slices=600&from=%d&to=%d"
    return {
        "totals, devices and pins": "/sandbox/summary",
        "chart of one pin, all of it": series % (_START_MS, last),
        "chart of one pin, one day": series % (last - 86_400_000, last),
        "newest 50 requests": "/sandbox/requests?size=50",
        "50 requests from the middle": "/sandbox/requests?size=50&before=1000",
        "points of one pin as CSV": "/sandbox/points.csv?pin=1",
    }


def fetch(url):
    with urllib.request.urlopen(url, timeout=120) as reply:
        return len(reply.read())


@command()
@click.option("--points", type=click.IntRange(1), default=1_000_000, show_default=True)
@click.option("--batches", type=click.IntRange(1), default=2000, show_default=True)
@click.option("--pins", type=click.IntRange(1, 256), default=4, show_default=True)
def main(points, batches, pins):
    """Times the sandbox's page and its questions on a big ledger."""
    if points < batches:
        raise click.UsageError("a batch has a point at least: --points is less than --batches")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        started = time.perf_counter()
        fill(path, points, batches, pins)
        seconds = time.perf_counter() - started
        click.echo("%d points in %d batches of %d pins, %.0f MB" % (points, batches, pins, path.stat().st_size / 1e6))
        _row("storing 10,000 points", seconds / points * 10_000 * 1000)
        with Sandbox(tokens=[_TOKEN], database=path, total_limit=None) as sandbox:
            for name, question in questions(points, pins).items():
                _row(name, median_ms(lambda question=question: fetch(sandbox.url + question)))
            _time_page(sandbox.url, pins)


def _time_page(url, pins):
    if browser.find() is None:
        return click.echo("page load not measured: " + browser.MISSING)
    with browser.running(height=2000) as driver:

        def load():
            driver.get("about:blank")
            browser.show_charts(driver, url, pins)

        _row("page load until %d charts are drawn" % pins, median_ms(load))


def _row(name, milliseconds):
    click.echo("%-40s %8.0f ms" % (name, milliseconds))


if __name__ == "__main__":
    main(prog_name="sandbox-bench")
