"""What people read: each batch's two answers side by side, and the section for docs/verified.md.

Works on Batch and Answer; sends nothing.
"""

import re

_WIDTH = 44
_BODY_CHARS = 300
# Of each reply these may differ between any two servers; they are shown, and no difference is made of them.
_COMPARED = ("status", "body")


def same(live, sandbox):
    """True if a device would do the same after both answers."""
    return all(getattr(live, name) == getattr(sandbox, name) for name in _COMPARED)


def beside(number, batch, live, sandbox):
    """The lines about one batch."""
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
    yield "   => " + ("the same" if same(live, sandbox) else "DIFFERENT")


def section(date, server, pin, kind, version, results):
    """Markdown for docs/verified.md; `results`: [(batch, live answer, sandbox's answer)]"""
    lines = [
        "## %s: %s" % (date, server),
        "",
        "`make verify-live` of blynk_batch %s, datastream %s of type %s." % (version, pin, kind),
        "",
        "| batch | points | values | answer | sandbox | in Blynk's export |",
        "|---|---|---|---|---|---|",
    ]
    for batch, live, sandbox in results:
        expected = "the same" if same(live, sandbox) else _code(sandbox)
        cells = (batch.name, str(len(batch.points)), batch.values, _code(live), expected, "(%s)" % batch.look)
        lines.append("| %s |" % " | ".join(cells))
    lines += ["", "Headers of the answer to the first batch:", ""]
    lines += ["- `%s: %s`" % item for item in sorted(results[0][1].headers.items())] or ["- none"]
    return "\n".join(lines) + "\n"


def _points(batch):
    return "%d point%s" % (len(batch.points), "s" * (len(batch.points) != 1))


def _line(value):
    return re.sub(r"\s+", " ", str(value))[:_BODY_CHARS]


def _code(answer):
    """An answer as a table's cell."""
    return "%d `%s`" % (answer.status, _line(answer.body).replace("|", "\\|").replace("`", "'"))
