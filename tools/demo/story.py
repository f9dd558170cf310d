"""What happens in the demo, step by step: the board's processes, the power cuts, and the ledger at the end.

The ledger comes from the server's database and from what the board said before each cut. The ring is asked only what
still waits in it: that is pending, not lost.
"""

import csv
import datetime
from collections import Counter

from tools import device
from tools.device import ROOT

READINGS = ROOT / "examples" / "data" / "room-climate.csv"
PINS = 4
POWER_CUT = 42
# Where the power goes: part of the way through the rows, which change of the flash from there on, after which byte.
CUTS = ((0.25, 0, 11), (0.5, 1, 9), (0.7, 0, 3), (0.9, 2, 20))


def read_rows(count):
    """[(Unix ms, [value, ...])] of the first `count` recorded rows; None for all."""
    rows = []
    with open(READINGS, newline="") as file:
        for row in list(csv.reader(file))[1:][:count]:
            time = datetime.datetime.strptime(row[0], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
            rows.append((int(time.timestamp()) * 1000, [float(text) for text in row[1:]]))
    return rows


def run_board(*arguments):
    """Start the board; yields the lines it prints as lists of words, and at last ["status", number]."""
    paths = [ROOT / "examples" / "station", device.SIM]
    process = device.start(ROOT / "tools" / "demo" / "board.py", *arguments, heap="16m", paths=paths)
    try:
        for line in process.stdout:
            yield line.split()
        yield ["status", str(process.wait())]
    finally:
        process.kill()
        process.wait()


class Flash:
    """Erases, summed over the board's processes."""

    erases = 0

    def take(self, words):
        if words[0] == "erases":
            self.erases += int(words[1])


def log_rows(sandbox, image, shift_ms, count, pause_us, say, progress):
    """Log all rows offline, through all cuts; (rows kept for certain, rows under way at a cut, Flash)."""
    cuts = [(int(part * count), operation, byte) for part, operation, byte in CUTS]
    kept, torn, flash = set(), set(), Flash()
    first = 0
    while first < count:
        cut = cuts.pop(0) if cuts else (-1, 0, 0)
        status = None
        arguments = (sandbox.url, sandbox.token, image, READINGS, shift_ms, first, count, "%d,%d,%d" % cut, pause_us)
        for words in run_board("log", *arguments):
            flash.take(words)
            if words[0] == "kept":
                kept.add(int(words[1]))
                progress(len(kept))
            elif words[0] == "cut":
                torn.add(int(words[1]))
                say("power cut in the middle of writing row %s; restarting" % words[1])
            elif words[0] == "status":
                status = int(words[1])
            elif words[0] != "erases":
                say(" ".join(words))
        if status not in (0, POWER_CUT):
            raise RuntimeError("the board ended with status %s" % status)
        first = max(kept | torn) + 1
    return kept, torn, flash


def drain(image, sandbox, say):
    """Reconnect and upload; (Flash, the points that the board still has). Its other words are shown, and count for
    nothing."""
    flash, left = Flash(), set()
    for words in run_board("drain", sandbox.url, sandbox.token, image):
        flash.take(words)
        if words[0] == "left":
            left.add((int(words[1]), int(words[2]), round(float(words[3]), 6)))
        elif words[0] in ("event", "result"):
            say("board: " + " ".join(words[1:]))
        elif words[0] not in ("erases", "pending") and words != ["status", "0"]:
            say(" ".join(words))
    return flash, left


def csv_flash(count):
    """What appending the same rows to a CSV file costs on the same chip."""
    flash = Flash()
    for words in run_board("csv", READINGS, count):
        flash.take(words)
    return flash


def compare(rows, kept, torn, arrived, left):
    """Point for point: (points that log() took, of them pending, lost, arrived but never logged, duplicates). Pending
    is what has not arrived and is `left` on the flash."""
    found = Counter((pin, ms, round(value, 6)) for pin, ms, value in arrived)

    def points(numbers):
        return {
            (pin + 1, rows[number][0], round(value, 6))
            for number in numbers
            for pin, value in enumerate(rows[number][1])
        }

    sure = points(kept)
    waiting = (sure - set(found)) & left
    lost = sure - set(found) - waiting
    strange = set(found) - sure - points(torn)
    return sure, waiting, lost, strange, sum(found.values()) - len(found)
