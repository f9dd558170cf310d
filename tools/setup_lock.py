"""Runs a command while no other one runs by it in this checkout: `make` sets up with it. Runs on any Python 3."""

import fcntl
import os
import sys

LOCK = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "Makefile")


def lock():
    """Held until the command that takes this process's place ends, with all that it starts."""
    held = os.open(LOCK, os.O_RDONLY)
    os.set_inheritable(held, True)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("waiting for another make, which is setting up", file=sys.stderr)
        fcntl.flock(held, fcntl.LOCK_EX)


if __name__ == "__main__":
    try:
        lock()
    except OSError:
        pass  # a filesystem without locks
    except KeyboardInterrupt:
        sys.exit(130)
    os.execvp(sys.argv[1], sys.argv[1:])
