"""read.py COPY...: every frame of a ring as lines of JSON, read by the library's own code.

{"pin": 1, "ms": 1648054765458, "time": "clock", "value": 21.5, "state": "pending", "sector": 0, "offset": 34}
    time: clock, estimated, or unknown (ms is null then); state: pending, held, delivered or unreadable
{"summary": {counters, what was damaged}}
"""

import json
import sys
import time

from blynk_batch.ring import record, state as keys
from blynk_batch.clock.boots import Boots
from blynk_batch.clock.wall import SystemClock
from blynk_batch.ring.books import standing
from blynk_batch.ring.sector import number_at
from blynk_batch.report import stats
from blynk_batch.ring.reader import DATA
from blynk_batch.clock.times import NEVER, Times
from blynk_batch.upload.counting import text_bytes
from rings import in_words, open_ring


def main(*copy):
    ring, _ = open_ring(*copy)
    summary = stats(ring, Boots(ring, SystemClock()))
    summary.update(walk(ring))
    summary["sectors"] = ring.newest + 1 - ring.oldest
    summary["capacity_bytes"] = ring.medium.slots * ring.medium.sector_bytes
    summary["words"] = ring.state.get(keys.WORDS, b"").decode()
    print(json.dumps({"summary": summary}))


def walk(ring):
    """Print all that is there, oldest first; what to say of the whole."""
    times = Times(ring, int(time.time()) * 1000, "estimate")
    times.known = 0  # of what lies before the cursor nothing is known
    frames = left = held = 0
    reader = ring.reader((ring.oldest, 0, number_at(ring, ring.oldest) if ring.oldest else 0))
    while reader.next():
        frames += reader.kind != record.MARK
        position = reader.position
        if reader.kind == DATA:
            ms = times.of(reader)
            how = "unknown" if ms is None or ms == NEVER else "estimated" if times.estimated else "clock"
            texts = [text_bytes(text) for text in reader.values()]
            for index in range(len(texts)):
                pin, text = reader.chain.pins[index], texts[index]
                point = {"pin": pin, "ms": None if how == "unknown" else ms, "time": how}
                point["state"] = state_of(ring, pin, position) if text else "unreadable"
                point["sector"], point["offset"] = position
                left += point["state"] in ("pending", "held")
                held += point["state"] == "held"
                # As a number's text is stored: this machine may print another digit than it reads.
                print('{"value": %s, %s' % (str(text or b"null", "utf-8"), json.dumps(point)[1:]))
    lost = max(reader.lost, ring.pending - left)  # where the first header is damaged, only the books tell
    return {"frames": frames, "pending": left, "held": held, "unreadable_frames": reader.bad, "lost_here": lost}


def state_of(ring, pin, position):
    return standing(ring.state, pin, position) or "delivered"


try:
    main(*sys.argv[1:])
except Exception as e:  # noqa: BLE001 - the host tells the user
    print("FAILED", in_words(e))
    sys.exit(1)
