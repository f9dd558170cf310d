"""Runs one test function of one file inside MicroPython and reports it in one line.

Started as `runner.py FILE FUNCTION FOLDER ROOT SEED PARTS [LIBRARY]` (Unix port), or imported and called (webassembly
port). LIBRARY is a folder with the compiled bundles, to test instead of the checkout's lib/.
The test runs with FOLDER as its working directory: private, empty, removed afterwards. FOLDER, the checkout's ROOT,
SEED and PARTS are also sys.argv[1:]. `random` and `os.urandom`, from which the ring draws its salt, give what SEED
determines. PARTS: on how many ports hundreds of cases that a test draws are shared out.
`async def` tests run under asyncio.
Knows nothing of pytest; tests/device/conftest.py starts it and reads its output.
"""

import os
import random
import sys
from binascii import crc32

# The webassembly port fails with WASI's error numbers; boards, and the library, know the usual ones.
_ERROR_NUMBERS = {44: 2, 8: 9, 2: 13, 20: 17, 54: 20, 31: 21, 28: 22, 51: 28, 55: 39}


def _with_numbers_of_boards(action):
    def call(*args):
        try:
            return action(*args)
        except OSError as error:
            raise OSError(_ERROR_NUMBERS.get(error.args[0], error.args[0]))

    return call


class _Os:
    """The os module, its `urandom` determined by a seed, its functions failing with the numbers of boards."""

    def __init__(self, seed):
        for name in dir(os):
            found = getattr(os, name)
            is_foreign = sys.platform == "webassembly" and callable(found)
            setattr(self, name, _with_numbers_of_boards(found) if is_foreign else found)
        self.urandom = self._urandom
        self._drawn = seed.to_bytes(4, "little")

    def _urandom(self, count):
        drawn = b""
        while len(drawn) < count:
            self._drawn = crc32(self._drawn).to_bytes(4, "little")
            drawn += self._drawn
        return drawn[:count]


def _use(seed):
    """Before the library is imported."""
    sys.modules["os"] = _Os(seed)
    random.seed(seed)
    if sys.platform == "webassembly":
        import builtins

        builtins.open = _with_numbers_of_boards(open)


def _module_name(path):
    name = path.replace("\\", "/").split("/")[-1]
    return name[:-3] if name.endswith(".py") else name


def use_bundles(library):
    """Take the library from that folder; what the tests look into of client.py and errors.py lies in its core."""
    sys.path.insert(0, library)
    import blynk_batch

    blynk_batch.client = sys.modules["blynk_batch.client"] = sys.modules["blynk_batch.errors"] = blynk_batch


def run(path, function, folder, root, seed, parts=1, library=None):
    """Runs the test; True and the line `PASSED function` on success, else False after a traceback."""
    _use(seed)
    if library:
        use_bundles(library)
    sys.argv[:] = [path, folder, root, str(seed), str(parts)]
    os.chdir(folder)
    try:
        result = getattr(__import__(_module_name(path)), function)()
        if hasattr(result, "send"):  # a coroutine: calling it has run nothing as yet
            import asyncio

            asyncio.run(result)
    except Exception as error:
        sys.print_exception(error)
        return False
    print("PASSED", function)
    return True


if __name__ == "__main__":
    path, function, folder, root, seed, parts = sys.argv[1:7]
    if not run(path, function, folder, root, int(seed), int(parts), *sys.argv[7:]):
        sys.exit(1)
