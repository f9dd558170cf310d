"""The least free heap in which a board logs, and drains, found by bisection on an emulated Pico.

Free is what `gc.mem_free()` says before the library is imported; all but that is taken first. The board has no network:
what sends is loaded, but a stand-in takes the batches.
"""

from pathlib import Path

from tools.emulator.lab import Lab, RemoteError
from tools.emulator.measure import PRELUDE

_LOW, _HIGH = 32, 160  # KiB
# An image with so many points; then, in less and less heap: log, and drain them.
_FILL = """import blynk_batch
client = client_of('/least', commit_every=50)
for i in range(%d):
    clock.step(60000)
    client.log(1, 20 + i %% 700 / 100)
client.close()
"""
_TAKE = "gc.collect()\ntaken = bytearray(gc.mem_free() - %d)"
_LOG = """import blynk_batch
client = client_of('/least')
for i in range(20): client.log(1, 21.5)
"""
_DRAIN = """blynk_batch.Requests
result = client.upload()
if result.error: raise result.error
if client.pending: raise Exception(repr(result))
"""


def rows(installed, folder, points, step=1):
    """{row: bytes}; `step` KiB tells how exact they are."""
    image = Path(folder) / "least.img"
    with Lab(installed.image) as lab:
        lab.connect()
        lab.exec(PRELUDE + _FILL % points)
        lab.save(image)
    jobs = (("to log", _LOG), ("to drain %d points" % points, _LOG + _DRAIN))
    return {"heap: least free %s" % name: _least(image, job, step) * 1024 for name, job in jobs}


def _least(image, job, step):
    low, high = _LOW, _HIGH
    if not _fits(image, job, high):
        raise RemoteError("it does not fit %d KiB" % high)
    while high - low > step:
        middle = (low + high) // 2
        if _fits(image, job, middle):
            high = middle
        else:
            low = middle
    return high


def _fits(image, job, kib):
    with Lab(image) as lab:
        lab.connect()
        lab.exec(PRELUDE)
        lab.exec(_TAKE % (kib * 1024))
        try:
            lab.exec(job)
        except RemoteError as error:
            if "MemoryError" not in str(error):
                raise
            return False
        return True
