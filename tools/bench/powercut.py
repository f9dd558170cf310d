"""A sample of the power cuts that `make test` makes, through tools/powercut: how many are survived, how many not."""

from functools import partial

from tools.bench.micropython import cell
from tools.powercut import drive

_WORKLOAD = "singles"


def measure(family, media, parts):
    """One of so many `parts` of the cuts; what was lost or invented is a failure."""
    survived = failed = 0
    for medium in media:
        every = drive.every_for(medium, _WORKLOAD)
        count, failures = drive.run_share("ring", medium, _WORKLOAD, every, 0, parts)
        survived += count
        failed += len(failures)
    yield cell("power cuts survived, of a sample", family, "ours", survived)
    yield cell("power cuts with a reading lost or invented", family, "ours", failed)


def jobs(quick):
    """Power cuts

    A share of one workload of `tools/powercut/`, cut in the middle of programs and erases; after each cut the ring
    is opened again on a copy and every reading compared. `make test` cuts every workload, fails below 40,000 on raw
    devices or 12,000 on littlefs, and prints how many it survived.
    """
    for family, media in {"raw": drive.RAW, "littlefs": drive.LITTLEFS}.items():
        yield partial(measure, family, *((media[:1], 32) if quick else (media, 8)))
