"""What people read: each batch's two answers side by side, and the dated section for docs/verified.md.

Works on Batch, Answer and History; sends nothing.
"""

import re
from typing import NamedTuple

from tools.verify_live.batches import Batch
from tools.verify_live.wire import Answer

_WIDTH = 44
_BODY_CHARS = 300
_SECTION = """## %s: %s

`make verify-live` of blynk_batch %s; datastreams %s. *Stored* is what `data/get` gave back
afterwards; it tells nothing of times ahead, of numbers older than three months, of others older than one.

| batch | pin | points | values | answer | sandbox | stored | sandbox stored | the library |
|---|---|---|---|---|---|---|---|---|
%s

Headers of the answer to the first batch:

%s
"""


class Result(NamedTuple):
    """`stored`, `sandbox_stored`: in words, once it was read back."""

    batch: Batch
    live: Answer
    sandbox: Answer
    stored: str = ""
    sandbox_stored: str = ""

    @property
    def same(self):
        """True if a device would do the same after both answers. Headers may differ between any two servers."""
        return self.live[:2] == self.sandbox[:2]

    def cells(self):
        batch, live, sandbox, *stored = self
        yield from (batch.name, batch.pin, str(len(batch.points)), batch.values, _code(live))
        yield from ("the same" if self.same else _code(sandbox), *stored, batch.assumed)


def beside(number, result):
    """The lines about one batch."""
    batch, live, sandbox = result[:3]
    points = "%d point%s" % (len(batch.points), "s" * (len(batch.points) != 1))
    yield "%d. %s: %s to %s, values %s" % (number, batch.name, points, batch.pin, batch.values)
    yield "   %-18s%-*s%s" % ("", _WIDTH, "live", "sandbox")
    rows = [("status", str(live.status), str(sandbox.status)), ("body", _line(live.body), _line(sandbox.body))]
    names = sorted({*live.headers, *sandbox.headers})
    rows += [(name, live.headers.get(name, "-"), sandbox.headers.get(name, "-")) for name in names]
    for name, left, right in rows:
        if len(left) >= _WIDTH:
            yield "   %-18s%s" % (name, left)
            name, left = "", ""
        yield "   %-18s%-*s%s" % (name, _WIDTH, left, right)
    yield "   => " + ("the same" if result.same else "DIFFERENT")


def stored(batch, history, now_ms):
    """In words: how many of the batch's points came back, and how often."""
    points = batch.points if len(batch.points) <= 1000 else [batch.points[0], batch.points[-1]]
    if history.failed:
        return "not told: %s" % _line(history.answer.body)
    counts = [history.count(point, now_ms) for point in points]
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
    rows = ["| %s |" % " | ".join(cell.replace("|", "\\|") for cell in result.cells()) for result in results]
    headers = ["- `%s: %s`" % item for item in sorted(results[0].live.headers.items())] or ["- none"]
    streams = ", ".join("%s of type %s" % item for item in pins.items())
    return _SECTION % (date, server, version, streams, "\n".join(rows), "\n".join(headers))


def _line(value):
    return re.sub(r"\s+", " ", value)[:_BODY_CHARS]


def _code(answer):
    """An answer as a table's cell."""
    return "%d `%s`" % (answer.status, _line(answer.body).replace("`", "'"))
