"""The sandbox for tests and the demo: starts it as a process of its own and reads its ledger from the file.

    with Sandbox(tokens=["T" * 32], total_limit=None) as sandbox:
        sandbox.fault("server_error", count=2, pin=1)
        ...
        assert sandbox.points("V1") == [(1, 1648054765458, 1.0)]

Everything is read from the server's database, so a count is what the server stored, whatever a device thinks.
"""

import json
import os
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import click

from tools.device import ROOT
from tools.sandbox.contract import PATH, parse_pin

_STOP_S = 20


class Sandbox:
    """Options are those of the command line with underscores: `total_limit=5`, `datastream=["V1:double"]`,
    `region=["ny3"]`, `allow_chunked=True`; None means "none", no limit. Without `database` the ledger lies in
    a temporary folder that is removed at the end. With `certificate=` it speaks HTTPS, and `ca` is the PEM file of the
    certificate's root. Attributes: `url`, `token`, `tokens`, `database`, `regions`.
    """

    def __init__(self, tokens=("test-token-of-32-characters-0001",), database=None, port=0, ca=None, **options):
        self._folder = None if database else tempfile.TemporaryDirectory(prefix="sandbox-")
        self.database = Path(database or os.path.join(self._folder.name, "ledger.sqlite"))
        self.tokens = list(tokens)
        self.token = self.tokens[0].partition("@")[0]
        self.port = port
        self._options = options
        # Never through a proxy: the sandbox is on this machine.
        handlers = [urllib.request.ProxyHandler({})]
        if ca:
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(ca))))
        self._opener = urllib.request.build_opener(*handlers)
        self._process = None

    def __enter__(self):
        try:
            return self.start()
        except BaseException:  # Ctrl-C while it starts
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.stop()
        if self._folder:
            self._folder.cleanup()

    @staticmethod
    def launch(arguments):
        """The command under way, as a Popen with its output."""
        command = [sys.executable, "-m", "tools.sandbox", *arguments]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def start(self):
        """Starts it, after stop() on the same port with the same ledger."""
        arguments = ["--port", str(self.port), "--database", str(self.database)]
        arguments += [part for token in self.tokens for part in ("--token", token)]
        arguments += _arguments(self._options)
        self._process = self.launch(arguments)
        first_line = self._process.stdout.readline()
        match = re.search(r"https?://\S+", first_line)
        if not match:
            self._process = self._process.communicate() and None
            raise click.ClickException("the sandbox did not start: it has said why")
        self.url = match.group()
        self.port = int(self.url.rpartition(":")[2])
        self.regions = self.info()["regions"]
        return self

    def stop(self):
        """Stops it as Ctrl-C would, even if that is ignored; then connections are refused. Returns its exit status."""
        if self._process is None:
            return None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.communicate(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise RuntimeError("the sandbox did not stop")
        status, self._process = self._process.returncode, None
        return status

    def upload_url(self, pin="v1", token=None):
        return "%s%s?token=%s&pin=%s" % (self.url, PATH, quote(token or self.token), pin)

    # Control

    def info(self):
        return self._call("GET", "/sandbox/info")

    def fault(self, name, **settings):
        """Switches a fault on; settings: its own, and count, skip, pin, token. Returns its number."""
        return self._call("POST", "/sandbox/faults", dict(settings, name=name))["number"]

    def clear_faults(self):
        self._call("DELETE", "/sandbox/faults")

    def rules(self):
        return self._call("GET", "/sandbox/rules")

    def change_rules(self, **changes):
        """What is taken of a batch's content from now on: `datastreams={"V1": "integer:0:100", "V2": None}`,
        `max_age_days=30`, `drop=["too_old"]`, `words={"too_old": "..."}`, `others="none"`."""
        return self._call("PATCH", "/sandbox/rules", changes)

    def _call(self, method, path, data=None):
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"}, method=method)
        try:
            with self._opener.open(request, timeout=_STOP_S) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]["message"])

    # The ledger

    def points(self, pin=None, token=None):
        """[(pin, ms, value)] in the order of arrival, nothing merged."""
        where, arguments = _where(pin, token)
        rows = self.query("SELECT pin, ms, value FROM ledger%s ORDER BY id" % where, arguments)
        return [(pin, ms, json.loads(value)) for pin, ms, value in rows]

    def batches(self):
        """The accepted batches in the order of arrival, as dicts: id, arrived_ms, token, pin, bytes, points, ..."""
        return [dict(row) for row in self.query("SELECT * FROM batches ORDER BY id")]

    def requests(self):
        """Every upload request in the order of arrival, accepted or not: also status, message, fault."""
        return [dict(row) for row in self.query("SELECT * FROM requests ORDER BY id")]

    def duplicates(self):
        """{(token, pin, ms, value as JSON): how many more often than once it arrived}"""
        rows = self.query("SELECT token, pin, ms, value FROM ledger")
        return {key: count - 1 for key, count in Counter(map(tuple, rows)).items() if count > 1}

    def query(self, sql, arguments=()):
        """Rows of the ledger's database (tables: ledger.py), also while the sandbox is stopped."""
        connection = sqlite3.connect(str(self.database), timeout=30)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA query_only = 1")
            return connection.execute(sql, arguments).fetchall()
        finally:
            connection.close()


def _where(pin, token):
    wanted = {"pin": pin if pin is None or isinstance(pin, int) else parse_pin(pin), "token": token}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    clause = " AND ".join("%s = ?" % name for name in wanted)
    return (" WHERE " + clause if clause else ""), tuple(wanted.values())


def _arguments(options):
    """total_limit=5 as --total-limit 5; True is a flag, a list repeats, None is "none"."""
    arguments = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True or value is False:
            arguments += [flag] * value
            continue
        for one in value if isinstance(value, (list, tuple)) else [value]:
            arguments += [flag, "none" if one is None else str(one)]
    return arguments
