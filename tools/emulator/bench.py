"""`make emulate-bench`: what the library costs on an emulated Pico, as a table.

make emulate-bench FIRMWARE=file.uf2                                 writes build/emulate-bench.json
make emulate-bench FIRMWARE=file.uf2 ARGS='--beside before.json'     with the figures of an earlier run beside it
make emulate-bench FIRMWARE=file.uf2 ARGS=--write                    also docs/benchmarks-pico.md
"""

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from tools.emulator import firmware, least, measure
from tools.emulator.elf import NoElf, functions
from tools.options import command

OUTPUT = firmware.ROOT / "build" / "emulate-bench.json"
DOCUMENT = firmware.ROOT / "docs" / "benchmarks-pico.md"
READINGS, QUICK = 480, 48
_BACKLOG = 2_000  # points, of the least heap: it does not grow with them
FORMS = {"mpy": "compiled, as `make deploy` installs it", "source": "its sources", "frozen": "frozen into the firmware"}
ABOUT = """# Benchmarks on an emulated Pico

Made by `make emulate-bench FIRMWARE=file.uf2`, [on an emulator](emulator.md) that runs a Pico's own firmware:
{machine}, {version},
blynk_batch {library}, {form}.

Times are milliseconds in which the processor is at work, from its cycles. The emulator does not model: the cache in
front of the flash, whose misses cost a real Pico more where the firmware's code is spread wide; the wait for the flash
itself, except in the rows that say so ({erase} ms an erase and {page} ms a page, typical of the chips that Picos have);
USB's, Wi-Fi's and the network's time. So real times are longer. What they are good for is comparison: before and after
a change, one way beside another.

*Wake*: `main.py` opens the ring, logs one reading, closes and goes to deep sleep; medians of the wakes after the first
few, which make files that later ones find. *Young*: a ring that has only those readings. *Grown*: a ring of 256 KiB
that has seen {filled:,} readings and wrapped, its newest sector half full. *CSV*: a line appended and the file closed,
for each reading. *Drain*: all points of a ring to a server that takes them at once; a group has one time for all its
pins. *After a drain*: the points of that drain are in the same sector before it. *Least free*: what `gc.mem_free()`
must say before the import; sockets and TLS come on top.
{counts}
"""
BATTERY = """
**What a battery pays.** A wake from deep sleep takes {young:.0f} ms of work on a young ring and {grown:.0f} ms on one
that has wrapped, until the reading is durable; log() itself is {log:.0f} ms of that, and all that a board pays for a
reading which stays awake. An upload of a day's points, one a minute, takes {day:.0f} ms, beside what Wi-Fi and the
network take.
"""
COUNTS = "Files opened and calls of `lfs2_stat` are counted from the reset until the reading is durable.\n"


@command()
@firmware.option
@click.option("--elf", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its .elf, to count calls.")
@click.option("--source", is_flag=True, help="Install the sources instead of compiled files.")
@click.option("--quick", is_flag=True, help="Few readings and no grown ring: shows that everything runs.")
@click.option("--out", type=click.Path(path_type=Path), default=OUTPUT, help="Where the figures go, as JSON.")
@click.option("--beside", type=click.Path(exists=True, path_type=Path), help="An earlier --out, to print beside.")
@click.option("--write", is_flag=True, help="Write docs/benchmarks-pico.md.")
def main(name, elf, source, quick, out, beside, write):
    """Measure the library on an emulated Pico."""
    before = figures(beside) if beside else None
    out.parent.mkdir(parents=True, exist_ok=True)
    out.open("a").close()
    symbols = elf.read_bytes() if elf else None
    try:
        if elf:
            functions(symbols, ())
    except NoElf as error:
        raise click.ClickException("%s: %s" % (elf, error))
    uf2 = firmware.find(name)
    found = run(uf2, "source" if source else "mpy", symbols, QUICK if quick else READINGS, not quick)
    out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    text = document(found, before)
    click.echo(text)
    if write:
        DOCUMENT.write_text(text, encoding="utf-8")


def figures(path):
    """Those of an earlier run."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {"rows": found["rows"]}
    except (OSError, ValueError, LookupError, TypeError):
        raise click.ClickException("%s holds no figures of an earlier run" % path)


def run(uf2, form="mpy", symbols=None, readings=READINGS, with_grown=True):
    """{"machine", "version", "library", "form", "rows": {name: figure}, "csv": {name: figure}}"""
    with tempfile.TemporaryDirectory(prefix="emulate-bench-") as folder, ThreadPoolExecutor(2) as pool:
        click.echo("installing", err=True)
        installed = measure.Installed(uf2, folder, form)
        click.echo("measuring; a ring of %d readings takes minutes" % measure.FILLED, err=True)
        image = Path(folder) / "grown.img"
        growing = pool.submit(measure.grown, installed, image) if with_grown else None
        rows, csv = measure.session(installed, readings)
        if with_grown:
            rows.update(least.rows(installed, folder, _BACKLOG))
        rows["installation: blocks of 4 KiB"] = installed.blocks
        rows["installation: files"] = installed.files
        rows.update(_named("young", measure.wakes(installed.image, "/young", symbols)))
        if growing:
            growing.result()
            rows["open a grown ring"] = measure.reopened(image)
            rows.update(_named("grown", measure.wakes(image, "/grown", symbols)))
    facts = {name: getattr(installed, name) for name in ("machine", "version", "library", "form")}
    return {**facts, "rows": rows, "csv": csv}


def _named(ring, rows):
    return {name.replace("wake: ", "wake, %s ring: " % ring): figure for name, figure in rows.items()}


def document(found, beside=None):
    counts = COUNTS if any("lfs2_stat" in name for name in found["rows"]) else ""
    facts = {**found, "form": FORMS[found["form"]], "filled": measure.FILLED, "counts": counts}
    about = ABOUT.format(erase=measure.ERASE_MS, page=measure.PAGE_MS, **facts)
    rows = found["rows"]
    if "wake, grown ring: reset to log() done" in rows:
        young, grown = (rows["wake, %s ring: reset to log() done" % ring] for ring in ("young", "grown"))
        day = rows["upload of one point after a drain"] + 1440 * rows["drain, a point, 1 pin"]
        about += BATTERY.format(young=young, grown=grown, log=rows["log(), median"], day=day)
    head = ["what", "unit"] + (["before"] if beside else []) + ["blynk_batch", "CSV append"]
    lines = [head, ["---", "---"] + ["--:"] * (len(head) - 2)]
    for name, figure in found["rows"].items():
        earlier = [_text(name, beside["rows"].get(name))] if beside else []
        lines.append([name, _unit(name), *earlier, _text(name, figure), _text(name, found["csv"].get(name))])
    return about + "\n" + "".join("| %s |\n" % " | ".join(line) for line in lines)


def _unit(name):
    if name.startswith("heap"):
        return "bytes"
    if name.endswith(("erases", "pages", "files", "opened", "lfs2_stat", "KiB")):
        return ""
    return "ms"


def _text(name, figure):
    if figure is None:
        return ""
    if _unit(name) == "bytes":
        return "{:,}".format(figure)
    return "%d" % figure if isinstance(figure, int) else "%.0f" % figure if figure >= 100 else "%.2f" % figure


if __name__ == "__main__":
    main()
