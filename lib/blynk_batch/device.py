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
_UNKNOWN = (1, _EINVAL, 38, 88, 95)  # how an operation is refused that a driver does not have
_TRIES = const(3)
_STEP = const(128)  # bytes compared at a time
_PAGE = const(256)
SECTOR_BYTES = const(4096)  # a sector is one erase block, or as many as make up this


class Device:
    """`blocks` blocks of `device` from block `start` on.

    block_bytes   size of a block       sector_bytes  size of a ring's sector, whole blocks
    page          programs are multiples of this, at multiples of it; 1: any
    unit          bytes that can be programmed once only; 1: each bit can be cleared later
    whole         blocks are written whole: `read_page` and `write_page` serve, each `page` bytes
    """

    def __init__(self, device, start, blocks, page_size, unit, whole_blocks, verify):
        self._device = device
        self._verify = verify
        self.block_bytes = device.ioctl(_SIZE, 0) or 512
        count = device.ioctl(_COUNT, 0) or 0
        for number in (start, blocks or 0):
            if not isinstance(number, int):
                raise TypeError("start=%r, blocks=%r: must be ints" % (start, blocks))
        if not 0 <= start < count or not 0 <= (blocks or 0) <= count - start:
            raise ValueError("start=%r, blocks=%r: the device has %d blocks" % (start, blocks, count))
        for name, size in (("page_size", page_size), ("unit", unit)):
            if size is not None and (not isinstance(size, int) or size < 1 or size & (size - 1)):
                raise ValueError("%s=%r: a power of two is needed" % (name, size))
        self._first = start
        self.bytes = (blocks or count - start) * self.block_bytes
        self.most_bytes = (count - start) * self.block_bytes
        self.sector_bytes = -(-SECTOR_BYTES // self.block_bytes) * self.block_bytes
        self.whole = not self._takes_offsets() if whole_blocks is None else whole_blocks
        if self.whole:
            self.page = page_size or self.block_bytes
            if self.page % self.block_bytes or self.sector_bytes % self.page:
                raise ValueError("page_size=%r: a multiple of %d is needed" % (page_size, self.block_bytes))
        else:
            self.page = page_size or (_PAGE if _is_rp2_flash(device) else 1)
            if self.page > self.block_bytes:
                raise ValueError("page_size=%r: a block has %d bytes" % (page_size, self.block_bytes))
        self.unit = unit or (16 if _is_encrypted(device) else 1)

    def _takes_offsets(self):
        try:
            self._device.readblocks(self._first, bytearray(16), 0)
        except OSError as e:
            if e.args[0] != _EINVAL:
                raise
            return False
        except (TypeError, ValueError, AssertionError, NotImplementedError):
            return False
        return True

    strict = False  # True: a block that cannot be read is an error, even if others can

    def _read(self, block, buf, *offset):
        """OSError if the device cannot be read; a block that alone cannot be is damage, and reads as zeros."""
        error = OSError(_EIO)
        for _ in range(_TRIES):
            try:
                return _check(self._device.readblocks(self._first + block, buf, *offset))
            except OSError as e:
                error = e
        try:
            other = 0 if block else self.sector_bytes // self.block_bytes
            _check(self._device.readblocks(self._first + other, bytearray(self.block_bytes)))
        except OSError:
            raise error
        if self.strict:
            raise error
        for at in range(len(buf)):
            buf[at] = 0

    def _write(self, block, *where):
        _check(self._device.writeblocks(self._first + block, *where))

    def name(self):
        """What tells this device from others: what an esp32.Partition says of itself, else the object's id."""
        try:
            return self._device.info()
        except AttributeError:
            return id(self._device)

    def sync(self):
        """Drivers that hold a block back write it now."""
        self._device.ioctl(_SYNC, 0)

    # Any address, any length

    def read(self, address, view):
        done = 0
        while done < len(view):
            block, offset = divmod(address + done, self.block_bytes)
            count = min(len(view) - done, self.block_bytes - offset)
            self._read(block, view[done : done + count], offset)
            done += count

    def program(self, address, data):
        """Durable on return. OSError if the driver says so, or if other bytes are there afterwards."""
        if self.page == 1:
            try:
                self._pieces(address, data)
            except OSError as e:
                if e.args[0] != _EINVAL or not len(data) % _PAGE:
                    raise
                self.page = _PAGE  # as rp2.Flash, behind some other name
        if self.page > 1:
            self._program_pages(address, data)
        self.sync()
        if self._verify:
            self._compare(address, data)

    def _pieces(self, address, data):
        done = 0
        while done < len(data):
            block, offset = divmod(address + done, self.block_bytes)
            count = min(len(data) - done, self.block_bytes - offset)
            self._write(block, bytes(data[done : done + count]), offset)
            done += count

    def _program_pages(self, address, data):
        """Whole pages; 0xFF around the data leaves what is there as it is."""
        page = self.page
        done = 0
        while done < len(data):
            offset = (address + done) % page
            count = min(len(data) - done, page - offset)
            buf = bytearray(b"\xff" * page)
            buf[offset : offset + count] = data[done : done + count]
            self._pieces(address + done - offset, buf)
            done += count

    def _compare(self, address, data):
        buf = bytearray(min(len(data), _STEP))
        view = memoryview(buf)
        for at in range(0, len(data), _STEP):
            part = view[: min(_STEP, len(data) - at)]
            self.read(address + at, part)
            if part != data[at : at + _STEP]:
                raise OSError(_EIO)

    def is_blank(self, address, size):
        buf = bytearray(_STEP)
        view = memoryview(buf)
        blank = b"\xff" * _STEP
        for at in range(address, address + size, _STEP):
            part = view[: address + size - at]
            self.read(at, part)
            if part != blank[: len(part)]:
                return False
        return True

    def is_empty(self, address, size):
        """True if it is all 0xFF and 0x00, which is what new media hold."""
        buf = bytearray(self.page if self.whole else _STEP)
        view = memoryview(buf)
        for at in range(address, address + size, len(buf)):
            if self.whole:
                self.read_page(at // self.page, buf)
            else:
                self.read(at, view)
            if not all_blank(buf):
                return False
        return True

    # Sectors

    def erase(self, address):
        """Blank the sector at `address`, also where the driver's own erase does nothing; OSError if it stays."""
        for at in range(address, address + self.sector_bytes, self.block_bytes):
            block = self._first + at // self.block_bytes
            self._ask_to_erase(block)
            if self.is_blank(at, self.block_bytes):
                continue
            for ways in (self._overwrite, self._write_block):
                ways(at)
                self.sync()
                if self.is_blank(at, self.block_bytes):
                    break
            else:
                raise OSError(_EIO)

    def _ask_to_erase(self, block):
        """OSError if the erase failed, but not from a driver that does not know of any."""
        try:
            _check(self._device.ioctl(_ERASE, block) or None)
        except OSError as e:
            if e.args[0] not in _UNKNOWN:
                raise

    def _overwrite(self, address):
        """FRAM, EEPROM: 0xFF written like any other byte."""
        size = max(_STEP, self.page)
        blank = b"\xff" * size
        if self.unit == 1:
            for at in range(address, address + self.block_bytes, size):
                self._pieces(at, blank)

    def _write_block(self, address):
        """Drivers that erase where a whole block is written."""
        self._write(address // self.block_bytes, b"\xff" * self.block_bytes)

    # Whole pages

    def read_page(self, index, buf):
        self._read(index * self.page // self.block_bytes, buf)

    def write_page(self, index, buf):
        """Durable on return."""
        self._write(index * self.page // self.block_bytes, buf)
        self.sync()
        if self._verify:
            check = bytearray(len(buf))
            self.read_page(index, check)
            if check != buf:
                raise OSError(_EIO)


def all_blank(buf):
    """True if `buf` is all 0xFF and 0x00."""
    for byte in buf:
        if byte != 0xFF and byte:
            return False
    return True


def _check(result):
    """Drivers raise, or return a negative number (False: machine.SDCard) for a failure; True and positive are none."""
    if result is False or (result and result < 0):
        raise OSError(-result or _EIO)


def _is_rp2_flash(device):
    try:
        import rp2  # pyright: ignore
    except ImportError:
        return False
    return isinstance(device, rp2.Flash)


def _is_encrypted(device):
    """An esp32.Partition with flash encryption says so in the last field of its info()."""
    try:
        return bool(device.info()[5])
    except (AttributeError, IndexError, TypeError):
        return False
