"""The picture of docs/benchmarks.md: erases and bytes programmed for a durable reading, each way beside the other."""

from tools.bench.rows import CONTENDERS

_FACTS = [
    ("erases per durable reading", "erases per reading"),
    ("bytes programmed per durable reading", "bytes programmed per reading"),
]
_COLORS = {"esp32": "#1b6ca8", "rp2": "#c8553d"}


def draw(rows, path):
    """Write it to `path` as SVG, the same bytes for the same rows."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "bench", "font.size": 9})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(_FACTS), figsize=(9, 3.2), sharey=True)
    for axis, (what, title) in zip(axes, _FACTS):
        _bars(axis, {row.on: row.values for row in rows if row.what == what and row.on in _COLORS})
        axis.set_title(title, fontsize=10)
    axes[0].set_yticks(range(len(CONTENDERS)), list(CONTENDERS.values()))
    axes[0].invert_yaxis()
    axes[-1].legend(frameon=False, fontsize=8, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _bars(axis, found):
    axis.set_xscale("log")
    for index, (on, values) in enumerate(found.items()):
        places = [place + (index - 0.5) * 0.36 for place in range(len(CONTENDERS))]
        bars = axis.barh(places, [values.get(who, 0) for who in CONTENDERS], 0.34, color=_COLORS[on], label=on)
        labels = ["%.3g" % values[who] if who in values else "" for who in CONTENDERS]
        axis.bar_label(bars, labels, padding=3, fontsize=8)
    low, high = axis.get_xlim()
    axis.set_xlim(low, high * 4)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
