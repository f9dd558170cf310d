"""Store-and-forward for MicroPython: readings survive on flash until the server has accepted them."""

from .errors import CorruptRing, Error, RingFull
from .files import FileRing

__version__ = "0.1.0"
__all__ = ("CorruptRing", "Error", "FileRing", "RingFull")
