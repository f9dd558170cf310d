"""blocks.py FOLDER BOARD: copies FOLDER into an empty littlefs as BOARD mounts it, and tells the blocks that it takes.

Runs in MicroPython, on the simulated flash.
"""

import os
import sys

from flash import NorFlash, mount


def copy(source, target):
    os.mkdir(target)
    for entry in os.ilistdir(source):
        name = entry[0]
        if entry[1] == 0x4000:
            copy(source + "/" + name, target + "/" + name)
        else:
            with open(source + "/" + name, "rb") as f, open(target + "/" + name, "wb") as g:
                g.write(f.read())


def used():
    size = os.statvfs("/sim")
    return size[2] - size[3]


mount(NorFlash(352), "/sim", sys.argv[2])
os.mkdir("/sim/lib")
before = used()
copy(sys.argv[1], "/sim/lib/blynk_batch")
print("BLOCKS", used() - before)
