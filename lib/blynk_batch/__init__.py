"""Store-and-forward for MicroPython: readings survive on flash until the server has accepted them.

    import blynk_batch
    client = blynk_batch.Client(TOKEN, ring=blynk_batch.FileRing("/readings"))
    client.log(1, 21.5)
    result = client.upload()

Each name is loaded when it is first used, since a board that only logs should not hold the uploader in RAM.
"""

import gc
import sys

import micropython
from micropython import const

__version__ = "0.1.0"

_LOADING_BYTES = const(1024)
_LOADING_PARTS = const(64)  # of a large heap: to go through one takes long
_ROOMY = const(8192)  # of such a part: the heap of a board with PSRAM, or of a desk
_SMALL_BYTES = const(131072)  # free: here the line numbers of tracebacks take what an upload needs
_loading_bytes = 0
# Text, not a dict: every name that stands in a program by itself takes room in the firmware's table of names.
_HOMES = const(
    "Client client FileRing rings BlockRing rings HTTPS http.https Requests http.requests "
    "set_clock clock.network WiFi wifi "
    "Error errors RingFull errors CorruptRing errors WrongDevice errors Busy errors "
    "UploadError errors NetworkError errors ServerError refusals Redirected refusals "
    "BatchTooLarge refusals PinRefused refusals PointRefused refusals InvalidToken refusals"
)
# help(blynk_batch) shows these names; Tab at the prompt looks into that table, in which those of the tuple are.
__names__ = (
    "Client FileRing BlockRing WiFi HTTPS Requests set_clock Error RingFull CorruptRing WrongDevice Busy UploadError "
    "NetworkError ServerError Redirected BatchTooLarge PinRefused PointRefused InvalidToken"
)
_TAB = ("Client", "FileRing", "BlockRing", "WiFi", "HTTPS", "set_clock")
_MODULES = const(
    "arguments blynk client clock errors guard http media opening point refusals report ring rings upload wifi words"
)


def __getattr__(name):
    homes = _HOMES.split()
    is_public = name in homes[::2]
    try:
        # `from . import blynk`, or a bundle, asks here first, and Tab for hundreds of names: those are refused at once.
        if not is_public and name not in _MODULES.split() and (name[0] != "_" or name[:2] == "__"):
            raise ImportError
        found = load(homes[homes.index(name) + 1] if is_public else name, name if is_public else None)
    except ImportError:
        raise AttributeError("module 'blynk_batch' has no attribute %r" % name)
    globals()[name] = found
    return found


def load(module, name=None):
    """The module, or its `name`. From source it collects often meanwhile, where the heap is small: compiling leaves so
    much garbage that what lasts would else lie strewn over all of it, with no large hole left between. In bundles it
    collects once, before."""
    global _loading_bytes
    threshold, level = gc.threshold(), micropython.opt_level()
    if not sys.modules.get("blynk_batch." + module):
        for torn in [name for name in sys.modules if not sys.modules.get(name)]:
            sys.modules.pop(torn, None)  # memory ran out in its import: no other would get past it
        gc.collect()
        _loading_bytes = _loading_bytes or max(_LOADING_BYTES, gc.mem_free() // _LOADING_PARTS)
        gc.threshold(_loading_bytes)
        if gc.mem_free() < _SMALL_BYTES:
            micropython.opt_level(3)
    try:
        found = __import__(module, globals(), None, (name or module,), 1)
    finally:
        gc.threshold(threshold)
        micropython.opt_level(level)
    return getattr(found, name) if name else found


def let_go(name):
    """Take the code of the module `name` out of the heap: it works once, when something is opened. On a heap with much
    room it stays, since to compile it again takes longer than all that it does."""
    if _loading_bytes > _ROOMY:
        return
    sys.modules.pop("blynk_batch." + name, None)
    room, _, name = name.rpartition(".")
    (sys.modules["blynk_batch." + room].__dict__ if room else globals()).pop(name, None)
