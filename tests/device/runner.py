"""Runs one test function of one file inside MicroPython and reports it in one line.

Started as `runner.py FILE FUNCTION FOLDER ROOT` (Unix port), or imported and called (webassembly port).
The test runs with FOLDER as its working directory: private, empty, removed afterwards. FOLDER and the
checkout's ROOT are also sys.argv[1] and sys.argv[2]. `async def` tests run under asyncio.
Knows nothing of pytest; tests/device/conftest.py starts it and reads its output.
"""

import os
import sys


def _module_name(path):
    name = path.replace("\\", "/").split("/")[-1]
    return name[:-3] if name.endswith(".py") else name


def run(path, function, folder, root):
    """Runs the test; True and the line `PASSED function` on success, else False after a traceback."""
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
    if not run(*sys.argv[1:5]):
        sys.exit(1)
