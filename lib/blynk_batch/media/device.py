"""A MicroPython block device as bytes: asks it what it can do; reads, programs, erases and checks.

Knows the block protocol and what drivers make of it; nothing of rings. All addresses count from the first block
that it was given.
"""

from micropython import const

_SYNC = const(3)
_COUNT = const(4)
_SIZE = const(5)
_ERASE = const(6)
_EIO = const(5)
_EINVAL = const(22)
_UNKNOWN = (1, _EINVAL, 38, 88, 95)  # how an operation is refused that a driver does not have; or by one of these:
_UNHEARD_OF = (TypeError, ValueError, AssertionError, NotImplementedError)
_STEP = const(128)  # bytes looked through at a time
_PAGE = const(256)
_LEAST_PAGE = const(64)  # of what is written whole: each has a head of 16 bytes, two of them for its length
_MOST_PAGE = const(65536)
NOBODYS = const(b"\xff\x00")  # what new media hold
SECTOR_BYTES = const(4096)  # a sector is one erase block, or as many as make up this


class Device:
    """`blocks` blocks of `device` from block `start` on.

    block_bytes   size of a block       sector_bytes  size of a ring's sector, whole blocks
    page          programs are multiples of this, at multiples of it; 1: any
    unit          bytes that can be programmed once only; 1: each bit can be cleared later
    whole         blocks are read and written whole, `page` bytes at a time
    strict        True: a block that cannot be read is an error, even if others can
    """

    def __init__(self, device, start, blocks, page_size, unit, whole_blocks, verify):
        self._device = device
        self._verify = verify
        self.strict = False
        self.block_bytes = _check(device.ioctl(_SIZE, 0)) or 512
        count = _check(device.ioctl(_COUNT, 0)) or 0
        if not 0 <= start < count or not 0 <= (blocks or 0) <= count - start:
            raise ValueError("start=%r, blocks=%r: the device has %d blocks" % (start, blocks, count))
        self._first = start
        self.bytes = (blocks or count - start) * self.block_bytes
        self.most_bytes = (count - start) * self.block_bytes
        self.sector_bytes = -(-SECTOR_BYTES // self.block_bytes) * self.block_bytes
        if (unit or 1) > min(512, self.block_bytes):  # no short frame crosses that: see ring/pages.py
            raise ValueError("unit=%r: must be at most 512, and a block has %d bytes" % (unit, self.block_bytes))
        if whole_blocks is None:
            try:
                whole_blocks = not _knows((_EINVAL,), device.readblocks, start, bytearray(16), 0)
            except OSError:  # that block may have failed alone
                whole_blocks = not _knows((_EINVAL,), device.readblocks, start + 1, bytearray(16), 0)
        self.whole = whole_blocks
        if self.whole:
            self.page = page_size or max(self.block_bytes, _LEAST_PAGE)
            is_whole = not self.page % self.block_bytes and not self.sector_bytes % self.page
            if not is_whole or not _LEAST_PAGE <= self.page <= _MOST_PAGE:
                text = "page_size=%r: a multiple of %d, from %d to %d, is needed"
                raise ValueError(text % (page_size, self.block_bytes, _LEAST_PAGE, _MOST_PAGE))
        else:
            self.page = page_size or (_PAGE if _is_rp2_flash(device) else 1)
            if self.page > self.block_bytes:
                raise ValueError("page_size=%r: a block has %d bytes" % (page_size, self.block_bytes))
        try:
            info = device.info()  # of itself, by an esp32.Partition: the last is whether it is encrypted
        except Exception:  # noqa: BLE001 - there is none, or it asks for more
            info = tuple()
        is_partition = isinstance(info, tuple) and len(info) == 6
        self.name = info if is_partition else id(device)  # what tells this device from others
        self.unit = unit or (16 if is_partition and info[5] else 1)  # pyright: ignore

    def _call(self, method, address, buf):
        block, offset = divmod(address, self.block_bytes)
        where = () if self.whole else (offset,)
        _check(method(self._first + block, buf, *where))

    def _read(self, address, view):
        """OSError if the device cannot be read; a block that alone cannot be is damage, and reads as zeros."""
        for left in (5, 4, 3, 2, 1, 0):  # three tries, then three other blocks
            at = address if left > 2 else left * self.sector_bytes
            try:
                self._call(self._device.readblocks, at, view)
                if at != address:
                    view[:] = bytes(len(view))
                return
            except OSError:
                if left == (3 if self.strict else 0):
                    raise

    def sync(self):
        """Drivers that hold a block back write it now."""
        _knows(_UNKNOWN, self._device.ioctl, _SYNC, 0)

    # Any address, any length

    def _pieces(self, address, data):
        """(address, memoryview) of what one call of the driver takes."""
        view = memoryview(data)
        step = max(self.page, self.block_bytes)
        done = 0
        while done < len(data):
            count = min(len(data) - done, step - (address + done) % step)
            yield address + done, view[done : done + count]
            done += count

    def read(self, address, view):
        for at, part in self._pieces(address, view):
            self._read(at, part)

    def program(self, address, data):
        """Durable on return. OSError if the driver says so, or if other bytes are there afterwards."""
        try:
            for at, part in self._pieces(address, data):
                before = at % self.page
                if not self.whole:  # whole pages: 0xFF around the data leaves what is there as it is
                    part = b"\xff" * before + bytes(part)
                    part += b"\xff" * (-len(part) % self.page)
                self._call(self._device.writeblocks, at - before, part)
        except OSError as e:
            if e.errno != _EINVAL or self.page > 1 or not len(data) % _PAGE:
                raise
            self.page = _PAGE  # as rp2.Flash, behind some other name
            return self.program(address, data)
        self.sync()
        if self._verify:
            found = bytearray(len(data))
            self.read(address, found)
            if found != data:
                self.read(address, found)  # one wrong read is no damage
            if found != data:
                raise OSError(_EIO)

    def overwrites(self, address, byte):
        """True for FRAM and EEPROM: there a `byte` that is programmed to a blank place can be taken back."""
        self.program(address, byte)
        if self.page > 1:
            return False
        self._call(self._device.writeblocks, address, b"\xff")
        self.sync()
        return self.is_blank(address, 1)

    def is_blank(self, address, size, blank=b"\xff"):
        """True if no other bytes than those of `blank` are there."""
        step = max(_STEP, self.page)
        view = memoryview(bytearray(min(size, step)))
        for at in range(0, size, step):
            part = view[: size - at]
            self.read(address + at, part)
            if bytes(part).strip(blank):
                return False
        return True

    def erase(self, address):
        """Blank the sector at `address`, also where the driver's own erase does nothing; OSError if it stays."""
        for at in range(address, address + self.sector_bytes, self.block_bytes):
            block = self._first + at // self.block_bytes
            _knows(_UNKNOWN, self._device.ioctl, _ERASE, block)
            if self._is_erased(at):
                continue
            if self.unit == 1:  # FRAM and EEPROM take 0xFF like any byte; some drivers erase where a block is written
                _check(self._device.writeblocks(block, b"\xff" * self.block_bytes))
            if self.unit > 1 or not self._is_erased(at):
                raise OSError(_EIO, "an erased block does not read as 0xFF")

    def _is_erased(self, at):
        """True if that block is blank, in one of two reads: 0xFF spoils what can be programmed only once."""
        self.sync()
        return self.is_blank(at, self.block_bytes) or self.is_blank(at, self.block_bytes)


def _check(result):
    """`result`. Drivers raise, or return a negative number (False: machine.SDCard) for a failure; True and positive are
    none."""
    if result is False or (result and result < 0):
        raise OSError(-result or _EIO)
    return result


def _knows(unknown, method, *args):
    """False where the driver does not know of that, which it says by an error of the numbers `unknown`; OSError where
    it failed."""
    try:
        _check(method(*args) or None)
    except OSError as e:
        if e.errno not in unknown:
            raise
        return False
    except _UNHEARD_OF:
        return False
    return True


def _is_rp2_flash(device):
    try:
        import rp2  # pyright: ignore
    except ImportError:
        return False
    return isinstance(device, rp2.Flash)
