"""Opens the copy of a ring, on the host under MicroPython, through the library itself. Knows kinds of copies only.

    folder PATH            a FileRing's folder
    littlefs IMAGE PATH    an image of a whole filesystem with such a folder in it
    fat IMAGE PATH         the same of a card
    blocks IMAGE PAGE UNIT an image of the blocks of a BlockRing; PAGE where they are written whole, as on a card, else
                           0; UNIT 16 for encrypted flash
"""

import os

import blynk_batch


_START = "the image has to begin where the filesystem or the ring does, which a dump of a whole chip may not"
_ENOTDIR = 20
_WHOLE = "the image has to be all that BlockRing was given, and no more"


class Image:
    """A block device over a file's bytes, in place: a card's image need not fit into RAM."""

    def __init__(self, path, block_bytes, whole):
        self.file = open(path, "r+b")  # noqa: SIM115 - as long as the ring
        self._block_bytes = block_bytes
        self.bytes = self.file.seek(0, 2)
        if whole:
            self.readblocks = self._read_whole

    def readblocks(self, block, buf, offset=0):
        self.file.seek(block * self._block_bytes + offset)
        self.file.readinto(buf)

    def _read_whole(self, block, buf):
        Image.readblocks(self, block, buf)

    def writeblocks(self, block, buf, offset=0):
        self.file.seek(block * self._block_bytes + offset)
        self.file.write(buf)

    def ioctl(self, operation, argument):
        if operation == 4:
            return self.bytes // self._block_bytes
        if operation == 5:
            return self._block_bytes
        if operation == 6:
            self.writeblocks(argument, b"\xff" * self._block_bytes)
        return 0


def open_ring(kind, *arguments):
    """(the ring, what closes the copy's file at the end)."""
    if kind == "folder":
        return _found(_file_ring(arguments[0], "the folder"), "the folder"), _nothing
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
        place = "the folder " + arguments[1]
        return _found(_file_ring(path, place), place), image.file.close
    page, unit = int(arguments[1]), int(arguments[2])
    image = Image(arguments[0], 512 if page else 4096, bool(page))
    if image.bytes < 3 * 4096:
        raise ValueError("an image of %d bytes holds no ring" % image.bytes)
    try:
        ring = blynk_batch.BlockRing(image, page_size=page or None, unit=unit if unit > 1 else None)
    except blynk_batch.WrongDevice as e:
        text = str(e).replace(", or format=True erases it", "").replace("format=True erases it", _START)
        raise blynk_batch.WrongDevice(text.replace("give start= and blocks= as before", _WHOLE))
    return _found(ring, "the image"), image.file.close


def in_words(error):
    """What an error says; the name of its kind only where the words were not written for people."""
    is_plain = isinstance(error, (OSError, ValueError, blynk_batch.Error))
    if isinstance(error, OSError) and len(error.args) > 1:
        return error.args[1]  # the number tells people nothing
    return str(error) if is_plain else "%s: %s" % (type(error).__name__, error)


def _file_ring(path, place):
    try:
        return blynk_batch.FileRing(path)
    except OSError as e:
        if e.args[0] != _ENOTDIR:
            raise
        raise ValueError("there is no ring in %s: its log is no folder" % place)


def _found(ring, place):
    """The ring, unless it was made by opening it, which leaves one sector without a frame."""
    if ring.newest == ring.oldest and not ring.number:
        reader = ring.reader((ring.oldest, 0, 0))
        if not reader.next() and not reader.bad:
            raise ValueError("there is no ring in %s, or one that nothing was logged to" % place)
    return ring


def _nothing():
    pass
