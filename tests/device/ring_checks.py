"""What tests of rings ask for: readings to log, what is found again, and an exception with its words."""

from blynk_batch import BlockRing
from blynk_batch.errors import WrongDevice
from blynk_batch.report import to_value

START_MS = 1648054765458


def log(ring, first, count):
    for number in range(first, first + count):
        ring.log(0, START_MS + number * 10000, b"\x01", [number])


def found(ring):
    numbers = []
    reader = ring.reader()
    while reader.next():
        if reader.kind == 1:
            (value,) = [to_value(text) for text in reader.values()]
            assert reader.chain.time == START_MS + value * 10000
            numbers.append(value)
    return numbers


def raises(kind, action, *args, **options):
    try:
        action(*args, **options)
    except kind as error:
        return str(error)
    raise AssertionError("no " + kind.__name__)


def refused(device, *words):
    before = device.image()
    text = raises(WrongDevice, BlockRing, device)
    assert device.image() == before, "changed"
    for word in words:
        assert word in text, text
    ring = BlockRing(device, format=True)
    log(ring, 0, 10)
    assert found(BlockRing(device)) == list(range(10))
    log(BlockRing(device, format=True), 10, 1)  # a ring that is there stays
    assert found(BlockRing(device)) == list(range(11))


def keeps_readings(device, **options):
    """Three sectors' worth of readings, over several openings."""
    at = 0
    for count in (1, 700, 1, 500):
        ring = BlockRing(device, **options)
        log(ring, at, count)
        at += count
        ring.close()
    ring = BlockRing(device, **options)
    assert found(ring) == list(range(at)) and ring.pending == at
    return ring
