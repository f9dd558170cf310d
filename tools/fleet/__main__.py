"""make fleet: do ten thousand stations that get their power back together ask the server together for ever?"""

import json
import sys

import click

from tools import device
from tools.fleet.figures import BIN_S, Figures, monthly_requests
from tools.options import command

STORIES = {
    "power": (3, "Power comes back everywhere at once"),
    "away": (10, "The server is away from the first hour to the seventh"),
    "busy": (3, "The server answers 429 for half an hour after the first"),
}
_SCRIPT = device.ROOT / "tools" / "fleet" / "device.py"


def simulate(story, stations, interval_s, seed):
    """The Figures of one story, lived through by that many of the library's own Pace."""
    hours = STORIES[story][0]
    done = device.run(_SCRIPT, story, stations, interval_s, hours, seed, heap="256m")
    if done.returncode:
        raise click.ClickException(done.stdout)
    requests, shortest_s, longest_s = json.loads(done.stdout)
    return Figures(stations, interval_s, requests, shortest_s, longest_s)


def chart(figures):
    """A row for each interval: the most requests in 10 s, a # for each half of the mean, at most 60."""
    for number, peak in enumerate(figures.peaks()):
        at_s = number * figures.interval_s
        length = min(60, round(2 * peak / figures.mean))
        click.echo("  %2d:%02d %6d  %s" % (at_s // 3600, at_s // 60 % 60, peak, "#" * length))


@command()
@click.option("--stations", default=10000, show_default=True, help="How many there are; of few, chance makes peaks.")
@click.option(
    "--interval",
    "interval_s",
    type=click.IntRange(60, 3600),
    default=900,
    show_default=True,
    help="Seconds between two drains of each.",
)
@click.option("--seed", default=1, show_default=True, help="Of the backoffs.")
def main(stations, interval_s, seed):
    """Simulate a fleet by the library's own policy code. Status 1 if a peak is higher than promised: twice the mean
    from the second interval on, ten times after the server's return."""
    if stations < 2 * interval_s:
        text = "%d is too few to tell a peak from chance: at least two for each second of --interval, %d"
        raise click.BadParameter(text % (stations, 2 * interval_s), param_hint="'--stations'")
    failures = []
    for story, (_, title) in STORIES.items():
        figures = simulate(story, stations, interval_s, seed)
        click.echo("%s: %d stations, every %d s" % (title, stations, interval_s))
        click.echo("  most requests in %d s of each interval; the mean is %.1f" % (BIN_S, figures.mean))
        chart(figures)
        worst = figures.worst_after_the_first()
        most = 10 if story == "away" else 2
        click.echo("  from the second interval on at most %.1f times the mean (promised: %d)" % (worst, most))
        click.echo("  second drain %d to %d s after the first\n" % (figures.shortest_s, figures.longest_s))
        if worst > most:
            failures.append(story)
    click.echo("Requests a month of 1,000 stations, one for each pin and drain:")
    for every_s in (300, 900, 3600, 86400):
        counts = " ".join("%13s" % format(monthly_requests(1000, every_s, pins), ",") for pins in (1, 4))
        click.echo("  every %5d s, 1 pin and 4 pins: %s" % (every_s, counts))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
