"""make plan: the command line, and the answer as a table or as JSON."""

import json
import sys
from dataclasses import asdict, replace

import click

from tools.bench.micropython import Failed
from tools.options import Parsed, command
from tools.plan import answer as plan
from tools.plan import words
from tools.plan.station import MEDIA, Station, pin, seconds, size

_TIME, _SIZE, _PIN = Parsed("time", seconds), Parsed("size", size), Parsed("pin:kind", pin)
_COUNT = click.IntRange(min=1)


@command()
@click.option("--pin", "pins", type=_PIN, multiple=True, required=True, help="V1:double, V2:integer, V3:string:20 ...")
@click.option("--every", type=_TIME, default="60s", show_default=True, help="Between two rows of readings.")
@click.option("--outage", type=_TIME, default="14d", show_default=True, help="The longest time without network.")
@click.option("--upload-every", type=_TIME, default="15m", show_default=True, help="Between two uploads when online.")
@click.option("--medium", type=click.Choice(list(MEDIA)), default="littlefs-esp32", show_default=True)
@click.option("--flash", type=_SIZE, help="Bytes of the filesystem, partition or chip. [default: the medium's]")
@click.option("--apart", is_flag=True, help="Each pin by a log() of its own, not a row by one log_group().")
@click.option("--deep-sleep", is_flag=True, help="The board sleeps deeply after each row.")
@click.option("--commit-every", type=_COUNT, default=1, show_default=True, help="As FileRing and BlockRing take it.")
@click.option("--points-per-day", type=_COUNT, default=100_000, show_default=True, help="What the server takes.")
@click.option("--requests-per-month", type=_COUNT, default=plan.FREE_REQUESTS, show_default=True, help="Of your plan.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(pins, every, outage, upload_every, medium, flash, apart, deep_sleep, commit_every, as_json, **limits):
    """Work out a station: the ring to choose, how long it lasts, what it sends, and whether that fits Blynk's limits.
    Costs are measured on simulated flash, now, by the benchmark's code. Status 1 if the plan cannot work."""
    if len(dict(pins)) < len(pins):
        raise click.UsageError("a pin is named twice")
    flash = flash or MEDIA[medium][1]
    station = Station(dict(pins), every, outage, upload_every, medium, flash, not apart, deep_sleep, commit_every)
    try:
        costs = station.measure()
    except Failed as error:
        raise click.ClickException("such rows cannot be measured: %s" % str(error).strip().splitlines()[-1])
    limits = plan.Limits(**limits)
    answer = plan.work_out(station, costs, limits, plan.Link())
    together = None
    if apart and len(station.pins) > 1:
        grouped = replace(station, together=True)
        together = plan.work_out(grouped, grouped.measure(), limits, plan.Link())
    advice = plan.advice(station, answer, limits, together)
    if as_json:
        click.echo(json.dumps({"costs": costs, "plan": asdict(answer), "advice": [text for _, text in advice]}))
    else:
        show(station, answer, limits, advice)
    sys.exit(1 if any(fails for fails, _ in advice) else 0)


def show(station, answer, limits, advice):
    def say(name, text):
        click.echo("%-22s %s" % (name, text))

    say("medium", "%s, %d KiB" % (MEDIA[station.medium][2], station.flash_bytes // 1024))
    capacity = "capacity_bytes=%d * 1024" % (answer.capacity_bytes // 1024)
    if not station.medium.startswith("littlefs"):
        capacity = "blocks=%d (of 4 KiB)" % (answer.capacity_bytes // plan.SECTOR_BYTES)
    if station.together and len(station.pins) > 1:
        say("a row", "client.log_group({%s})" % ", ".join("%d: ..." % pin for pin in station.pins))
    say("ring", "%s holds %s readings" % (capacity, words.count(answer.readings_held)))
    say("covers", "%s without network" % words.days(answer.outage_days))
    say("flash lasts", words.years(answer.lifetime_years))
    say("one row takes", "%.1f ms of flash time on average" % answer.log_ms)
    say("points a day", "%s of %s" % (words.exactly(answer.points_per_day), words.exactly(limits.points_per_day)))
    sent = words.exactly(answer.requests_per_month), words.exactly(limits.requests_per_month)
    say("requests a month", "%s of %s" % sent)
    caught = words.exactly(answer.backlog_points), answer.catch_up_requests, words.interval(answer.catch_up_s)
    say("after the outage", "%s points in %d requests, about %s (assumed link, see docs/pull-and-plan.md)" % caught)
    for fails, text in advice:
        say("CANNOT WORK" if fails else "note", text)


if __name__ == "__main__":
    main(prog_name="plan")
