"""Stores behind one small face, for the cuts. Readings are numbers counted from 0.

A store has  log(first, count)  one frame, durable on return, False if it was refused;  ack(count)  note that many as
delivered;  clear();  readings()  what is pending, in order;  pending;  dropped  lost to overwriting, counted;  sector
the newest one's number;  check(there)  raises unless invariants.py holds with so many readings there;  close();
leave()  forget it, as a power cut does. Where a store reaches into the ring it is for the cursor and the counters only.
Knows nothing of cuts.
"""

import invariants
from workloads import TEXT, WIDE

START_MS = 1648054765458
STEP_MS = 10000


def value_of(number, kinds):
    """What is logged as reading `number`: `kinds` has a byte for each, plain numbers behind its end."""
    kind = kinds[number] if number < len(kinds) else 0
    if kind == TEXT:
        return "reading %d" % number
    if kind == WIDE:
        return "reading %d %s" % (number, "0123456789abcdef" * 8)
    return number


class RingStore:
    """The library's ring as it is, without a client."""

    def __init__(self, medium, device, workload, kinds, server):
        self._kinds = kinds
        self._medium = medium
        self._ring = medium.open(device, workload.overwrite)

    def log(self, first, count):
        from blynk_batch.errors import RingFull

        values = [value_of(number, self._kinds) for number in range(first, first + count)]
        try:
            self._ring.log(0, START_MS + first * STEP_MS, bytes(range(count)), values)
        except RingFull:
            return False
        return True

    def readings(self):
        """Most are frames of one plain number; a look at those is short, as the power cuts look at millions."""
        from blynk_batch.report import to_value

        found, kinds = [], self._kinds
        reader = self._ring.reader()
        chain = reader.chain
        while True:
            kind = reader.next()
            if not kind:
                return found
            if kind == 1:
                values, time = reader.values(), chain.time
                first = (time - START_MS) // STEP_MS
                is_plain = (first >= len(kinds) or not kinds[first]) and chain.pins == b"\0"
                if is_plain and values == [b"%d" % first] and time == START_MS + first * STEP_MS:
                    found.append(first)
                else:
                    found.extend(self._judge(time, chain.pins, [to_value(text) for text in values]))

    def _judge(self, time, pins, values):
        """The readings' numbers; what disagrees with itself comes back as text, which no check accepts."""
        first = (time - START_MS) // STEP_MS
        right = [value_of(first + index, self._kinds) for index in range(len(values))]
        if START_MS + first * STEP_MS != time or right != values or bytes(pins) != bytes(range(len(values))):
            return ["at %r pins %r values %r" % (time, pins, values)]
        return list(range(first, first + len(values)))

    def ack(self, count):
        from blynk_batch.ring.state import CURSOR, UPLOADED

        reader = self._ring.reader()
        points = 0
        number = reader.number
        while points < count and reader.next():
            if reader.kind == 1:
                points += len(reader.chain.pins)
                number = reader.number + len(reader.chain.pins)
        while reader.next() and reader.kind != 1:
            pass
        self._ring.add(UPLOADED, number - self._ring.cursor()[2])
        self._ring.set(CURSOR, reader.position + (number,))
        self._ring.save()

    def check(self, there):
        """Raises what invariants.py raises."""
        invariants.check(self._ring, there)

    def drain(self):
        """Deliver all. The numbers that went out, or None where it is but the cursor that moves."""
        self.ack(self.pending)

    def clear(self):
        self._ring.clear()

    @property
    def sector(self):
        return self._ring.newest

    @property
    def pending(self):
        return self._ring.pending

    @property
    def dropped(self):
        from blynk_batch.ring.state import DROPPED

        return self._ring.get(DROPPED)

    def close(self):
        self._ring.close()
        self.leave()

    def leave(self):
        self._medium.leave(self._ring)


class NaiveStore:
    """A store that loses data: records without a check, and a sector erased before its count is kept. The runner
    must catch it."""

    dropped = 0
    sector = 0

    def __init__(self, medium, device, workload, kinds, server):
        self._device = device
        self._found = []
        self._at = 0
        buf = bytearray(4)
        while self._at < 4096:
            device.readblocks(0, buf, self._at)
            if buf == b"\xff\xff\xff\xff":
                break
            self._found.append(int.from_bytes(buf, "little"))
            self._at += 4

    def log(self, first, count):
        for number in range(first, first + count):
            self._device.writeblocks(0, number.to_bytes(4, "little"), self._at)
            self._found.append(number)
            self._at += 4
        return True

    def readings(self):
        return list(self._found)

    def check(self, there):
        pass

    def ack(self, count):
        self._device.ioctl(6, 0)
        self._at = 0
        self._found = []

    def drain(self):
        self.ack(self.pending)

    @property
    def pending(self):
        return len(self._found)

    def close(self):
        pass

    leave = close
