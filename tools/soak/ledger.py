"""Does it add up? Every reading that the board logged, against the server's database, to the point.

The journal (see board.py) says what was logged; the database what arrived; the board's counters what became of the
rest. A torn reading, one that the power went in, may or may not have been kept.
"""

import json
from collections import Counter, defaultdict

KNOWN_MS = 0  # how far a time may be off that the board's clock gave
CHAINED_MS = 60000  # and one that was counted from there over sleeps
_POLICY = ("dropped", "rejected", "expired")


def key(pin, value):
    """A point's identity: each value of a pin is logged once. Floats as the board prints them."""
    return int(pin), json.dumps(value if isinstance(value, (str, bool)) else _rounded(value))


def _rounded(value):
    return [round(part, 4) for part in value] if isinstance(value, list) else round(float(value), 4)


class Journal:
    """What the board printed: `points` {key: (true ms, shown ms or None)} for sure, `torn` the same for maybe."""

    def __init__(self, lines):
        self.points, self.torn, self.stats = {}, {}, {}
        self.pending = set()
        self.full = self.accepted = self.cuts = self.cut_uploads = 0
        under_way = {}
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "log":
                serial, true_ms, shown, group = rest.split(" ", 3)
                times = (int(true_ms), None if shown == "-" else int(shown))
                under_way = {key(pin, value): times for pin, value in json.loads(group).items() if value is not None}
            elif word == "ok":
                self.points.update(under_way)
            elif word == "torn":
                self.torn.update(under_way)
                self.cuts += 1
            elif word == "full":
                self.full += len(under_way)
            elif word == "accepted":
                self.accepted += 1
            elif word == "cut":
                self.cut_uploads += 1
            elif word == "stats":
                name, value = rest.split(" ", 1)
                self.stats[name] = int(value) if value.lstrip("-").isdigit() else value
            elif word == "pending":
                pin, value = rest.split(" ", 1)
                self.pending.add(key(pin, json.loads(value)))


class Ledger:
    """`problems`: what does not add up, in words; empty if all does."""

    def __init__(self, journal, batches, points):
        """`batches` {id: (pin, reply lost)}; `points` [(batch, pin, ms, value)] in the order of arrival."""
        self.journal = journal
        self.problems = []
        self.arrived = defaultdict(list)  # key: [ms, ...]
        self.times_off = Counter()
        by_batch = defaultdict(list)
        for batch, pin, ms, value in points:
            by_batch[batch].append((key(pin, value), ms))
        self.duplicates = self.repeats = 0
        for batch in sorted(by_batch):
            self._take(batch, by_batch[batch])
        lost_replies = sum(bool(lost) for _, lost in batches.values())
        allowed = lost_replies + journal.cut_uploads
        unsure = len(by_batch) - journal.accepted
        if unsure > allowed:
            self._say("%d batches were stored and not taken for delivered, %d could", unsure, allowed)
        self._count()
        self._check_times()

    def _say(self, text, *values):
        self.problems.append(text % values)

    def _take(self, batch, points):
        known = [point for point, _ in points if point in self.arrived]
        if known:
            self.repeats += 1
            self.duplicates += len(known)
            if len(known) < len(points):
                self._say("batch %d repeats %d points beside %d new ones", batch, len(known), len(points) - len(known))
        for point, ms in points:
            self.arrived[point].append(ms)

    def _count(self):
        journal, stats = self.journal, self.journal.stats
        arrived = set(self.arrived)
        sure, torn = set(journal.points), set(journal.torn)
        strange = arrived - sure - torn
        if strange:
            self._say("%d points arrived that were never logged: %s", len(strange), sorted(strange)[:3])
        total = sum(stats[name] for name in ("uploaded", "pending", "corrupt") + _POLICY)
        if stats["logged"] != total:
            self._say("the board's own books: logged %d, all else %d", stats["logged"], total)
        if stats["corrupt"] or len(journal.pending) != stats["pending"]:
            self._say("corrupt %d, pending %d of %d", stats["corrupt"], len(journal.pending), stats["pending"])
        kept_torn = stats["logged"] - len(sure)
        torn_seen = len(torn & (arrived | journal.pending))
        if not torn_seen <= kept_torn <= len(torn):
            self._say("%d torn readings kept, %d seen of %d", kept_torn, torn_seen, len(torn))
        self.gone = len(sure - arrived - journal.pending) + kept_torn - torn_seen
        by_policy = sum(stats[name] for name in _POLICY)
        # What the server has though the board dropped it, or still holds it: its reply was lost.
        unknown = len(arrived) - stats["uploaded"] - len(arrived & journal.pending)
        if unknown < 0:
            self._say("%d points count as delivered and did not arrive", -unknown)
        if self.gone != by_policy - unknown:
            self._say("%d points are nowhere, %d by policy", self.gone, by_policy - unknown)

    def _check_times(self):
        for point, stamps in self.arrived.items():
            true_ms, shown = self.journal.points.get(point) or self.journal.torn.get(point) or (stamps[0], None)
            if len(set(stamps)) > 1:
                self._say("%s arrived with %d times", point, len(set(stamps)))
            if shown is not None and abs(stamps[0] - shown) > KNOWN_MS:
                self._say("%s was logged at %d and arrived with %d", point, shown, stamps[0])
            if shown is None and abs(stamps[0] - true_ms) > CHAINED_MS:
                self.times_off["unknown clock"] += 1
        off, estimated = self.times_off["unknown clock"], self.journal.stats["estimated"]
        if off > estimated:
            self._say("%d times are off, %d were estimated", off, estimated)
