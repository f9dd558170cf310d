"""Running Python on a board through the installed mpremote or ampy: both bring a REPL client, told apart only here.

    with Connection("/dev/ttyACM0") as board:
        board.exec("import os; print(os.listdir())")

Knows nothing of what is run.
"""

import ast
import math
import struct
import time

from ampy.pyboard import Pyboard, PyboardError
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from tools.board.errors import BoardLost, NoMicroPython, RemoteError
from tools.board.ports import explain

TOOLS = ("mpremote", "ampy")
_FAILURES = (OSError, TransportError, PyboardError, struct.error)
_BAUD = 115200
_RAW_PROMPT = b"raw REPL; CTRL-B to exit"
_ANSWER_S = 5  # a board that opening the port has reset is up again by then
_TALK_S = 60  # beyond the longest silence: what tools ask for is printed by then


def _open(port, tool):
    """The tool's REPL client on the port, which no other program may open meanwhile."""
    if tool == "mpremote":
        return SerialTransport(port, baudrate=_BAUD)
    client = Pyboard(port, baudrate=_BAUD)
    try:
        client.serial.exclusive = True  # mpremote does so by itself
    except BaseException:
        client.close()
        raise
    return client


class Connection:
    """A board in its raw REPL, softly reset, so that main.py is not running. `port` is as given.

    Raises PortProblem, NoMicroPython; later BoardLost when it stops answering, RemoteError for its exceptions."""

    def __init__(self, port, tool="mpremote"):
        self.port = port
        try:
            self._client = _open(port, tool)
        except _FAILURES as error:
            raise explain(port, error)
        self._end = math.inf
        self._limit(self._client.serial)
        try:
            self._await_prompt()
            self._guarded(self._client.enter_raw_repl)
        except BaseException:
            self._client.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def exec(self, code, timeout_s=10):
        """What `code` prints, as text; `timeout_s` is the longest silence."""
        out, error = self._guarded(lambda: self._client.exec_raw(code, timeout=timeout_s), timeout_s)
        if error:
            raise RemoteError(error.decode("utf-8", "replace"))
        return out.decode("utf-8", "replace").replace("\r\n", "\n")

    def ask(self, code, timeout_s=10):
        """The Python literal that `code` prints last."""
        lines = self.exec(code, timeout_s).splitlines()
        if not lines:
            raise BoardLost(self.port, "it printed nothing")
        return ast.literal_eval(lines[-1])

    def soft_reset(self):
        """A fresh heap and no modules loaded, as after entering; whatever runs there is broken off."""
        self._guarded(self._client.exit_raw_repl)
        self._await_prompt()
        self._guarded(self._client.enter_raw_repl)

    def send(self, code):
        """Run `code` without waiting for it: it resets the board."""
        self._guarded(lambda: self._client.exec_raw_no_follow(code))

    def close(self):
        try:
            self._client.exit_raw_repl()
        except _FAILURES:
            pass  # the board has gone: there is nothing to leave
        try:
            self._client.close()
        except OSError:
            pass

    def _guarded(self, action, timeout_s=10):
        self._end = time.monotonic() + timeout_s + _TALK_S
        try:
            return action()
        except _FAILURES as error:
            raise BoardLost(self.port, error)

    def _limit(self, line):
        """Both clients wait for silence, which a program that a watchdog has started again never keeps."""
        read = line.read

        def limited(size=1):
            if time.monotonic() > self._end:
                raise OSError("its program talks on: rename main.py while you work")
            return read(size)

        line.read = limited

    def _await_prompt(self):
        """Neither client gives up on a silent port by itself."""
        line = self._client.serial
        line.timeout = 0.2
        heard = b""
        end = time.monotonic() + _ANSWER_S
        while time.monotonic() < end:
            try:
                line.write(b"\r\x03\x03\r\x01")
                for _ in range(5):
                    heard += line.read(256)
                    if _RAW_PROMPT in heard:
                        line.timeout = 10
                        return
            except OSError as error:
                raise BoardLost(self.port, error)
        raise NoMicroPython(self.port, " but says %r" % heard[-40:].decode("latin-1") if heard.strip() else "")

