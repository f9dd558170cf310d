"""Opens the copy of a ring, on the host under MicroPython, through the library itself. Knows kinds of copies only.

    folder PATH            a FileRing's folder
    littlefs IMAGE PATH    an image of a whole filesystem with such a folder in it
    fat IMAGE PATH         the same of a card
    blocks IMAGE SIZE UNIT an image of the blocks of a BlockRing; SIZE 512 for a card, UNIT 16 for encrypted flash
"""

import os

import blynk_batch


class Image:
    """A block device over the bytes of a file; `save()` writes them back."""

    def __init__(self, path, block_bytes, whole):
        self._path = path
        self._block_bytes = block_bytes
        with open(path, "rb") as f:
            self.data = bytearray(f.read())
        if whole:
            self.readblocks = self._read_whole

    def readblocks(self, block, buf, offset=0):
        address = block * self._block_bytes + offset
        buf[:] = memoryview(self.data)[address : address + len(buf)]

    def _read_whole(self, block, buf):
        Image.readblocks(self, block, buf)

    def writeblocks(self, block, buf, offset=0):
        address = block * self._block_bytes + offset
        self.data[address : address + len(buf)] = buf

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.data) // self._block_bytes
        if operation == 5:
            return self._block_bytes
        if operation == 6:
            address = argument * self._block_bytes
            self.data[address : address + self._block_bytes] = b"\xff" * self._block_bytes
        return 0

    def save(self):
        with open(self._path, "wb") as f:
            f.write(self.data)


def open_ring(kind, *arguments):
    """(the ring, what writes the copy back to its file at the end)."""
    if kind == "folder":
        return blynk_batch.FileRing(arguments[0]), _nothing
    if kind in ("littlefs", "fat"):
        image = Image(arguments[0], 512, True) if kind == "fat" else Image(arguments[0], 4096, False)
        os.mount(os.VfsFat(image) if kind == "fat" else os.VfsLfs2(image), "/image")
        path = "/image" + arguments[1]
        try:
            os.stat(path)
        except OSError:
            names = " ".join(os.listdir("/image"))
            raise ValueError("the filesystem has no folder %s; it has: %s" % (arguments[1], names))
        return blynk_batch.FileRing(path), image.save
    size, unit = int(arguments[1]), int(arguments[2])
    image = Image(arguments[0], size, size < 4096)
    return blynk_batch.BlockRing(image, unit=unit if unit > 1 else None), image.save


def _nothing():
    pass
