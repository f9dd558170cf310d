"""What is cut: simulated devices, and a ring opened on each of them.

A medium is Medium(make(image), board): `board` names the filesystem, as that board mounts it, or is None for a raw
device; `options` go to BlockRing. Knows nothing of cuts.
"""

from flash import Cached, NorFlash, SdCard, mount, umount

CAPACITY = 3 * 4096
FOLDER = "/sim/readings"


class Medium:
    """`garbles(image, change)`: False where a cut leaves the bytes before or after and nothing else."""

    def __init__(self, make, board=None, garbles=lambda image, change: True, cached=False, **options):
        self.make, self.board, self.garbles = make, board, garbles
        self._cached, self._options = cached, options

    def open(self, device, overwrite=True):
        """The ring on `device`, as after a reset."""
        if self.board:
            from blynk_batch.rings import FileRing

            umount("/sim")  # a case that failed left it mounted
            mount(device, "/sim", self.board)
            return FileRing(FOLDER, capacity_bytes=CAPACITY, overwrite=overwrite)
        from blynk_batch.rings import BlockRing

        return BlockRing(Cached(device) if self._cached else device, overwrite=overwrite, **self._options)

    def format(self, device):
        """What there is before the ring is opened for the first time."""
        if self.board:
            mount(device, "/sim", self.board)
            umount("/sim")

    def leave(self, ring):
        """Forget the ring; only then may the device change, since FAT notes a time when a file is closed."""
        if self.board:
            ring.medium.close()
            umount("/sim")


def in_a_file(image, change):
    """False for the tables and folders of FAT on `image`: if one of them is garbage, FAT itself is lost."""
    _, address, new = change
    reserved, tables, entries = image[14] + (image[15] << 8), image[16], image[17] + (image[18] << 8)
    first = (reserved + tables * (image[22] + (image[23] << 8))) * 512 + entries * 32
    return address >= first and not new.startswith(b".  ") and b"RING0 " not in new


MEDIA = {
    "esp32": Medium(lambda image: NorFlash(24, image=image), "esp32"),
    "rp2": Medium(lambda image: NorFlash(24, page_size=256, image=image), "rp2"),
    "fat": Medium(lambda image: SdCard(256, image=image), "fat", in_a_file),
    "nor": Medium(lambda image: NorFlash(4, image=image)),
    "pages": Medium(lambda image: NorFlash(4, page_size=256, image=image), page_size=256),
    "units": Medium(lambda image: NorFlash(4, unit=16, image=image), unit=16),
    "fram": Medium(lambda image: NorFlash(4, overwritable=True, image=image), garbles=lambda image, change: False),
    "sd": Medium(lambda image: SdCard(34, image=image)),
    "cached": Medium(lambda image: NorFlash(6, image=image), cached=True, whole_blocks=True),
}
