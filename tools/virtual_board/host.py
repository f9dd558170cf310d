"""The host's side of a board that is a Node process: a pseudo-terminal, and what passes between the two.

    with VirtualBoard(folder) as board:
        subprocess.run(["mpremote", "connect", board.port, "exec", "print(1)"])

Passes bytes on and starts the process again when it ends. Knows nothing of what they mean. Linux and macOS.
"""

import fcntl
import os
import select
import shutil
import subprocess
import tempfile
import threading
import time
import tty
from contextlib import contextmanager
from pathlib import Path

import click

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "node" / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"
PICO_W_FLASH_BYTES = 848 * 1024  # of its filesystem
_NOBODY_READS_S = 1  # after this long output is thrown away, as a USB board does when no program has its port open

_CRASHED_S = 1  # before a process that failed is started again


class BoardError(click.ClickException):
    """Why there is no virtual board, in one sentence."""


def missing():
    """What has to be installed first, or None."""
    if shutil.which("node") is None:
        return "the virtual board needs Node.js: install it, then run `make setup`"
    if not BUILD.is_dir():
        return "the virtual board needs MicroPython's webassembly build: run `make setup`"
    return None


def claim(flash):
    """Keeps other boards from the file or folder `flash` until what it gives, a descriptor, is closed. Raises
    BoardError if another has it: two that write to one flash destroy it."""
    try:
        descriptor = os.open(flash, os.O_RDONLY)
    except OSError as error:
        raise BoardError("%s cannot be read: %s" % (flash, error.strerror)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise BoardError("%s is the flash of a board that runs: end that one, or name another." % flash) from None
    return descriptor


@contextmanager
def until_ctrl_c(flash):
    """A board's command: Ctrl-C is its usual end, and a `flash` that cannot be used is told in one sentence."""
    try:
        yield
    except OSError as error:
        raise BoardError("%s cannot be the flash: %s" % (error.filename or flash, error.strerror))
    except KeyboardInterrupt:
        click.echo()


class BoardProcess:
    """A process whose standard input and output are the serial line at `port`. `restarts` counts its ends other than
    by close(), after each of which it is started again if `restarts_itself`; else `ended` is set.

    Subclasses say how it is started, in command(). Nobody else can have its `flash` meanwhile."""

    restarts_itself = True

    def __init__(self, flash):
        self._claim = claim(flash)
        # The other end stays open here: else reading fails between two programs that use the port.
        self._line, self._other_end = os.openpty()
        tty.setraw(self._other_end)
        self.port = os.ttyname(self._other_end)
        self.restarts = -1
        self.ended = threading.Event()
        self._closing = False
        self._process = None
        self._lock = threading.Lock()
        self._start()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._to_board, self._from_board)]
        for thread in self._threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _start(self):
        self._process = subprocess.Popen(self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.restarts += 1

    def reset(self):
        """As by its reset button, also in a busy loop. What is typed from now on is for the new run."""
        before = self.restarts
        self._process.kill()
        while self.restarts == before and self._threads[-1].is_alive():
            time.sleep(0.01)

    def close(self):
        with self._lock:
            self._closing = True
            self._process.kill()
        for thread in self._threads:
            thread.join()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            stream.close()
        os.close(self._line)
        os.close(self._other_end)
        os.close(self._claim)

    def _to_board(self):
        while not self._closing:
            if not select.select([self._line], [], [], 0.2)[0]:
                continue
            typed = os.read(self._line, 4096)
            while typed and not self._closing:
                try:
                    typed = typed[self._process.stdin.write(typed) :]
                except (BrokenPipeError, ValueError):
                    time.sleep(0.01)  # the process is being replaced, or has ended

    def _from_board(self):
        patience = _NOBODY_READS_S
        while True:
            said = self._process.stdout.read(4096)
            if not said:
                if not self._replace():
                    return
            while said:
                if not select.select([], [self._line], [], patience)[1]:
                    patience = 0
                    break
                patience = _NOBODY_READS_S
                said = said[os.write(self._line, said[:256]) :]

    def _replace(self):
        """A new process for one that ended; False when the board is closed."""
        with self._lock:
            if self._closing or not self.restarts_itself:
                self._process.wait()
                self.ended.set()
                return False
            ended = self._process
            if ended.wait() > 0:
                time.sleep(_CRASHED_S)
            self._start()
            ended.stdin.close()
            ended.stdout.close()
        return True


class VirtualBoard(BoardProcess):
    """`port` is the path to hand to a tool. `folder` is the board's flash, here to look at; without one it is a
    temporary folder, removed at the end. `flash_bytes` is what fits. With `network` its programs reach what this
    machine reaches, without TLS.

    Raises BoardError if Node.js or the build is missing."""

    def __init__(self, folder=None, flash_bytes=PICO_W_FLASH_BYTES, network=True):
        if problem := missing():
            raise BoardError(problem)
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="virtual-board-")
        self.folder = Path(folder or self._temporary.name)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._flash_bytes = flash_bytes
        self.network = network  # from the next reset() on
        super().__init__(self.folder)

    def command(self):
        network = "network" if self.network else "offline"
        return ["node", str(HERE / "board.mjs"), str(self.folder), str(self._flash_bytes), network]

    def close(self):
        super().close()
        if self._temporary:
            self._temporary.cleanup()
