"""blocks.py FOLDER BOARD: copies FOLDER into an empty littlefs as BOARD mounts it, and tells the blocks that it takes.

Runs in MicroPython, on the simulated flash.
"""

import os
import sys

from flash import NorFlash, copy_in, mount


def used():
    size = os.statvfs("/sim")
    return size[2] - size[3]


mount(NorFlash(352), "/sim", sys.argv[2])
os.mkdir("/sim/lib")
before = used()
copy_in(sys.argv[1], "/sim/lib/blynk_batch")
print("BLOCKS", used() - before)
