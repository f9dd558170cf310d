"""What the page asks the ledger: read-only SQL whose answers stay small however much is stored.

Charts are drawn from the smallest and largest number of each of a few hundred slices of time, straight from
an index that holds everything they need. Knows no HTTP.
"""

import heapq
import re
import statistics

from tools.sandbox.ledger import connect

_SAMPLE = 1000  # points from which the usual interval is told
_GAP_INTERVALS = 5
_DAY_MS = 86_400_000
_WORDS = 8  # of a search
_STRAYS = 100  # points, at each end of time, that can be called far away from all others


class Queries:
    """One read-only connection. Not thread-safe."""

    def __init__(self, path):
        self._db = connect(path, read_only=True)

    def _all(self, sql, *arguments):
        return [dict(row) for row in self._db.execute(sql, arguments)]

    def _one(self, sql, *arguments):
        return self._db.execute(sql, arguments).fetchone()

    def summary(self):
        """Totals, devices and pins, told from the batches alone."""
        totals = self._one(
            """SELECT count(*) AS requests, count(CASE WHEN points > 0 THEN 1 END) AS batches,
                      coalesce(sum(points), 0) AS points, coalesce(sum(duplicates), 0) AS duplicates,
                      coalesce(sum(bytes), 0) AS bytes,
                      count(CASE WHEN points = 0 OR status != 200 THEN 1 END) AS spoilt
               FROM requests"""
        )
        devices = self._all(
            """SELECT d.id, d.token, d.region, count(r.id) AS requests,
                      count(CASE WHEN r.points > 0 THEN 1 END) AS batches,
                      coalesce(sum(r.points), 0) AS points, coalesce(sum(r.duplicates), 0) AS duplicates,
                      max(r.arrived_ms) AS last_seen_ms
               FROM devices d LEFT JOIN requests r ON r.device = d.id GROUP BY d.id"""
        )
        pins = self._all(
            """SELECT device, pin, sum(points) AS points, min(first_ms) AS first_ms, max(last_ms) AS last_ms
               FROM batches GROUP BY device, pin ORDER BY device, pin"""
        )
        for pin in pins:
            pin["latest"] = self._latest(pin["device"], pin["pin"])
        return {"totals": dict(totals), "devices": devices, "pins": pins, "ranges": self._ranges(pins)}

    def _ranges(self, pins):
        """{device, or "" for all: usual_range() of its points}"""
        ends = {(pin["device"], pin["pin"]): self._ends(pin["device"], pin["pin"]) for pin in pins}
        ranges = {}
        for device in ["", *{pin["device"] for pin in pins}]:
            lows, highs = [], []
            for (owner, _), (low, high) in ends.items():
                if device in ("", owner):
                    lows += low
                    highs += high
            count = sum(pin["points"] for pin in pins if device in ("", pin["device"]))
            if count:
                ranges[device] = usual_range(lows, highs, count)
        return ranges

    def _ends(self, device, pin):
        """The earliest and the latest timestamps, as far as strays are looked for."""
        query = "SELECT ms FROM points WHERE device = ? AND pin = ? ORDER BY ms %s LIMIT ?"
        orders = ("ASC", "DESC")
        return [[row[0] for row in self._db.execute(query % order, (device, pin, _STRAYS + 1))] for order in orders]

    def _latest(self, device, pin):
        return self._one(
            "SELECT value FROM points WHERE device = ? AND pin = ? ORDER BY ms DESC, id DESC LIMIT 1", device, pin
        )[0]

    def series(self, device, pin, first_ms, last_ms, slices):
        """One pin's chart between two instants: {"ms": [], "low": [], "high": [], "gaps": [[from, to], ...]}.

        Single points where they are few (then low and high are equal), else one entry per slice of time. Where
        the device was silent for long there is a gap, with None between its ends.
        """
        sampled = self._sample(device, pin, first_ms, last_ms, 2 * slices)
        if len(sampled) <= 2 * slices:
            width, entries = 0, [(ms, number, number) for ms, number in sampled]
        else:
            width = (last_ms - first_ms) // slices + 1
            entries = self._slices(device, pin, first_ms, last_ms, width)
        longest = max(_GAP_INTERVALS * self._usual_interval(device, pin, first_ms, last_ms), 1.5 * width)
        return _with_gaps(entries, longest, width)

    def _sample(self, device, pin, first_ms, last_ms, size):
        return self._db.execute(
            """SELECT ms, number FROM points WHERE device = ? AND pin = ? AND ms BETWEEN ? AND ?
               AND number IS NOT NULL ORDER BY ms LIMIT ?""",
            (device, pin, first_ms, last_ms, size + 1),
        ).fetchall()

    def _slices(self, device, pin, first_ms, last_ms, width):
        """(middle of the slice, lowest, highest); empty slices are left out."""
        rows = self._db.execute(
            """WITH RECURSIVE slice (start) AS (
                   SELECT :first UNION ALL SELECT start + :width FROM slice WHERE start + :width <= :last)
               SELECT start + :width / 2,
                   (SELECT min(number) FROM points WHERE device = :device AND pin = :pin
                    AND ms >= start AND ms < min(start + :width, :last + 1)),
                   (SELECT max(number) FROM points WHERE device = :device AND pin = :pin
                    AND ms >= start AND ms < min(start + :width, :last + 1))
               FROM slice""",
            {"first": first_ms, "last": last_ms, "width": width, "device": device, "pin": pin},
        )
        return [tuple(row) for row in rows if row[1] is not None]

    def _usual_interval(self, device, pin, first_ms, last_ms):
        """The median distance of the latest points, in milliseconds."""
        rows = self._db.execute(
            "SELECT ms FROM points WHERE device = ? AND pin = ? AND ms BETWEEN ? AND ? ORDER BY ms DESC LIMIT ?",
            (device, pin, first_ms, last_ms, _SAMPLE),
        ).fetchall()
        steps = [later[0] - earlier[0] for later, earlier in zip(rows, rows[1:]) if later[0] > earlier[0]]
        return statistics.median(steps) if steps else 0

    def texts(self, device, pin, first_ms, last_ms, size=50):
        """The latest values between two instants of a pin whose values are no numbers."""
        return self._all(
            """SELECT ms, value FROM points WHERE device = ? AND pin = ? AND ms BETWEEN ? AND ?
               ORDER BY ms DESC, id DESC LIMIT ?""",
            device, pin, first_ms, last_ms, size,
        )  # fmt: skip

    def requests(self, before=None, size=100, device=None, pin=None, kind="all", until=None, find=""):
        """The latest requests, newest first; `before`: older than this id; `until`: arrived by then, in ms. `kind`:
        all, stored, or refused (or spoilt on the way). `find`: words, each a pin or a part of the token, the reply or
        the fault."""
        wanted = {"id < ?": before, "device = ?": device, "pin = ?": pin, "arrived_ms <= ?": until}
        clauses = [clause for clause, value in wanted.items() if value is not None]
        clauses += {"stored": ["points > 0"], "refused": ["(points = 0 OR status != 200)"]}.get(kind, [])
        values = [value for value in wanted.values() if value is not None]
        for word in find.split()[:_WORDS]:
            if re.fullmatch("[vV][0-9]{1,3}", word):
                clauses.append("pin = ?")
                values.append(int(word[1:]))
            else:
                clauses.append("instr(lower(status || ' ' || message || ' ' || fault || ' ' || token), ?)")
                values.append(word.lower())
        where = " WHERE " + " AND ".join(clauses) if clauses else ""
        return self._all("SELECT * FROM requests%s ORDER BY id DESC LIMIT ?" % where, *values, size)

    def export_points(self, device=None, pin=None):
        """Every point in the order of arrival, as a cursor: batch, arrived_ms, token, pin, ms, value."""
        return self._db.execute(
            """SELECT p.batch, r.arrived_ms, r.token, p.pin, p.ms, p.value
               FROM points p JOIN requests r ON r.id = p.batch
               WHERE (:device IS NULL OR p.device = :device) AND (:pin IS NULL OR p.pin = :pin) ORDER BY p.id""",
            {"device": device, "pin": pin},
        )

    def export_requests(self):
        """Every request in the order of arrival, as a cursor."""
        return self._db.execute(
            """SELECT id, arrived_ms, token, pin, region, bytes, status, message, fault, points, duplicates,
                      first_ms, last_ms FROM requests ORDER BY id"""
        )


def usual_range(lows, highs, count):
    """{from, to, outside}: the time that almost all of `count` points cover, and how many are outside it.

    `lows`, `highs`: the earliest and latest timestamps. Outside is what lies further from all the others than ten times
    what these cover, and a day; at each end at most one point in twenty, or one.
    """
    few = min(_STRAYS, max(1, count // 20)) if count > 2 else 0
    lows, highs = heapq.nsmallest(few + 1, lows), heapq.nlargest(few + 1, highs)
    inner = few if count > 3 else 0  # what the others cover is judged without the other end's strays
    early = _strays(lows, highs[inner])
    late = _strays([-ms for ms in highs], -lows[inner])
    return {"from": lows[early], "to": highs[late], "outside": early + late}


def _strays(times, end):
    """How many of the first of `times` lie far before all that comes until `end`."""
    for number in range(len(times) - 1, 0, -1):
        if times[number] - times[number - 1] > 10 * max(0, end - times[number]) + _DAY_MS:
            return number
    return 0


def _with_gaps(entries, longest, width):
    ms, low, high, gaps = [], [], [], []
    for instant, lowest, highest in entries:
        if ms and longest and instant - ms[-1] > longest:
            gaps.append([ms[-1] + width // 2, instant - width // 2])
            ms.append((ms[-1] + instant) // 2)
            low.append(None)
            high.append(None)
        ms.append(instant)
        low.append(lowest)
        high.append(highest)
    return {"ms": ms, "low": low, "high": high, "gaps": gaps, "slice_ms": width}
