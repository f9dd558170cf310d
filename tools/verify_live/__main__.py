"""make verify-live: the command line. Asks first, sends each batch to the live service and to a sandbox, compares."""

import re
import time
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import click

from tools.sandbox.contract import parse_pin
from tools.sandbox.testing import Sandbox
from tools.verify_live import report
from tools.verify_live.batches import TYPES, batches
from tools.verify_live.wire import send

_ROOT = Path(__file__).resolve().parents[2]


def _pin(context, parameter, value):
    try:
        return "V%d" % parse_pin(value)
    except Exception:
        raise click.BadParameter("%r is no pin; write V0 to V255" % value)


def _server(context, parameter, value):
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
        raise click.BadParameter("%r: must be like https://blynk.cloud" % value)
    return value.rstrip("/")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--token", envvar="BLYNK_TOKEN", required=True, help="The device's auth token; or set BLYNK_TOKEN.")
@click.option("--pin", required=True, callback=_pin, help="A datastream of the device that may take test values.")
@click.option("--type", "kind", type=click.Choice(TYPES), default="double", show_default=True, help="Its data type.")
@click.option("--unknown-pin", default="V255", show_default=True, callback=_pin, help="One without a datastream.")
@click.option("--server", default="https://blynk.cloud", show_default=True, callback=_server, help="The live service.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the section for docs/verified.md goes. [default: build/verified-DATE.md]",
)
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
def main(token, pin, kind, unknown_pin, server, output, yes):
    """Find out what the live service does with batches whose fate the documentation leaves open."""
    if pin == unknown_pin:
        raise click.UsageError("--unknown-pin must be another pin than --pin")
    planned = batches(pin, unknown_pin, kind, int(time.time()) * 1000)
    ask(server, pin, planned, yes)
    with Sandbox(datastream=["%s:%s" % (pin, kind)], total_limit=None) as sandbox:
        results = [(planned[0], send(server, token, planned[0]), send(sandbox.url, sandbox.token, planned[0]))]
        show(results)
        refuse_to_go_on(server, results[0][1])
        for batch in planned[1:]:
            results.append((batch, send(server, token, batch), send(sandbox.url, sandbox.token, batch)))
            show(results)
    output = output or _ROOT / "build" / ("verified-%s.md" % date.today())
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(report.section(date.today(), server, pin, kind, version(), results))
    advise(pin, results, output)


def ask(server, pin, planned, yes):
    """Say what will happen; click.Abort unless that is wanted."""
    click.echo("%d requests go to %s, for %s." % (len(planned), server, pin))
    click.echo("Each counts against the plan's messages; up to %d points of test values may stay in the device's data."
               % sum(len(batch.points) for batch in planned))  # fmt: skip
    click.echo("%s must save raw data, and its limits must take the values 11 to 63." % pin)
    if not yes:
        click.confirm("Send them?", abort=True)


def show(results):
    click.echo("\n" + "\n".join(report.beside(len(results), *results[-1])))


def refuse_to_go_on(server, answer):
    """One sentence and the end, where the other batches would only fail alike."""
    if answer.status == 0:
        raise click.ClickException("%s: %s" % (server, answer.body))
    if answer.status == 308:
        parts = urlsplit(answer.headers.get("location", ""))
        raise click.ClickException("the token's region is elsewhere: run this again with SERVER=%s://%s" % parts[:2])
    if "Invalid token" in answer.body:
        text = "the service does not know this token: copy it from the device's page, and name its region as SERVER"
        raise click.ClickException(text)


def advise(pin, results, output):
    different = [batch.name for batch, live, sandbox in results if not report.same(live, sandbox)]
    click.echo("\nDifferent from the sandbox: %s." % (", ".join(different) or "none"))
    click.echo("\nAn answer says that a batch was accepted, not that it was stored. Export the device's raw data of")
    click.echo("%s from Blynk's console, from three months ago until the day after tomorrow, and look for:" % pin)
    for batch, _, _ in results:
        click.echo("  %-15s %-24s %s" % (batch.name, batch.values, batch.look))
    click.echo("\nThen write what you found into the last column of %s, and paste it into docs/verified.md." % output)


def version():
    text = (_ROOT / "lib" / "blynk_batch" / "__init__.py").read_text()
    return re.search(r'__version__ = "(.*)"', text).group(1)


if __name__ == "__main__":
    main()
