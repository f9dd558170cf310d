"""What a mark says of the page before it holds whatever a cut leaves: readings of one program stand or fall with it."""

from blynk_batch import BlockRing
from flash import NorFlash
from ring_checks import found

HEAP = "8m"
START_MS = 1648054765458


def log(ring, numbers):
    for number in numbers:
        ring.log(0, START_MS + number * 10000, b"\x01", [number])


def test_a_mark_counts_no_readings_that_were_torn_in_the_program_that_wrote_it():
    """`commit_every` has readings at a page's end and the next page's mark wait together."""
    for page_size in (1, 256):
        options = {"commit_every": 4, "page_size": page_size}
        base = NorFlash(4, page_size=page_size)
        ring = BlockRing(base, **options)
        number = pages = 0
        earlier = before = base.image()
        while pages < 4:
            earlier, before, page = before, base.image(), ring.page
            log(ring, range(number, number + 4))
            number += 4
            if page == ring.page or number < 8:
                continue
            pages += 1
            for byte in range(1, 64, 4):
                device = NorFlash(4, page_size=page_size, image=earlier)
                torn = BlockRing(device, **options)
                log(torn, range(number - 8, number - 4))
                device.cut_at(0, byte, "suffix", byte)
                try:
                    log(torn, range(number - 4, number))
                except OSError:
                    pass
                again = BlockRing(device.revive(), **options)
                there = found(again)
                assert there == list(range(len(there))) and again.pending == len(there), (byte, again.pending, there)
