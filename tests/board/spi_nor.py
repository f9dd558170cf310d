"""A simulated SPI NOR chip: speaks the command set that W25Q, GD25Q and MX25L share, over tools/sim/flash.py.

As on the real part, a program wraps around in its 256-byte page, needs a write enable before each time, goes on by
itself after the chip is let go, and until it is done the chip hears nothing but the status command. The rules of
programming and erasing are NorFlash's: setting a bit without an erase is a RuleBroken.
"""

from flash import NorFlash, RuleBroken

BLOCK = 4096
_PAGE = 256
_CAPACITY = 17  # log2 of the bytes
_BUSY, _ENABLED = 1, 2


class Chip:
    """128 KiB.

    maker       the first byte of the id
    busy_polls  how often the status says busy after a program or an erase; None: for ever
    protected   programs and erases are silently ignored, as with the block protect bits set
    asleep      in deep power-down, as left by an earlier program, until it is released
    busy        polls for which it still is at the start, since the reset came in the middle of an erase

    A real chip ignores a command while it is busy, and a change without a write enable; here both are RuleBroken.
    """

    def __init__(self, image=None, maker=0xEF, busy_polls=3, protected=False, asleep=False, busy=0):
        self.flash = NorFlash((1 << _CAPACITY) // BLOCK, image=image)
        self.id = bytes((maker, 0x40, _CAPACITY))
        self.busy_polls, self.protected, self.asleep = busy_polls, protected, asleep
        self.selected = False
        self._polls = busy  # left until it is no longer busy
        self._enabled = False
        self._sent = b""
        self._read = 0

    def save(self, path):
        self.flash.save(path)

    def select(self, selected):
        if self.selected and not selected:
            self._carry_out(self._sent)
        self.selected = selected
        self._sent, self._read = b"", 0

    def write(self, data):
        assert not self._read, "a command within the answer to another"
        self._sent += bytes(data)

    def readinto(self, view):
        command = self._sent[0]
        if self.asleep:
            return
        if command == 0x05:
            for at in range(len(view)):
                view[at] = self._status()
        elif self._busy():
            self._complain(command)
        elif command == 0x9F:
            view[:] = self.id[: len(view)]
        elif command == 0x03:
            assert len(self._sent) == 4
            address = (self._address(self._sent) + self._read) % len(self.flash.data)
            self.flash.readblocks(address // BLOCK, view, address % BLOCK)
            self._read += len(view)

    def _busy(self):
        return self._polls is None or self._polls > 0

    def _complain(self, command):
        if self._polls is not None:
            raise RuleBroken("0x%02x while it is busy" % command)

    def _status(self):
        if self._busy():
            self._polls = None if self._polls is None else self._polls - 1
            return _BUSY | _ENABLED
        return _ENABLED * self._enabled

    def _address(self, sent):
        return (sent[1] << 16 | sent[2] << 8 | sent[3]) % len(self.flash.data)

    def _carry_out(self, sent):
        command = sent[0] if sent else 0
        if command == 0xAB:
            self.asleep = False
        elif self.asleep or command in (0x05, 0x9F, 0x03, 0):
            return
        elif self._busy():
            self._complain(command)
        elif command == 0x06:
            self._enabled = True
        elif command in (0x02, 0x20):
            self._change(command, sent)
        else:
            raise AssertionError("command 0x%02x" % command)

    def _change(self, command, sent):
        if not self._enabled:
            raise RuleBroken("0x%02x without a write enable" % command)
        self._enabled = False
        if self.protected:
            return
        if command == 0x20:
            assert len(sent) == 4
            self.flash.ioctl(6, self._address(sent) // BLOCK)
        else:
            self._program(self._address(sent), sent[4:])
        self._polls = self.busy_polls

    def _program(self, address, data):
        assert 0 < len(data) <= _PAGE
        page = address - address % _PAGE
        before_end = page + _PAGE - address
        self._write(address, data[:before_end])
        self._write(page, data[before_end:])  # what does not fit wraps around to the start of the page

    def _write(self, address, data):
        if data:
            self.flash.writeblocks(address // BLOCK, data, address % BLOCK)
