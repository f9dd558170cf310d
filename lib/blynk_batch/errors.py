"""The library's own exceptions. A caller's mistake is ValueError or TypeError; OSError passes through.

    Error
    +-- RingFull      the ring is full and may not overwrite: upload or clear first
    +-- CorruptRing   no sector of the ring can be read
"""


class Error(Exception):
    """Root of everything the library raises for reasons of its own."""


class RingFull(Error):
    """A reading was refused: the ring is full and was opened with overwrite=False."""


class CorruptRing(Error):
    """Not one readable sector header is left; nothing was changed on the medium."""
