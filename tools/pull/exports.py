"""Points to CSV or to lines of JSON."""

import csv
import json
from datetime import datetime, timedelta, timezone

COLUMNS = ("pin", "timestamp_ms", "time_utc", "value", "state", "time_source")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def row(point):
    """The values of COLUMNS for one point of device/read.py."""
    ms = point["ms"]
    text = "" if ms is None else (_EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return ("V%d" % point["pin"], ms, text, point["value"], point["state"], point["time"])


class Csv:
    def __init__(self, file):
        self._writer = csv.writer(file, lineterminator="\n")
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
