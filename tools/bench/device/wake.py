"""wake.py LIBRARY FORM ON WAKES: one deep-sleep cycle with the library itself in flash: import, open, log, close.

LIBRARY is a folder on the host with blynk_batch as FORM, py or mpy; it is copied into the flash first. What each step
reads, programs and erases there is the mean over several wakes. What it allocates, garbage included, is measured with
the ring in a folder of the host, since the simulated flash allocates too.
"""

import gc
import os
import sys

import micropython
from cells import cell
from devices import Place, fill
from flash import copy_in, mount, umount
from series import walk

STEPS = ("import", "open", "log", "close")


def forget():
    """As if the library had never been imported."""
    for name in list(sys.modules):
        if name.startswith("blynk_batch"):
            del sys.modules[name]


def cycle(folder, reading, seen):
    """Wake once; `seen(step)` is called after each."""
    import blynk_batch

    make_ring, make_client = blynk_batch.FileRing, blynk_batch.Client
    seen("import")
    client = make_client("bench", ring=make_ring(folder))
    seen("open")
    client.log_group(reading[1], timestamp=reading[0])
    seen("log")
    client.close()
    seen("close")


def flash_use(library, form, on, wakes):
    readings = walk()
    place = Place(on, "ours", 196608)  # a Pico W's flash has room for no larger one beside the sources
    fill(place, readings)
    place.store.client.close()
    device = place.device
    os.mkdir("/sim/lib")
    copy_in(library + "/blynk_batch", "/sim/lib/blynk_batch")
    sys.path.insert(0, "/sim/lib")
    sums = {}

    def seen(step):
        counters = (device.bytes_read, device.bytes_programmed, device.erases)
        sums[step] = [total + now for total, now in zip(sums.get(step, (0, 0, 0)), counters)]
        device.reset_counters()

    for _ in range(wakes):
        umount("/sim")
        forget()
        device.reset_counters()
        mount(device, "/sim", on, format=False)
        cycle("/sim/readings", next(readings), seen)
    what = "deep-sleep cycle as .%s, " % form
    for step in STEPS:
        cell(what + step + ": bytes read", on, "ours", sums[step][0] / wakes)
    for index, name in enumerate(("bytes read", "bytes programmed", "erases")):
        cell(what + "all: " + name, on, "ours", sum([sums[step][index] for step in STEPS]) / wakes)
    umount("/sim")
    sys.path.pop(0)


def allocations(library, form):
    readings = walk()
    sys.path.insert(0, library)
    cycle("ring", next(readings), lambda step: None)
    cycle("ring", next(readings), lambda step: None)
    forget()
    reading = next(readings)
    gc.collect()
    last = micropython.mem_total()
    used = {}

    def seen(step):
        nonlocal last
        used[step] = micropython.mem_total() - last
        last = micropython.mem_total()

    cycle("ring", reading, seen)
    for step in STEPS:
        cell("deep-sleep cycle as .%s, %s: bytes allocated" % (form, step), "", "ours", used[step])


allocations(sys.argv[1], sys.argv[2])
forget()
flash_use(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
