"""A batch took a part of what the window has of its pin: what expired, was dropped or estimated up to there counts now.

So a reset between two batches of a pin loses none of these counts. Loaded for such a batch only.
"""

from . import state as keys
from .reader import DATA

_COUNTERS = ((2, keys.EXPIRED), (3, keys.DROPPED), (4, keys.ESTIMATED))  # places in an entry of Window.pins


def count(window, entry, body):
    """`body` was accepted, and more of its pin is in the window."""
    ring = window.ring
    done = body.points
    if entry[2] or entry[3] or entry[4]:
        counts = _besides(window, body)
        done += counts[2] + counts[3]
        for place, key in _COUNTERS:
            ring.add(key, counts[place])
            entry[place] -= counts[place]
    ring.set(keys.DELIVERED, (ring.get(keys.DELIVERED) + done,))
    ring.set(keys.PART, (body.pin,) + body.after)
    entry[1] = None  # its bytes are to be measured
    ring.save()


def _besides(window, body):
    counts = [0] * 5
    times = window.times()
    reader = window.ring.reader(end=body.after)
    while reader.next():
        if reader.kind == DATA:
            time = times.of(reader)
            if body.pin in reader.chain.pins and reader.position >= body.first:
                if time is not None and time < window.cutoff or time == -1:
                    counts[3 if time < 0 else 2] += 1
                elif times.estimated:
                    counts[4] += 1
    return counts
