"""The steps of the check, in order; each adds rows to the report. Knows the board only through its connection."""

import socket
import time
from pathlib import Path

import click

from tools.board.connection import Connection
from tools.board.errors import BoardProblem, RemoteError
from tools.sandbox.testing import Sandbox

DEVICE = (Path(__file__).resolve().parent / "device.py").read_text(encoding="utf-8")
TOKEN = "test-token-of-32-characters-0001"
COUNT = 50
HEAP_STAGES = (
    ("before the import", ""),
    ("after it", "import blynk_batch"),
    ("with an open ring", "client = open_client(%(token)r)"),
    ("after a reading", "client.log(PIN, 0, timestamp=1648054765458)"),
)
_STEP_S = 60
_REBOOT_S = 30
_WIFI_S = 30


class Check:
    """`rows` [(what, found)] and `failed` [what]. `wifi` (name, password) or None; `host` this machine's address."""

    def __init__(self, port, tool, wifi=None, host=None):
        self._port, self._tool, self._wifi, self._host = port, tool, wifi, host
        self._first_ms = int(time.time() - COUNT) * 1000
        self.rows, self.failed = [], []
        self.title = ""

    def run(self):
        self._board = Connection(self._port, self._tool)
        try:
            for step in (self._facts, self._heap, self._log, self._reset, self._recover, self._drain):
                self._board.soft_reset()
                self._board.exec(DEVICE)
                step()
        finally:
            self._tidy()

    def _tidy(self):
        """However the check ends, Ctrl-C among it, nothing of it stays on the board."""
        try:
            self._board.soft_reset()
            self._board.exec(DEVICE + "\nremove()", _STEP_S)
        except BoardProblem:
            pass  # it does not answer: the next check removes it
        self._board.close()

    def _call(self, call, timeout_s=_STEP_S):
        return self._board.ask("print(repr(%s))" % call, timeout_s)

    def _add(self, what, found, good=True):
        click.echo("%s: %s" % (what, found), err=True)
        self.rows.append((what, found if good else found + " **(wrong)**"))
        if not good:
            self.failed.append(what)

    def _facts(self):
        self._board.exec("remove()", _STEP_S)
        facts = self._call("facts()")
        self.title = facts["machine"]
        self._add("firmware", "%(version)s, .mpy version %(mpy)d" % facts)
        if facts["frequency"]:
            self._add("processor", "%d MHz" % (facts["frequency"] // 1000000))
        size = facts["bytes"] // 1024, facts["free"] // 1024, facts["block"]
        self._add("filesystem at /", "%d KB, %d KB free, blocks of %d bytes" % size)

    def _heap(self):
        """Each measure is a call of its own: some builds collect garbage only between two."""
        for name, code in HEAP_STAGES:
            try:
                self._board.exec("import gc\n%s\ngc.collect()" % (code % {"token": TOKEN}), _STEP_S)
            except RemoteError as error:
                if not error.text.splitlines()[-1].startswith(("ImportError", "AttributeError")):
                    raise
                raise BoardProblem("The library is not on the board: run `make deploy PORT=%s` first." % self._port)
            used, free = self._call("(gc.mem_alloc(), gc.mem_free())")
            self._add("heap " + name, "%.1f KB in use, %.1f KB free" % (used / 1024, free / 1024))
        self.title = "blynk_batch %s on %s" % (self._call("blynk_batch.__version__"), self.title)
        self._board.exec("client.clear()\nclient.close()\nremove()", _STEP_S)

    def _log(self):
        took = self._call("log(%r, %d, %d)" % (TOKEN, COUNT, self._first_ms))
        mean, longest = sum(took) / len(took) / 1000, max(took) / 1000
        self._add("log(), each of %d readings" % COUNT, "%.1f ms in the mean, %.1f ms the longest" % (mean, longest))

    def _reset(self):
        """Hard, with the ring open; a board whose USB goes away meanwhile comes back at the same port."""
        self._board.send("import machine\nmachine.reset()")
        self._board.close()
        started = time.monotonic()
        while True:
            time.sleep(0.5)
            try:
                self._board = Connection(self._port, self._tool)
                break
            except BoardProblem:
                if time.monotonic() - started > _REBOOT_S:
                    raise
        self._board.exec(DEVICE)
        self._add("hard reset until its prompt answers", "%.1f s" % (time.monotonic() - started))

    def _recover(self):
        took, pending, same, corrupt, _ = self._call("recover(%r, %d, %d)" % (TOKEN, COUNT, self._first_ms))
        self._add("opening the ring after it", "%d ms" % took)
        found = "%d of %d as logged, %d damaged" % (same, COUNT, corrupt)
        self._add("readings after it", found, (pending, same, corrupt) == (COUNT, COUNT, 0))

    def _drain(self):
        if not self._call("has_network()"):
            return self._add("drain", "no network: drain not tried")
        if not self._wifi:
            return self._add("drain", "no Wi-Fi was named: drain not tried")
        address = self._call("connect(%r, %r, %d)" % (*self._wifi, _WIFI_S), _WIFI_S + 10)
        if address is None:
            return self._add("drain", "not tried: no connection to the Wi-Fi within %d s" % _WIFI_S, False)
        with Sandbox(tokens=[TOKEN], host="0.0.0.0") as sandbox:
            server = "http://%s:%d" % (self._host or own_address(address), sandbox.port)
            uploaded, requests, pending, took, error = self._call("drain(%r, %r)" % (TOKEN, server), 90)
            arrived = sandbox.points("V1")
        expected = [(1, self._first_ms + 1000 * index, 20 + index / 4) for index in range(COUNT)]
        found = "%d of %d readings in %d request(s), %.1f s" % (uploaded, COUNT, requests, took / 1000)
        found += "; the server has %s" % ("each once, as logged" if arrived == expected else "%d" % len(arrived))
        self._add("drain", found + ("; " + error if error else ""), arrived == expected and not pending)


def own_address(other):
    """This machine's address as `other` sees it. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((other, 9))
        return probe.getsockname()[0]
