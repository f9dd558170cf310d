"""Runs one test function of one file inside MicroPython and reports it in one line.

Started as `runner.py FILE FUNCTION FOLDER ROOT [LIBRARY]` (Unix port), or imported and called (webassembly port).
LIBRARY is a folder with the compiled bundles, to test instead of the checkout's lib/.
The test runs with FOLDER as its working directory: private, empty, removed afterwards. FOLDER and the
checkout's ROOT are also sys.argv[1] and sys.argv[2]. `async def` tests run under asyncio.
Knows nothing of pytest; tests/device/conftest.py starts it and reads its output.
"""

import os
import sys


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
    """The os module, its functions failing with the numbers of boards."""

    def __getattr__(self, name):
        found = getattr(os, name)
        return _with_numbers_of_boards(found) if callable(found) else found


def _use_numbers_of_boards():
    import builtins

    if not isinstance(sys.modules.get("os"), _Os):
        sys.modules["os"] = _Os()
        builtins.open = _with_numbers_of_boards(open)


def _module_name(path):
    name = path.replace("\\", "/").split("/")[-1]
    return name[:-3] if name.endswith(".py") else name


def use_bundles(library):
    """Take the library from that folder; what the tests look into of client.py and errors.py lies in its core."""
    sys.path.insert(0, library)
    import blynk_batch

    blynk_batch.client = sys.modules["blynk_batch.client"] = sys.modules["blynk_batch.errors"] = blynk_batch


def run(path, function, folder, root):
    """Runs the test; True and the line `PASSED function` on success, else False after a traceback."""
    if sys.platform == "webassembly":
        _use_numbers_of_boards()
    sys.argv[:] = [path, folder, root]
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
    arguments = sys.argv[1:5]
    if len(sys.argv) > 5:
        use_bundles(sys.argv[5])
    if not run(*arguments):
        sys.exit(1)
