"""Where a ring is taken from: each makes a copy to work on and, when told to, puts the changed copy back.

    FromFolder   a FileRing's folder on this machine, such as one copied from a card
    FromImage    a file with the bytes of a flash chip or card: of a BlockRing, or of a littlefs or FAT filesystem with
                 a ring in it
    FromBoard    over USB, see board.py

`copy` are the arguments by which device/rings.py opens the copy. Nothing is ever changed but by `put_back()`.
"""

import filecmp
import os
import shutil
from pathlib import Path

import click

_PAGE_SIZES = (512, 1024, 2048, 4096)
_MAGIC = b"BBr"
_OF_A_RING = ("log", "ring0", "tail")  # on littlefs, on FAT, and of a format that is refused by its number
_NO_RING = "there is no ring in the folder %s: give the one that FileRing() was made with"
_BLOCK_HEAD = 16  # of a block that is written whole, see docs/format.md


class Source:
    """`work` is a temporary folder of the caller's."""

    copy = ()

    def put_back(self):
        """Write what changed in the copy back to where it came from; gives the names of what was written."""
        raise NotImplementedError


class FromFolder(Source):
    def __init__(self, folder, work):
        self._folder = Path(folder)
        self._copy = Path(work) / "ring"
        if not any((self._folder / name).exists() for name in _OF_A_RING):
            raise click.ClickException(_NO_RING % folder)
        try:
            shutil.copytree(self._folder, self._copy)
        except shutil.Error as error:
            name, _, why = error.args[0][0]
            raise click.ClickException("%s cannot be copied: %s" % (name, why))
        self._before = snapshot(self._copy)
        self.copy = of_folder(self._copy)

    def put_back(self):
        written, gone = changes(self._before, snapshot(self._copy))
        for name in written:
            (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
            replace(self._copy / name, self._folder / name)
        for name in gone:
            (self._folder / name).unlink()
        return written + gone


class FromImage(Source):
    """`path` is the ring's folder in a filesystem; `page` and `unit` are what an image cannot tell: BlockRing's
    page_size where blocks are written whole, and its unit."""

    def __init__(self, image, work, path="/blynk_batch.ring", page=None, unit=1):
        self._image = Path(image)
        self._copy = Path(work) / "image"
        shutil.copyfile(self._image, self._copy)
        self.copy = _of_image(self._copy, path, page, unit)

    def put_back(self):
        if filecmp.cmp(self._copy, self._image, shallow=False):
            return []
        replace(self._copy, self._image)
        return [self._image.name]


def of_folder(folder):
    """A Source's copy of a ring's folder; on FAT all of the ring is in one file, see media/fat.py."""
    card = folder / "ring0"
    return _of_image(card) if card.is_file() and not (folder / "log").exists() else ("folder", str(folder))


def _of_image(image, path=None, page=None, unit=1):
    with open(image, "rb") as file:
        start = file.read(3 * 4096)
        seen = _page_seen(file, start)
    if b"littlefs" in (start[8:16], start[4104:4112]):
        return "littlefs", str(image), path
    if start[510:512] == b"\x55\xaa" and b"FAT" in start[54:90]:
        return "fat", str(image), path
    return "blocks", str(image), str(seen or page or 0), str(unit)


def _page_seen(file, start):
    """The bytes that are written at once, for a ring on blocks that are written whole: by the second block of a sector,
    or of the two behind all sectors, which names the ring's slots as a first one does. A power cut or damage can
    have taken one or the other. None for any other."""
    firsts = (at for at in range(0, len(start), 4096) if start[at + _BLOCK_HEAD :][:3] == _MAGIC)
    first = next(firsts, None)
    if first is None:
        return None
    slots = start[first + 8 : first + 12]
    for page in _PAGE_SIZES:
        for sector in (int.from_bytes(slots, "little"), 0, 1, 2):
            file.seek(sector * 4096 + page + 8)
            if file.read(4) == slots:
                return page
    return None


def replace(source, target):
    """All of `target` or, if that fails or is broken off, nothing of it: written beside it first."""
    is_device = target.exists() and not target.is_file()  # a card itself, or a pipe
    target = target if is_device else target.resolve()
    beside = target.with_name(target.name + ".new")
    try:
        if is_device:
            with open(source, "rb") as whole, open(target, "wb") as file:
                shutil.copyfileobj(whole, file)
            return
        shutil.copyfile(source, beside)
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except OSError as error:
        raise OSError(error.errno, "%s cannot be written: %s" % (target, error.strerror))
    finally:
        if beside.exists():
            beside.unlink()


def snapshot(folder):
    """{name: bytes} of all files below `folder`."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def changes(before, after):
    """(names that are new or differ, sectors before tails; names that are gone). A tail counts only with the sector
    that it belongs to, so a transfer that breaks off loses nothing."""
    written = [name for name in after if after[name] != before.get(name)]
    written.sort(key=lambda name: (not name.startswith("log/"), name))
    return written, sorted(set(before) - set(after))
