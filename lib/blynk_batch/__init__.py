"""Store-and-forward for MicroPython: readings survive on flash until the server has accepted them.

    import blynk_batch
    client = blynk_batch.Client(TOKEN, ring=blynk_batch.FileRing("/readings"))
    client.log(1, 21.5)
    result = client.upload()

Each name is loaded when it is first used, since a board that only logs should not hold the uploader in RAM.
"""

import gc
import sys

__version__ = "0.1.0"

_HOMES = {
    "Client": "client",
    "FileRing": "files",
    "BlockRing": "block",
    "HTTPS": "https",
    "Requests": "transport",
    "set_clock": "clock",
}
_HOMES.update([(name, "errors") for name in ("Error", "RingFull", "CorruptRing", "WrongDevice", "Busy")])
_FAULTS = "UploadError NetworkError ServerError Redirected BatchTooLarge PinRefused PointRefused InvalidToken"


def __getattr__(name):
    home = "faults" if name in _FAULTS.split() else _HOMES.get(name, name)
    gc.collect()  # what lasts then lies together at the heap's start, and large holes stay
    try:
        module = __import__(home, globals(), None, (name,), 1)
    except ImportError:
        raise AttributeError("module 'blynk_batch' has no attribute %r" % name)
    if home == name:
        return module  # `from . import record` asks here first
    value = getattr(module, name)
    globals()[name] = value
    return value


def let_go(name):
    """Take the code of the module `name` out of the heap: it works once, when something is opened."""
    sys.modules.pop("blynk_batch." + name, None)
    globals().pop(name, None)
