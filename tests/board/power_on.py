"""Starts a program as a board does: littlefs on a simulated chip becomes "/", and main.py on it runs.

    power_on.py PORT IMAGE FOLDER WIRING

PORT      "esp32" or "rp2": whose chip and whose mount parameters
IMAGE     file that holds the chip's bytes from one start to the next
FOLDER    its files are copied to "/" first, as an installation does
WIRING    a script that wires up the stand-ins (machine, network, ...); `part(make, path)` gives it a device whose
          image is kept as well: `make(image or None)` builds it

The program ends by Ctrl-C (KeyboardInterrupt), which the stand-ins raise when their script is over; the chips keep
what they hold at that moment, as if the power went. What is not the board's own lies under /host.
"""

import os
import sys

HOST = "/host"
BLOCKS = 64
_parts = []


def part(make, path):
    """The device that `make` builds on what `path` holds; saved there at the end."""
    path = HOST + path
    try:
        with open(path, "rb") as f:
            image = f.read()
    except OSError:
        image = None
    device = make(image)
    _parts.append((device, path))
    return device


def _leave_the_host():
    """The host's files move to /host, so that "/" is free for the board's."""
    os.mount(os.VfsPosix("/"), HOST)
    os.umount("/")
    sys.path[:] = [""] + [HOST + path if path.startswith("/") else path for path in sys.path]


def _install(folder):
    for name in os.listdir(HOST + folder):
        with open("%s%s/%s" % (HOST, folder, name), "rb") as source, open("/" + name, "wb") as target:
            target.write(source.read())


class Sys:
    """The module, of another platform."""

    def __init__(self, port):
        self.platform = port

    def __getattr__(self, name):
        return getattr(sys, name)

    def install(self):
        sys.modules["sys"] = sys.modules["usys"] = self  # bundles ask for the second


def main(port, image, folder, wiring):
    _leave_the_host()
    Sys(port).install()
    import flash

    page_size = 256 if port == "rp2" else 1
    chip = part(lambda data: flash.NorFlash(BLOCKS, page_size=page_size, image=data), image)
    flash.mount(chip, "/", port)
    os.chdir("/")
    _install(folder)
    try:
        with open(HOST + wiring) as f:
            exec(f.read(), {"part": part, "chip": chip})
        __import__("main")
        print("main.py ended")
    except KeyboardInterrupt:
        print("Ctrl-C")
    finally:
        for device, path in _parts:
            device.save(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
