"""A Pico W in its bootloader: a USB volume that takes a UF2 file. Knows how to find it, not what is copied."""

import glob
import os
from pathlib import Path

from tools.board.errors import BoardProblem

_PLACES = ("/media/%s", "/media/*/%s", "/run/media/*/%s", "/Volumes/%s", "/mnt/%s")
_INFO = "INFO_UF2.TXT"


def find(board_id, volume=None):
    """The volume's folder. BoardProblem if there is none, several, or one of another chip."""
    places = [volume] if volume else [path for place in _PLACES for path in glob.glob(place % board_id)]
    found = {Path(place): _board_id(place) for place in places if (Path(place) / _INFO).is_file()}
    if not volume:
        found = {place: there for place, there in found.items() if there == board_id}
    if len(found) > 1:
        listed = " or ".join(map(str, found))
        raise BoardProblem("Several boards wait in their bootloader: name one with VOLUME=..., %s." % listed)
    for place, there in found.items():
        if there != board_id:
            raise BoardProblem("The board at %s is an %s, and the firmware is for an %s." % (place, there, board_id))
        return place
    if volume:
        raise BoardProblem("%s is not the volume of a board in its bootloader: it has no %s." % (volume, _INFO))
    raise BoardProblem(
        "No volume %s is mounted: hold the board's BOOTSEL button while you plug it in, wait for the volume, and "
        "run this again (VOLUME=folder if it is mounted elsewhere)." % board_id
    )


def _board_id(volume):
    for line in (Path(volume) / _INFO).read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("Board-ID:"):
            return line.partition(":")[2].strip()
    return "unknown board"


def copy(data, volume):
    """The board restarts, and its volume goes, with the last block: an error after that is none."""
    target = Path(volume) / "firmware.uf2"
    written = 0
    try:
        with open(target, "wb", buffering=0) as file:
            while written < len(data):
                written += file.write(data[written : written + 65536])
            os.fsync(file.fileno())
    except OSError as error:
        if written < len(data) or target.parent.exists():
            raise BoardProblem("Copying to %s failed (%s): plug it in again with BOOTSEL held." % (volume, error))
