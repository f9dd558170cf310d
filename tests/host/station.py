"""A weather station for tests: a script run by MicroPython with blynk_batch and its default transport,
against a real sandbox over real sockets, with a token and a ledger of its own.

    def test_a_reading_arrives(station):
        said = station.run('''
            client = board.boot()
            client.log(1, 21.5)
            say(outcome(client.upload()))
        ''', medium="littlefs")
        assert said == [[None, 0, 1, 0]]
        assert station.values() == [21.5]

station_board.py says what a script has at hand.
"""

import json
import textwrap
from binascii import crc32
from pathlib import Path

from tools import device
from tools.device import ROOT
from tools.seed import seed

MEDIA = ("littlefs", "raw")  # a FileRing as an ESP32 has it, and a BlockRing
START_MS = 1795000000000  # the clock of a new board
ONE_READING = """
client = board.boot()
client.log(1, 7)
say(outcome(client.upload()))
stats = client.stats()
say([stats[name] for name in ("retried", "smaller", "redirected", "held", "rejected", "stopped")])
"""
_FOLDERS = [device.LIB, device.SIM, ROOT / "tests" / "device", ROOT / "tests" / "host", device.FROZEN]
_HEAD = "from station_board import arguments, blynk_batch, board, every_cut, log_many, open_files, outcome, say\n"


class Station:
    """`url`: another server than the sandbox's. `token`: one of the sandbox's, its first by default."""

    def __init__(self, folder, sandbox, token=None, url=None):
        self.folder, self.sandbox = Path(folder), sandbox
        self.token, self.url = token or sandbox.token, url or sandbox.url

    def run(self, script, medium="folder", **arguments):
        """What the script said, in order. `arguments` are its dict of that name; AssertionError if it failed. What is
        drawn at random there depends on the run's seed and the script alone."""
        path = self.folder / "station_script.py"
        path.write_text(_HEAD + textwrap.dedent(script))
        drawn_from = crc32(b"%d %s" % (seed(), script.encode())) >> 2  # a small integer on every port
        words = [self.url, self.token, medium, json.dumps(arguments), str(drawn_from)]
        done = device.run(path, *words, paths=_FOLDERS, cwd=self.folder, timeout=600)
        assert done.returncode == 0, "%s\nended with status %d" % (done.stdout[-4000:], done.returncode)
        assert self.token not in done.stdout
        return [json.loads(line[1:]) for line in done.stdout.splitlines() if line.startswith("@")]

    def fault(self, name, **settings):
        """A fault of the sandbox, for this station alone."""
        return self.sandbox.fault(name, token=self.token, **settings)

    def points(self, pin=None):
        """[(pin, ms, value)] that the sandbox stored, in the order of arrival, nothing merged."""
        return self.sandbox.points(pin, token=self.token)

    def values(self, pin=None):
        return [value for _, _, value in self.points(pin)]

    def requests(self):
        """Every request of this station, with what became of it."""
        return [request for request in self.sandbox.requests() if request["token"] == self.token]

    def duplicates(self):
        """How many points arrived more often than once, each counted for every further time."""
        return sum(count for key, count in self.sandbox.duplicates().items() if key[0] == self.token)
