"""SPI NOR flash (W25Q, GD25Q, MX25L, IS25LP and their like, up to 16 MB) as a MicroPython block device.

Each write is in the chip when the call returns: common drivers keep a sector in RAM, erase it and write it anew for
each change, which a power cut does not forgive and the chip's 100,000 erases do not last for. What was written is not
read back here: BlockRing and littlefs both do that.
"""

import errno
import time

from micropython import const

_PROGRAM, _READ, _STATUS, _ENABLE, _ERASE = const(0x02), const(0x03), const(0x05), const(0x06), const(0x20)
_ID, _WAKE = const(0x9F), const(0xAB)
_BUSY = const(0x01)
_BLOCK = const(4096)
_PAGE = const(256)
_TIMEOUT_MS = const(1000)  # the slowest erase in the datasheets takes 400


class NorFlash:
    """The chip on `spi` (a machine.SPI in mode 0) that `cs` selects (a machine.Pin, an output, high).

    OSError: ENODEV if no such chip answers, ETIMEDOUT if it stays busy or is not wired at all."""

    def __init__(self, spi, cs):
        self._spi = spi
        self._cs = cs
        self._byte = bytearray(1)
        self._command(_WAKE)
        time.sleep_us(50)
        self._wait()  # a reset may have come in the middle of an erase
        self.id = bytearray(3)
        self._command(_ID, into=self.id)
        if self.id[0] in (0x00, 0xFF) or not 16 <= self.id[2] <= 24:
            raise OSError(errno.ENODEV, "no SPI NOR flash of at most 16 MB answers, id %s" % self.id.hex())
        self._blocks = (1 << self.id[2]) // _BLOCK

    def readblocks(self, block, buf, offset=0):
        self._command(_READ, block * _BLOCK + offset, into=buf)

    def writeblocks(self, block, buf, offset=None):
        """Without an offset whole blocks, erased first; with one any length, clearing bits alone."""
        address = block * _BLOCK + (offset or 0)
        if offset is None:
            for at in range(0, len(buf), _BLOCK):
                self._change(_ERASE, address + at)
        view = memoryview(buf)
        done = 0
        while done < len(view):
            count = min(len(view) - done, _PAGE - (address + done) % _PAGE)
            self._change(_PROGRAM, address + done, view[done : done + count])
            done += count

    def ioctl(self, operation, argument):
        if operation == 4:
            return self._blocks
        if operation == 5:
            return _BLOCK
        if operation == 6:
            self._change(_ERASE, argument * _BLOCK)
        return 0

    def _change(self, command, address, data=None):
        self._command(_ENABLE)
        self._command(command, address, data)
        self._wait()

    def _is_busy(self):
        self._command(_STATUS, into=self._byte)
        return self._byte[0] & _BUSY

    def _wait(self):
        start = time.ticks_ms()
        while self._is_busy():
            if time.ticks_diff(time.ticks_ms(), start) > _TIMEOUT_MS:
                raise OSError(errno.ETIMEDOUT, "the flash stays busy, or none is wired to these pins")

    def _command(self, command, address=None, data=None, into=None):
        self._byte[0] = command
        self._cs(0)
        try:
            self._spi.write(self._byte)
            if address is not None:
                self._spi.write(address.to_bytes(3, "big"))
            if data is not None:
                self._spi.write(data)
            if into is not None:
                self._spi.readinto(into)
        finally:
            self._cs(1)
