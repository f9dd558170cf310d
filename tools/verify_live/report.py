"""What people read: each batch's two answers side by side, and the dated section for docs/verified.md.

Works on Batch, Answer and History; sends nothing.
"""

import re
from typing import NamedTuple

from tools.verify_live.batches import Batch
from tools.verify_live.wire import Answer

_WIDTH = 44
_BODY_CHARS = 300
# Of each reply these may differ between any two servers; they are shown, and no difference is made of them.
_COMPARED = ("status", "body")


class Result(NamedTuple):
    """`stored`, `sandbox_stored`: in words, once it was read back."""

    batch: Batch
    live: Answer
    sandbox: Answer
    stored: str = ""
    sandbox_stored: str = ""

    @property
    def same(self):
        """True if a device would do the same after both answers."""
        return all(getattr(self.live, name) == getattr(self.sandbox, name) for name in _COMPARED)


def beside(number, result):
    """The lines about one batch."""
    batch, live, sandbox = result[:3]
    yield "%d. %s: %s to %s, values %s" % (number, batch.name, _points(batch), batch.pin, batch.values)
    yield "   %-18s%-*s%s" % ("", _WIDTH, "live", "sandbox")
    names = sorted({*live.headers, *sandbox.headers})
    rows = [(name, _line(getattr(live, name)), _line(getattr(sandbox, name))) for name in _COMPARED]
    rows += [(name, live.headers.get(name, "-"), sandbox.headers.get(name, "-")) for name in names]
    for name, left, right in rows:
        if len(left) >= _WIDTH:
            yield "   %-18s%s" % (name, left)
            name, left = "", ""
        yield "   %-18s%-*s%s" % (name, _WIDTH, left, right)
    yield "   => " + ("the same" if result.same else "DIFFERENT")


def stored(batch, history, now_ms):
    """In words: how many of the batch's points came back, and how often."""
    if len(batch.points) > 1000:  # asked of its first and last alone
        batch = batch._replace(points=[batch.points[0], batch.points[-1]])
    if history.failed:
        return "not told: %s" % _line(history.answer.body)
    counts = [history.count(point, now_ms) for point in batch.points]
    known = [count for count in counts if count is not None]
    if not known:
        return "not told"
    there = sum(count > 0 for count in known)
    text = "none" if not there else "all" if there == len(counts) else "%d of %d" % (there, len(counts))
    if max(known) > 1:
        text += ", up to %d times" % max(known)
    return text + (", %d not told" % counts.count(None) if None in counts else "")


def section(date, server, pins, version, results):
    """Markdown for docs/verified.md; `results`: [Result]"""
    lines = [
        "## %s: %s" % (date, server),
        "",
        "`make verify-live` of blynk_batch %s; datastreams %s. *Stored* is what `data/get` gave back"
        % (version, ", ".join("%s of type %s" % item for item in pins.items())),
        "afterwards; it tells nothing of times ahead, of numbers older than three months, of others older than one.",
        "",
        "| batch | pin | points | values | answer | sandbox | stored | sandbox stored | the library |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        batch = result.batch
        expected = "the same" if result.same else _code(result.sandbox)
        cells = (batch.name, batch.pin, str(len(batch.points)), batch.values, _code(result.live), expected)
        cells += (result.stored, result.sandbox_stored, batch.assumed)
        lines.append("| %s |" % " | ".join(cell.replace("|", "\\|") for cell in cells))
    lines += ["", "Headers of the answer to the first batch:", ""]
    lines += ["- `%s: %s`" % item for item in sorted(results[0].live.headers.items())] or ["- none"]
    return "\n".join(lines) + "\n"


def _points(batch):
    return "%d point%s" % (len(batch.points), "s" * (len(batch.points) != 1))


def _line(value):
    return re.sub(r"\s+", " ", str(value))[:_BODY_CHARS]


def _code(answer):
    """An answer as a table's cell."""
    return "%d `%s`" % (answer.status, _line(answer.body).replace("`", "'"))
