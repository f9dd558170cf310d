"""A ring needs no more of a medium than media/__init__.py promises: here is one of a dict, with nothing behind it."""

from blynk_batch import media
from blynk_batch.ring.log import Ring
from blynk_batch.ring.state import DROPPED
from ring_checks import found, log

HEAP = "4m"


class Dict:
    """Sectors as the values of a dict, which a ring that is opened again finds as they are."""

    sector_bytes, slots, unit, burst = 4096, 4, 1, 4096
    skips = False
    place, remedy = "a dict", "forget it"

    def __init__(self, sectors=None):
        self.sectors = {} if sectors is None else sectors

    def span(self):
        return (min(self.sectors), max(self.sectors)) if self.sectors else None

    def read(self, sequence, offset, view):
        part = self.sectors.get(sequence, b"")[offset : offset + len(view)]
        view[:] = part + b"\xff" * (len(view) - len(part))

    def append(self, sequence, offset, data):
        before = self.sectors.get(sequence, b"")
        assert offset == len(before), "an append goes on where the bytes before end"
        self.sectors[sequence] = before + bytes(data)

    def begin(self, sequence):
        assert sequence not in self.sectors and len(self.sectors) < self.slots

    def end(self, sequence):
        return len(self.sectors[sequence])

    def seal(self, sequence, offset):
        assert offset <= self.sector_bytes

    def drop(self, sequence):
        self.sectors.pop(sequence, None)

    def slot(self, sequence):
        return 7

    def free_from(self, sequence):
        return sequence

    def oldest_from(self, sequence, newest):
        return min([there for there in self.sectors if there >= sequence])

    def give_spare(self):
        return False

    def close(self):
        pass


def opened(sectors):
    medium = Dict(sectors)
    return Ring(medium, medium.span())


def test_a_ring_works_on_what_the_interface_promises_and_no_more():
    sectors = {}
    for first, count in ((0, 1), (1, 900), (901, 1), (902, 3000)):
        ring = opened(sectors)
        log(ring, first, count)
        ring.close()
    again = opened(sectors)
    left = found(again)
    assert left == list(range(3902 - len(left), 3902)) and len(left) > 1000
    assert again.pending == len(left) and again.get(DROPPED) == 3902 - len(left)


def test_the_interface_names_all_that_a_ring_asks_of_a_medium():
    text = media.__doc__ if hasattr(media, "__doc__") else None
    for name in dir(Dict):
        if text and name[:1] != "_" and name != "span":
            assert name in text, name
