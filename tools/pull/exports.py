"""Points to CSV or to lines of JSON."""

import csv
import json
import shutil
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tools.pull.sources import replace

COLUMNS = ("pin", "timestamp_ms", "time_utc", "value", "state", "time_source")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def row(point):
    """The values of COLUMNS for one point of device/read.py."""
    ms = point["ms"]
    text = "" if ms is None else (_EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return ("V%d" % point["pin"], ms, text, point["value"], point["state"], point["time"])


class Outputs:
    """`targets` {kind of file: its path, "-" for standard output, or None}. All is kept in the folder `work` until the
    end, so that an error before leaves what has the name untouched."""

    def __init__(self, targets, work):
        self._targets = {kind: path for kind, path in targets.items() if path}
        self._work = work
        self._files = {kind: open(work / kind.__name__, "w", encoding="utf-8", newline="") for kind in self._targets}
        self._sinks = [kind(file) for kind, file in self._files.items()]
        self.points = 0
        self.paths = [path for path in self._targets.values() if path != "-"]

    def add(self, point):
        self.points += 1
        for sink in self._sinks:
            sink.add(point)

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        for file in self._files.values():
            file.close()
        if error:
            return
        for kind, path in self._targets.items():
            if path == "-":
                print_file(self._work / kind.__name__)
            else:
                replace(self._work / kind.__name__, Path(path))


def print_file(path):
    with open(path, encoding="utf-8", newline="") as file:
        shutil.copyfileobj(file, sys.stdout)
    sys.stdout.flush()


class Csv:
    def __init__(self, file):
        self._writer = csv.writer(file)  # lines end as RFC 4180 has it: with "\n", a "\r" in a text goes unquoted
        self._writer.writerow(COLUMNS)

    def add(self, point):
        name, ms, text, value, state, source = row(point)
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            value = json.dumps(value)
        self._writer.writerow((name, "" if ms is None else ms, text, value, state, source))


class JsonLines:
    def __init__(self, file):
        self._file = file

    def add(self, point):
        self._file.write(json.dumps(dict(zip(COLUMNS, row(point)))) + "\n")
