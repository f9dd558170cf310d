"""read.py COPY...: every frame of a ring as lines of JSON, read by the library's own code.

{"pin": 1, "ms": 1648054765458, "time": "clock", "value": 21.5, "state": "pending", "sector": 0, "offset": 34}
    time: clock, estimated, or unknown (ms is null then); state: pending, parked or delivered
{"rejected": 3, "status": 400, "points": [[ms, value]], "sector": 0, "offset": 200}
{"summary": {counters, what was damaged}}
"""

import json
import sys
import time

from blynk_batch.ring import record
from blynk_batch.clock.boots import Boots
from blynk_batch.clock.wall import SystemClock
from blynk_batch.ring.state import is_delivered
from blynk_batch.ring.sector import number_at
from blynk_batch.report import stats
from blynk_batch.ring.reader import DATA
from blynk_batch.clock.times import NEVER, Times
from rings import open_ring


def main(*copy):
    ring, _ = open_ring(*copy)
    summary = stats(ring, Boots(ring, SystemClock()))
    summary.update(walk(ring))
    summary["sectors"] = ring.newest + 1 - ring.oldest
    summary["capacity_bytes"] = ring.medium.slots * ring.medium.sector_bytes
    print(json.dumps({"summary": summary}))


def walk(ring):
    """Print all that is there, oldest first; what to say of the whole."""
    cursor = ring.cursor()[:2]
    times = Times(ring, int(time.time()) * 1000, "estimate")
    times.known = 0  # of what lies before the cursor nothing is known
    frames = 0
    reader = ring.reader((ring.oldest, 0, number_at(ring, ring.oldest) if ring.oldest else 0))
    while reader.next():
        frames += reader.kind != record.MARK
        position = reader.position
        if reader.kind == DATA:
            ms = times.of(reader)
            how = "unknown" if ms is None or ms == NEVER else "estimated" if times.estimated else "clock"
            texts = reader.values()
            for index in range(len(texts)):
                pin = reader.chain.pins[index]
                point = {"pin": pin, "ms": None if how == "unknown" else ms, "time": how}
                point["value"] = record.to_value(texts[index])
                point["state"] = state_of(ring, pin, position, cursor)
                point["sector"], point["offset"] = position
                print(json.dumps(point))
        elif reader.kind == record.REJECT:
            data = bytes(reader.payload())
            status = data[1] | data[2] << 8
            reject = {"rejected": data[0], "status": status, "points": json.loads(data[3:])}
            reject["sector"], reject["offset"] = position
            print(json.dumps(reject))
    return {"frames": frames, "unreadable_frames": reader.bad, "lost_here": reader.lost}


def state_of(ring, pin, position, cursor):
    if is_delivered(ring.state, pin, position):
        return "delivered"
    return "pending" if position >= cursor else "parked"


try:
    main(*sys.argv[1:])
except Exception as e:  # noqa: BLE001 - the host tells the user
    print("FAILED %s: %s" % (type(e).__name__, e))
    sys.exit(1)
