"""The arithmetic of a plan: from a Station and what a row of it costs to figures, and from these to advice. Pure."""

import math
from dataclasses import dataclass, replace

from tools.plan import words

SECTOR_BYTES = 4096
CYCLES = 100_000  # erases that a block of NOR flash is good for, see docs/benchmarks.md
BATCH_POINTS, BATCH_BYTES = 10_000, 2_000_000  # of one request, whichever is reached first
DAY_S, MONTH_S, YEAR_S = 86400, 30 * 86400, 31557600
FREE_REQUESTS = 100_000  # messages a month in Blynk's free plan
OLDEST_DAYS = 90  # Blynk's change log of April 2026: three months
ENOUGH_YEARS = 10
LEAST_SECTORS = 3  # of a ring
MARGIN = 1.02  # a longer interval can take a few more bytes a row than was measured


@dataclass
class Limits:
    points_per_day: int = 100_000
    requests_per_month: int = FREE_REQUESTS


@dataclass
class Link:
    """How fast a board sends. No board has been measured yet: these are assumptions, see docs/pull-and-plan.md."""

    request_s: float = 4.0  # name service, TCP and TLS handshake of one request
    kbit_per_s: float = 500.0
    points_per_s: float = 300.0


@dataclass
class Answer:
    capacity_bytes: int
    rows_per_sector: float
    readings_held: int
    outage_days: float
    erases_per_row: float
    lifetime_years: float
    log_ms: float
    points_per_day: float
    requests_per_month: float
    backlog_points: int
    catch_up_requests: int
    catch_up_s: float
    catch_up_days: float  # more than 1 where the daily limit spreads it


def work_out(station, costs, limits, link):
    pins = len(station.pins)
    rows = math.ceil(unsent_s(station) / station.every_s)
    per_sector = costs["rows per sector"]
    sectors = max(LEAST_SECTORS, math.ceil(rows / per_sector) + 2)  # the one under way, and the one for acks
    held = int((sectors - 2) * per_sector)
    erases = max(costs["erases per row"], 1 / per_sector)  # a sector is erased once a turn, even if none was measured
    erases_a_year = erases * YEAR_S / station.every_s
    per_day = pins * DAY_S / station.every_s
    requests = batches(station, rows)
    return Answer(
        capacity_bytes=sectors * SECTOR_BYTES,
        rows_per_sector=per_sector,
        readings_held=held * pins,
        outage_days=outage_days(station, held),
        erases_per_row=erases,
        lifetime_years=flash_blocks(station, sectors) * CYCLES / erases_a_year,
        log_ms=costs["flash ms per row"],
        points_per_day=per_day,
        requests_per_month=requests_per_month(station),
        backlog_points=rows * pins,
        catch_up_requests=requests,
        catch_up_s=requests * link.request_s
        + rows * sum(station.json_bytes()) * 8 / (link.kbit_per_s * 1000)
        + rows * pins / link.points_per_s,
        catch_up_days=rows * pins / max(1, limits.points_per_day - per_day),
    )


def flash_blocks(station, sectors):
    """Blocks that share the erases: littlefs moves its blocks about, a raw ring has its own."""
    if station.medium.startswith("littlefs"):
        return max(1, station.flash_bytes // SECTOR_BYTES)
    return max(1, min(sectors, station.flash_bytes // SECTOR_BYTES))


def unsent_s(station):
    """How old the oldest unsent row can become: an outage may begin just before an upload was due."""
    return station.outage_s + station.upload_s


def outage_days(station, rows):
    """The longest outage that a ring of so many rows covers."""
    return max(0, rows * station.every_s - station.upload_s) / DAY_S


def batches(station, rows):
    """Requests for so many rows: each takes one pin's points, up to a number and up to a size."""
    return sum(math.ceil(rows / min(BATCH_POINTS, BATCH_BYTES // size)) for size in station.json_bytes())


def requests_per_month(station):
    """One for each pin and upload, more where an interval's rows fill more than one batch."""
    rows = max(1, station.upload_s / station.every_s)
    return batches(station, rows) * MONTH_S / max(station.upload_s, station.every_s)


def advice(station, answer, limits, together=None):
    """[(fails, text)]: what cannot work, then what may bite, each with what would do. `together`: the Answer if rows
    that are logged apart were groups."""
    pins = len(station.pins)
    found = []
    if answer.points_per_day >= limits.points_per_day:  # what is left of it is all that catches up
        least = pins * DAY_S // limits.points_per_day + 1
        text = "%s points a day, and the server takes %s: log every %s or more slowly, or fewer pins"
        told = words.exactly(answer.points_per_day), words.exactly(limits.points_per_day), words.interval(least)
        found.append((True, text % told))
    if answer.requests_per_month > limits.requests_per_month:
        least = pins * MONTH_S / limits.requests_per_month
        seldom = requests_per_month(replace(station, upload_s=words.round_up(least)[0]))
        would = "upload every %s or more seldom" % words.interval(least)
        if seldom > limits.requests_per_month:  # an interval's rows fill several requests however long it is
            would = "log more slowly, or fewer pins"
        text = "%s requests a month, and the plan has %s: %s"
        told = words.exactly(answer.requests_per_month), words.exactly(limits.requests_per_month), would
        found.append((True, text % told))
    room = station.flash_bytes // 2 if station.medium.startswith("littlefs") else station.flash_bytes
    if room < LEAST_SECTORS * SECTOR_BYTES:
        text = "no ring fits %d KiB, the smallest has %d: take a larger medium"
        found.append((True, text % (room // 1024, LEAST_SECTORS * SECTOR_BYTES // 1024)))
    elif answer.capacity_bytes > room:
        rows = int((room // SECTOR_BYTES - 2) * answer.rows_per_sector)
        days = outage_days(station, rows)
        text = "a ring of %d KiB does not fit %d KiB, which cover %s: log every %s, or take a larger medium"
        slower = words.interval(unsent_s(station) / rows * MARGIN)
        found.append((True, text % (answer.capacity_bytes // 1024, room // 1024, words.days(days), slower)))
    if answer.lifetime_years < ENOUGH_YEARS:
        slower = words.interval(station.every_s * ENOUGH_YEARS / answer.lifetime_years)
        text = "the flash lasts %s: log every %s, use commit_every, or a larger or raw medium"
        found.append((answer.lifetime_years < 1, text % (words.years(answer.lifetime_years), slower)))
    if together is not None:
        text = "log_group() instead of a log() a pin takes %d KiB instead of %d, and flash lasts %.1f times as long"
        times = answer.erases_per_row / together.erases_per_row
        found.append((False, text % (together.capacity_bytes // 1024, answer.capacity_bytes // 1024, times)))
    if station.outage_s > OLDEST_DAYS * DAY_S:
        text = "an outage of %s: Blynk takes points of the last three months, older ones may be refused"
        found.append((False, text % words.days(station.outage_s / DAY_S)))
    if answer.catch_up_days > 1 and answer.points_per_day < limits.points_per_day:
        text = "catching up takes %s, since the server takes %s points a day"
        takes = words.interval(answer.catch_up_days * DAY_S)
        found.append((False, text % (takes, words.exactly(limits.points_per_day))))
    return sorted(found, key=lambda item: not item[0])
