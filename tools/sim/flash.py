"""Simulated flash: block devices over a bytearray that obey the chip's rules, count, and can die half-way.

NorFlash  programs clear bits only, erases set a block to 0xFF; options for 256-byte pages (rp2.Flash), write-once
          units (flash encryption), overwritable bytes (FRAM), drivers that do not erase, and failing blocks.
SdCard    512-byte blocks, simple protocol only; a torn write leaves a mixed or a garbage block.
Cached    a driver in front of either that keeps one block in RAM until ioctl(3).
mount()   a filesystem on any of them, with the parameters that boards use at boot; copy_in() puts modules into it.

Runs on MicroPython; all but those two also on CPython. Knows nothing of rings or of what the bytes mean; sim_device.py
has what all of them share.
"""

from sim_device import EINVAL, EIO, Device

ERASE_US = 45000


class RuleBroken(AssertionError):
    """The caller did what the chip cannot do; names the address."""


def _and(a, b):
    both = int.from_bytes(a, "little") & int.from_bytes(b, "little")
    return both.to_bytes(len(a), "little")


class NorFlash(Device):
    """NOR flash with the extended block protocol.

    page_size      256: programs are whole pages at page offsets, else OSError as rp2 does
    unit           16: write-once units, programmed whole and once per erase
    overwritable   FRAM or EEPROM: bytes change either way, an erase does nothing
    ioctl_erases   False: a driver whose ioctl(6) does nothing
    bad            {block: "erase" | "program" | "wrong"}: it fails with OSError, or reads back wrong
    """

    def __init__(
        self, blocks, block_size=4096, page_size=1, unit=1, image=None, overwritable=False, ioctl_erases=True, bad=None
    ):
        super().__init__(blocks, block_size, image)
        self.page_size = page_size
        self.unit = unit
        self.overwritable = overwritable
        self.ioctl_erases = ioctl_erases and not overwritable
        self.bad = bad or {}
        self._used = bytearray(len(self.data) // unit) if unit > 1 else None
        if self._used and image is not None:
            self._find_used()

    def _find_used(self):
        """The units that are not blank. Most of a device is: a page that is blank needs no look at its units."""
        unit, blank = self.unit, b"\xff" * self.unit
        page = 32 * unit
        blank_page = blank * 32
        for at in range(0, len(self.data), page):
            if self.data[at : at + page] != blank_page:
                for start in range(at, min(at + page, len(self.data)), unit):
                    self._used[start // unit] = self.data[start : start + unit] != blank

    def revive(self):
        """A new device with this one's options on a copy of its image."""
        options = self.page_size, self.unit, self.data, self.overwritable, self.ioctl_erases, self.bad
        device = NorFlash(self.blocks, self.block_size, *options)
        device.weak = dict(self.weak)
        self.is_replaced = self.dead
        return device

    def writeblocks(self, block, buf, offset=None):
        if self._is_gone():
            return
        if offset is None:
            if len(buf) % self.block_size:
                raise OSError(EINVAL)
            self._span(block, len(buf), 0)
            if not self.overwritable:
                for index in range(block, block + len(buf) // self.block_size):
                    self._erase(index)
            offset = 0
        size = len(buf)
        address = self._span(block, size, offset)
        if address % self.page_size or size % self.page_size:
            raise OSError(EINVAL)
        self._program(address, buf)

    def _program(self, address, buf):
        size = len(buf)
        old = self.data[address : address + size]
        new = bytes(buf) if self.overwritable else _and(old, buf)
        if new != buf:
            self._check_bits(address, old, buf)
        if self._used:
            self._use_units(address, size)
        flaw = self.bad.get(address // self.block_size)
        if flaw == "program":
            raise OSError(EIO)
        if flaw == "wrong" and size:
            new = new[:-1] + bytes([new[-1] & 0x7E])
        self._count_program(size)
        self._change("write" if self.overwritable else "program", address, new)

    @staticmethod
    def _check_bits(address, old, buf):
        for index in range(len(old)):
            byte = buf[index]
            if byte != 0xFF and byte & ~old[index]:
                raise RuleBroken("program at 0x%x sets bits: 0x%02x over 0x%02x" % (address + index, byte, old[index]))

    def _use_units(self, address, size):
        if address % self.unit or size % self.unit:
            raise RuleBroken("program at 0x%x of %d bytes: units of %d" % (address, size, self.unit))
        first, last = address // self.unit, (address + size) // self.unit
        for index in range(first, last):
            if self._used[index]:
                raise RuleBroken("unit at 0x%x programmed twice" % (index * self.unit))
        self._used[first:last] = b"\x01" * (last - first)

    def _erase(self, block):
        if not 0 <= block < self.blocks:
            raise OSError(EINVAL)
        if self.bad.get(block) == "erase":
            raise OSError(EIO)
        self.erases += 1
        self.block_erases[block] += 1
        self.time_us += ERASE_US
        address = block * self.block_size
        if self._used:
            per_block = self.block_size // self.unit
            self._used[block * per_block : (block + 1) * per_block] = bytes(per_block)
        self._change("erase", address, b"\xff" * self.block_size)

    def ioctl(self, operation, argument):
        if operation == 6:
            if not self._is_gone() and self.ioctl_erases:
                self._erase(argument)
            return 0
        return super().ioctl(operation, argument)


class SdCard(Device):
    """An SD card: 512-byte blocks, whole-block writes only; offset writes are a TypeError."""

    def __init__(self, blocks, image=None):
        super().__init__(blocks, 512, image)

    def revive(self):
        self.is_replaced = self.dead
        return SdCard(self.blocks, self.data)

    def readblocks(self, block, buf):
        if len(buf) % self.block_size:
            raise OSError(EINVAL)
        super().readblocks(block, buf)

    def writeblocks(self, block, buf):
        if self._is_gone():
            return
        if len(buf) % self.block_size:
            raise OSError(EINVAL)
        address = self._span(block, len(buf), 0)
        self._count_program(len(buf))
        self._change("write", address, buf)


class Cached:
    """A driver that keeps the block last written in RAM and writes it back at ioctl(3) or when another is touched."""

    def __init__(self, device):
        self.device = device
        self._block = None
        self._data = bytearray(device.block_size)

    def _load(self, block):
        if self._block != block:
            self._write_back()
            self.device.readblocks(block, self._data)
            self._block = block

    def _write_back(self):
        block, self._block = self._block, None
        if block is not None:
            self.device.writeblocks(block, self._data)

    def readblocks(self, block, buf, offset=0):
        """What is held comes from RAM: reading it back proves nothing of the device."""
        if offset:
            self.device.readblocks(block, buf, offset)
        else:
            self.device.readblocks(block, buf)
        if self._block is not None:
            size = self.device.block_size
            start = (self._block - block) * size - offset  # of that block in `buf`
            first, last = max(0, start), min(len(buf), start + size)
            if first < last:
                buf[first:last] = self._data[first - start : last - start]

    def writeblocks(self, block, buf, offset=0):
        size = self.device.block_size
        at = 0
        while at < len(buf):
            position = block * size + offset + at
            self._load(position // size)
            start = position % size
            count = min(size - start, len(buf) - at)
            self._data[start : start + count] = buf[at : at + count]
            at += count

    def ioctl(self, operation, argument):
        if operation == 3:
            self._write_back()
        elif operation == 6:
            return 0
        return self.device.ioctl(operation, argument)


def load(path, make):
    """A device on the image saved at `path`: `make(image)` builds it."""
    with open(path, "rb") as f:
        return make(f.read())


def mount(device, path, board="esp32", format=True):
    """Mount `device` at `path` as `board` does at boot: littlefs "esp32" or "rp2", or "fat"; formats a blank one."""
    import os

    if board == "fat":
        kind, options = os.VfsFat, {}
        device.collects = True
    elif board == "esp32":
        kind, options = os.VfsLfs2, {"readsize": 32, "progsize": 32, "lookahead": 32}
    else:
        kind, options = os.VfsLfs2, {"progsize": 256}
    try:
        vfs = kind(device, **options)
        os.mount(vfs, path)
    except OSError:
        if not format or device.dead:
            raise
        kind.mkfs(device, **options)
        vfs = kind(device, **options)
        os.mount(vfs, path)
    return vfs


def umount(path):
    """Unmount; also after the device died, when only the name is left to give back."""
    import os

    try:
        os.umount(path)
    except OSError:
        pass


def copy_in(source, target):
    """Copy a folder of the host with the modules in it, compiled or not, to one that is not there yet."""
    import os

    os.mkdir(target)
    for entry in os.ilistdir(source):
        name = entry[0]
        if entry[1] == 0x4000 and name != "__pycache__":
            copy_in(source + "/" + name, target + "/" + name)
        elif name.endswith(".py") or name.endswith(".mpy"):
            with open(source + "/" + name, "rb") as f, open(target + "/" + name, "wb") as g:
                g.write(f.read())
