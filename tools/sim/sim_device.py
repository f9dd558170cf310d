"""What every simulated block device has: an image, counters, a journal of its changes, bits that waver, and death.

A device that died raises OSError for ever, since a driver that works again after an error lets finalisers commit
garbage: go on with a new device on a copy of the image. Runs on MicroPython and CPython.
Knows nothing of chips, rings or of what the bytes mean.
"""

import random

from tear import apply, tear

EIO = 5
EINVAL = 22
PAGE_US = 400
_PAGE = 256


def in_finaliser():
    """True while MicroPython collects: it closes files that nobody closed, and what they ask for comes too late."""
    try:
        return not bytearray(1)
    except MemoryError:
        return True


class Device:
    """What all devices share: the image, counters, the journal, and death.

    weak      {address: bits} that read either way: what a cut can leave, see tear.py
    collects  True where files may be left open on a living device: what a finaliser asks for then is passed over, as
              it always is by a dead one
    journal   None, or a list that gets (operation, address, resulting bytes) of each completed change
    counters  erases, programs, reads, bytes_programmed, bytes_read, time_us, block_erases[block], operations
    """

    def __init__(self, blocks, block_size, image=None):
        self.blocks = blocks
        self.block_size = block_size
        self.data = bytearray(b"\xff" * (blocks * block_size)) if image is None else bytearray(image)
        if len(self.data) != blocks * block_size:
            raise ValueError("image of %d bytes, device of %d" % (len(self.data), blocks * block_size))
        self._view = memoryview(self.data)
        self._size = len(self.data)
        self.journal = None
        self.weak = {}
        self.dead = False
        self.is_replaced = False  # died, and revived: nobody but files that are still to be closed asks it anything
        self.collects = False
        self._cut = None
        self.reset_counters()

    def reset_counters(self):
        self.erases = self.programs = self.reads = self.operations = 0
        self.bytes_programmed = self.bytes_read = self.time_us = 0
        self.block_erases = [0] * self.blocks

    def cut_at(self, operation, byte=0, mode="prefix", seed=0):
        """Die in the `operation`-th change from now (0: the next one), after `byte` of its bytes."""
        self._cut = (self.operations + operation, byte, mode, seed)

    def image(self):
        """A copy of the bytes, for a new device."""
        return bytes(self.data)

    def save(self, path):
        with open(path, "wb") as f:
            f.write(self.data)

    def _is_gone(self):
        """OSError from a device that died; True, without one, for a file that is closed when it is collected, or once
        another took the device's place: an exception would jump over littlefs, which then walks through that file's
        bytes when the next is closed."""
        if self.is_replaced or in_finaliser():
            return True
        if self.dead:
            raise OSError(EIO)
        return False

    def _span(self, block, size, offset):
        address = block * self.block_size + offset
        if block < 0 or offset < 0 or address + size > len(self.data):
            raise OSError(EINVAL)
        return address

    def _change(self, operation, address, new):
        """Make the change, or as much of it as the power lasts for."""
        if self._cut and self._cut[0] == self.operations:
            tear(self.data, self.weak, (operation, address, new), *self._cut[1:])
            self.dead = True
            raise OSError(EIO)
        self.operations += 1
        apply(self.data, self.weak, (operation, address, new))
        if self.journal is not None:
            self.journal.append((operation, address, bytes(new)))

    def readblocks(self, block, buf, offset=0):
        """In few steps: littlefs reads thousands of times for each file that it opens."""
        if (self.dead or self.collects) and self._is_gone():
            return
        size = len(buf)
        address = block * self.block_size + offset
        if block < 0 or offset < 0 or address + size > self._size:
            raise OSError(EINVAL)
        self.reads += 1
        self.bytes_read += size
        buf[:] = self._view[address : address + size]
        if self.weak:
            self._waver(address, buf)

    def _waver(self, address, buf):
        for at in self.weak:
            if address <= at < address + len(buf):
                buf[at - address] ^= random.getrandbits(8) & self.weak[at]

    def _count_program(self, size):
        self.programs += 1
        self.bytes_programmed += size
        self.time_us += -(-size // _PAGE) * PAGE_US

    def ioctl(self, operation, argument):
        if self._is_gone():
            return 0
        if operation == 4:
            return self.blocks
        if operation == 5:
            return self.block_size
        return 0
