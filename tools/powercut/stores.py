"""What is cut: media to store on, and stores behind one small face. Readings are numbers counted from 0.

A store has  log(first, count)  durable on return;  ack(count)  deliver that many steps;  readings()  what is pending,
in order;  pending;  dropped  lost to overwriting, counted;  close(). The face reaches into the ring for the cursor,
nothing else; it knows nothing of cuts.
"""

from flash import NorFlash, SdCard, mount, umount

START_MS = 1648054765458
STEP_MS = 10000
CAPACITY = 3 * 4096
MEDIA = {
    "esp32": (lambda image: NorFlash(24, image=image), "esp32"),
    "rp2": (lambda image: NorFlash(24, page_size=256, image=image), "rp2"),
    "fat": (lambda image: SdCard(256, image=image), "fat"),
    "nor": (lambda image: NorFlash(4, image=image), None),
    "pages": (lambda image: NorFlash(4, page_size=256, image=image), None),
    "units": (lambda image: NorFlash(4, unit=16, image=image), None),
    "sd": (lambda image: SdCard(34, image=image), None),
}


def value_of(number, strings):
    return "reading %d" % number if strings else number


class RingStore:
    """The library's ring: FileRing on a mounted filesystem, BlockRing on a raw device."""

    def __init__(self, device, board, strings=False):
        self._strings = strings
        self._board = board
        if board:
            from blynk_batch.files import FileRing

            umount("/sim")  # a case that failed left it mounted
            mount(device, "/sim", board)
            self._ring = FileRing("/sim/readings", capacity_bytes=CAPACITY)
        else:
            from blynk_batch.block import BlockRing

            self._ring = BlockRing(device, unit=getattr(device, "unit", 1))

    def log(self, first, count):
        values = [value_of(number, self._strings) for number in range(first, first + count)]
        self._ring.log(0, START_MS + first * STEP_MS, bytes(range(count)), values)

    def readings(self):
        from blynk_batch.values import to_value

        found = []
        reader = self._ring.reader()
        while True:
            kind = reader.next()
            if not kind:
                return found
            if kind == 1:
                values = [to_value(text) for text in reader.values()]
                found.extend(self._judge(reader.chain.time, reader.chain.pins, values))

    def _judge(self, time, pins, values):
        """The readings' numbers; what disagrees with itself comes back as text, which no check accepts."""
        first = (time - START_MS) // STEP_MS
        right = [value_of(first + index, self._strings) for index in range(len(values))]
        if START_MS + first * STEP_MS != time or right != values or bytes(pins) != bytes(range(len(values))):
            return ["at %r pins %r values %r" % (time, pins, values)]
        return list(range(first, first + len(values)))

    def ack(self, count):
        from blynk_batch.ring import CURSOR

        reader = self._ring.reader()
        points = 0
        while points < count and reader.next():
            if reader.kind == 1:
                points += len(reader.chain.pins)
        number = reader.number + len(reader.chain.pins or b"") if points else reader.number
        while reader.next() and reader.kind != 1:
            pass
        self._ring.set(CURSOR, reader.position + (number,))
        self._ring.save(CURSOR)

    @property
    def sector(self):
        return self._ring.newest

    @property
    def pending(self):
        return self._ring.pending

    @property
    def dropped(self):
        from blynk_batch.ring import DROPPED

        return self._ring.get(DROPPED)

    def close(self):
        self._ring.close()
        self.leave()

    def leave(self):
        """Forget the store without a word to it, as a power cut does."""
        if self._board:
            umount("/sim")


class NaiveStore:
    """A store that loses data: records without a check, and a sector erased before its count is kept. The runner
    must catch it."""

    def __init__(self, device, board, strings=False):
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
        self.dropped = 0

    def log(self, first, count):
        for number in range(first, first + count):
            self._device.writeblocks(0, number.to_bytes(4, "little"), self._at)
            self._found.append(number)
            self._at += 4

    def readings(self):
        return self._found

    def ack(self, count):
        self._device.ioctl(6, 0)
        self._at = 0
        self._found = []

    @property
    def pending(self):
        return len(self._found)

    def close(self):
        pass

    leave = close


STORES = {"ring": RingStore, "naive": NaiveStore}
