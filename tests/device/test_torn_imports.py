"""Memory that runs out in the midst of an import: MicroPython keeps an entry without a module for it, and every later
import of that name fails. The library's own are made again."""

import sys

import blynk_batch
from flash import NorFlash
from stand_ins import FakeClock, FakeServer


def tear(*names):
    for name in names:
        sys.modules["blynk_batch." + name] = None


def client_of(**options):
    ring = blynk_batch.BlockRing(NorFlash(3), **options)
    return blynk_batch.Client("token", ring=ring, transport=FakeServer(), clock=FakeClock())


def test_what_an_upload_loads_is_loaded_again():
    client = client_of()
    client.log(1, 1)
    for name in ("upload", "upload.result", "upload.batch", "errors", "ring.reader"):
        tear(name)
        assert blynk_batch.load("upload.result", "Result")
    assert client.upload().uploaded == 1
    tear("report")
    assert client.stats()["uploaded"] == 1


def test_so_is_what_a_reading_loads_in_a_full_ring():
    client = client_of(overwrite=False)
    for _ in range(3):
        tear("ring.room", "ring.books")
        try:
            while True:
                client.log(1, 1)
        except blynk_batch.RingFull:
            pass
    client = client_of()
    while not client.stats()["dropped"]:
        tear("ring.room", "ring.books")
        client.log(1, 1)
