"""Keeps the ring whole when a soft timer callback logs while another call is at work on it.

The interrupted call holds the guard; the callback's reading waits in a short queue and is stored as soon as the
guard is let go, before the interrupted call returns. Not for threads.
"""

from micropython import const

from .errors import Busy

_QUEUE = const(8)


class Guard:
    """`run(action, *args)` now, or queued; `enter()`/`leave()` around work that must not be interrupted."""

    def __init__(self):
        self.held = 0
        self._queue = []

    def enter(self):
        self.held += 1

    def leave(self):
        """Let go; what waited is done first."""
        if self.held > 1:
            self.held -= 1
            return
        while True:
            try:
                while self._queue:
                    action, args = self._queue.pop(0)
                    action(*args)
            finally:
                self.held = 0
            if not self._queue:  # nothing came between the last look and letting go
                return
            self.held = 1

    def run(self, action, *args):
        """Do `action(*args)`; queued if the guard is held. Busy if eight wait already."""
        if self.held:
            if len(self._queue) >= _QUEUE:
                raise Busy("%d readings wait for the call that was interrupted: log less often" % _QUEUE)
            self._queue.append((action, args))
            return
        self.held = 1
        try:
            action(*args)
        finally:
            self.leave()
