"""make verify-live: the command line. Asks first, sends each batch to the live service and to a sandbox,
compares the answers, and reads back what both stored."""

import time
from datetime import date
from pathlib import Path

import click

from tools.options import Parsed, command, server_url
from tools.package import ROOT, version
from tools.sandbox.rules import parse_datastream
from tools.sandbox.testing import Sandbox
from tools.verify_live.batches import DAILY_POINTS, MOST_POINTS, TYPES, batches, daily
from tools.verify_live.history import history
from tools.verify_live.report import Result, beside, section, stored
from tools.verify_live.wire import refusal, send


def _datastream(text):
    """V1 or V1:integer as ("V1", type)."""
    pin, stream = parse_datastream(text if ":" in text else text + ":double")
    if str(stream) not in TYPES:
        raise ValueError("%r is no type; one of %s" % (str(stream), ", ".join(TYPES)))
    return "V%d" % pin, stream.kind


@command()
@click.option("--token", envvar="BLYNK_TOKEN", required=True, help="The device's auth token; or set BLYNK_TOKEN.")
@click.option("--pin", "pins", required=True, multiple=True, type=Parsed("pin[:type]", _datastream),
              help="A datastream that may take test values, and its type (%s) [default: double]; repeat for more."
              % ", ".join(TYPES))  # fmt: skip
@click.option("--unknown-pin", default="V255", show_default=True, type=Parsed("pin", _datastream),
              help="One without a datastream.")  # fmt: skip
@click.option("--server", default="https://blynk.cloud", show_default=True, callback=server_url, help="The service.")
@click.option("--daily-limit", is_flag=True, help="Also send a day's points, to see what comes past them.")
@click.option("--settle", default=60, show_default=True, type=click.IntRange(0), help="Seconds before reading back.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path),
    help="Where the section for docs/verified.md goes. [default: build/verified-DATE.md]",
)
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
def main(token, pins, unknown_pin, server, daily_limit, settle, output, yes):
    """Find out what the live service does with batches whose fate the documentation leaves open, and read back what it
    stored of them."""
    pins, unknown_pin = dict(pins), unknown_pin[0]
    if unknown_pin in pins:
        raise click.UsageError("--unknown-pin must be another pin than --pin")
    now_ms = int(time.time()) * 1000
    planned = batches(pins, unknown_pin, now_ms)
    if daily_limit:
        sent = sum(len(batch.points) for batch in planned if len(batch.points) <= MOST_POINTS)
        planned += daily(*next(iter(pins.items())), now_ms, sent)
    ask(server, pins, planned, daily_limit, yes)
    output = output or ROOT / "build" / ("verified-%s.md" % date.today())
    output.parent.mkdir(parents=True, exist_ok=True)
    streams = ["%s:%s" % item for item in pins.items()]
    with Sandbox(datastream=streams, total_limit=None, day_limit=DAILY_POINTS) as sandbox:
        servers = (server, token), (sandbox.url, sandbox.token)
        results = []
        for number, batch in enumerate(planned, 1):
            results.append(Result(batch, *(send(*each, batch.pin, batch.body) for each in servers)))
            click.echo("\n" + "\n".join(beside(number, results[-1])))
            if number == 1 and (why := refusal(server, results[0].live)):
                raise click.ClickException(why)
        with click.progressbar(range(settle), label="until the service has stored them") as seconds:
            for _ in seconds:
                time.sleep(1)
        results = read_back(results, servers)
    text = section(date.today(), server, pins, version(), results)
    output.write_text(text)
    click.echo("\n" + text)
    different = [result.batch.name for result in results if not result.same]
    click.echo("Other answers than the sandbox's: %s." % (", ".join(different) or "none"))
    different = [result.batch.name for result in results if result.stored != result.sandbox_stored]
    click.echo("Stored otherwise than in the sandbox: %s." % (", ".join(different) or "none"))
    click.echo("\nPaste %s into docs/verified.md." % output)


def ask(server, pins, planned, daily_limit, yes):
    """Say what will happen; click.Abort unless that is wanted."""
    click.echo("%d requests go to %s, for %s." % (len(planned) + 2 * len(pins), server, ", ".join(pins)))
    click.echo("Each counts against the plan's messages; up to %d points of test values may stay in the device's data."
               % sum(len(batch.points) for batch in planned))  # fmt: skip
    click.echo("The datastreams must save raw data, and their limits must take the values 11 to 73.")
    if daily_limit:
        click.echo("They use up the device's points of today: what it sends itself may be refused until tomorrow.")
    if not yes:
        click.confirm("Send them?", abort=True)


def read_back(results, servers):
    """The results with what each of the two servers stored."""
    told = []
    for each in servers:
        histories = {pin: history(*each, pin) for pin in dict.fromkeys(result.batch.pin for result in results)}
        now_ms = int(time.time() * 1000)
        told.append([stored(result.batch, histories[result.batch.pin], now_ms) for result in results])
    return [result._replace(stored=live, sandbox_stored=here) for result, live, here in zip(results, *told)]


if __name__ == "__main__":
    main()
