"""Opens the copy of a ring, on the host under MicroPython, through the library itself. Knows kinds of copies only.

    folder PATH            a FileRing's folder
    littlefs IMAGE PATH    an image of a whole filesystem with such a folder in it
    fat IMAGE PATH         the same of a card
    blocks IMAGE SIZE UNIT an image of the blocks of a BlockRing; SIZE 512 for a card, UNIT 16 for encrypted flash
"""

import os

import blynk_batch


_START = "the image has to begin where the filesystem or the ring does, which a dump of a whole chip may not"
_WHOLE = "the image has to be all that BlockRing was given, and no more"


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
        return _found(blynk_batch.FileRing(arguments[0]), "the folder"), _nothing
    if kind in ("littlefs", "fat"):
        image = Image(arguments[0], 512, True) if kind == "fat" else Image(arguments[0], 4096, False)
        try:
            os.mount(os.VfsFat(image) if kind == "fat" else os.VfsLfs2(image), "/image")
        except OSError as e:
            raise ValueError("the %s filesystem cannot be mounted (%s): the image is damaged or not whole" % (kind, e))
        path = "/image/" + arguments[1].strip("/")
        try:
            os.stat(path)
        except OSError:
            names = " ".join(os.listdir("/image"))
            raise ValueError("the filesystem has no folder %s; it has: %s" % (arguments[1], names))
        return _found(blynk_batch.FileRing(path), "the folder " + arguments[1]), image.save
    size, unit = int(arguments[1]), int(arguments[2])
    image = Image(arguments[0], size, size < 4096)
    if len(image.data) < 3 * size:
        raise ValueError("an image of %d bytes holds no ring" % len(image.data))
    try:
        ring = blynk_batch.BlockRing(image, unit=unit if unit > 1 else None)
    except blynk_batch.WrongDevice as e:
        text = str(e).replace(", or format=True erases it", "").replace("format=True erases it", _START)
        raise blynk_batch.WrongDevice(text.replace("give start= and blocks= as before", _WHOLE))
    return _found(ring, "the image"), image.save


def _found(ring, place):
    """The ring, unless it was made by opening it, which leaves a first sector without a frame."""
    if not ring.newest and not ring.number:
        reader = ring.reader((0, 0, 0))
        if not reader.next() and not reader.bad:
            raise ValueError("there is no ring in %s, or one that nothing was logged to" % place)
    return ring


def _nothing():
    pass
