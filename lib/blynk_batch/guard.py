"""Keeps the ring whole when a soft timer callback logs while another call is at work on it.

The interrupted call holds the guard; the callback's reading waits in a short queue and is stored as soon as the
guard is let go, before the interrupted call returns. Not for threads: one that meets another at work is refused.
"""

try:
    from _thread import get_ident
except ImportError:  # no threads
    get_ident = int  # pyright: ignore # it gives 0

from micropython import const

from .errors import Busy

_QUEUE = const(8)


class Guard:
    """`run(action, args)` now, or queued; `hold(action, *args)` now, while others wait, as for all that reads the ring.

    failed   what the first queued action raised that nobody has been told of yet, or None"""

    def __init__(self):
        self.held = 0
        self.failed = None
        self._queue = []
        self._thread = 0  # that holds it

    def enter(self):
        if self.held and self._thread != get_ident():
            raise self.busy("")
        self._thread = get_ident()
        self.held += 1

    def busy(self, why):
        """The Busy that says why a call cannot be made now."""
        if self._thread != get_ident():
            why = "another thread is at work with this client, which is not made for two: let one thread make all calls"
        return Busy(why)

    def leave(self):
        """Let go; what waited is done first, all of it. Ctrl-C, which breaks in at any jump, leaves nothing locked."""
        try:
            self.finish()
        finally:
            self.held -= 1  # what waits still is done by the next call
        if self._queue and not self.held:  # it came between the last look and letting go
            self.held = 1
            self.leave()

    def hold(self, action, *args):
        """What `action(*args)` returns, while others wait: they would change what a medium is about to read."""
        self.enter()
        try:
            return action(*args)
        finally:
            self.leave()

    def finish(self):
        """Do what waits."""
        while self.held == 1 and self._queue:
            action, args = self._queue.pop(0)
            try:
                action(*args)
            except Exception as e:  # noqa: BLE001 - it belongs to the callback, which has returned
                self.failed = self.failed or e

    def run(self, action, args=()):
        """Do `action(*args)`; queued if the guard is held. Busy if eight wait already.

        Raises what the action raises, else what a queued one did meanwhile."""
        if self.held:
            if len(self._queue) >= _QUEUE or self._thread != get_ident():
                raise self.busy("%d readings wait for the call that was interrupted: log less often" % _QUEUE)
            self._queue.append((action, args))
            return
        self._thread = get_ident()
        self.held = 1
        try:
            action(*args)
        finally:
            self.leave()
        failed, self.failed = self.failed, None
        if failed:
            raise failed
