"""What the service says that it has stored of a pin: GET /external/api/data/get, the file behind its link, its CSV.

Blynk documents neither the columns nor the resolution of the times. So in each row the cell that can be a time is the
time, in milliseconds, seconds or spelt; the other one is the value; points are told apart to the second.
"""

import csv
import io
import json
import math
import zipfile
from datetime import datetime, timezone
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from tools.verify_live.wire import Answer, ask

PATH = "/external/api/data/get"
RAW_DAYS, MINUTE_DAYS = 30, 90  # as far back as raw data, and averages of minutes, are given
_SPELLINGS = ("%Y-%m-%d %H:%M:%S", "%m/%d/%y %I:%M:%S %p")


class History(NamedTuple):
    """`answer`: of the first call that failed, else the last; `raw`, `minutes`: [(Unix seconds, text of the value)]"""

    answer: Answer
    raw: list
    minutes: list

    @property
    def failed(self):
        return self.answer.status != 200 and not _has_no_data(self.answer)

    def count(self, point, now_ms):
        """How often a point was stored; None where the service does not tell."""
        ms, value = point
        age_s = (now_ms - ms) / 1000
        if self.failed or age_s < 0 or age_s > MINUTE_DAYS * 86400:
            return None
        if age_s < RAW_DAYS * 86400:
            return sum(second == ms // 1000 and same(value, read) for second, read in self.raw)
        if isinstance(value, (str, list)):
            return None  # of what is no number there are no averages
        return sum(second // 60 == ms // 60_000 and same(value, read) for second, read in self.minutes)


def history(server, token, pin):
    """The History of a pin, by two requests: the second is for three months."""
    raw, answer = _fetch(server, token, pin, "")
    if answer.status != 200 and not _has_no_data(answer):
        return History(answer, raw, [])
    older, answer = _fetch(server, token, pin, "&period=THREE_MONTHS&granularityType=MINUTE")
    return History(answer, raw, older)


def _fetch(server, token, pin, more):
    """([(Unix seconds, text of the value)], Answer)"""
    answer = ask(server, "%s?token=%s&pin=%s%s" % (PATH, quote(token), pin.lower(), more), token)
    if answer.status != 200:
        return [], answer
    try:
        link = json.loads(answer.content)["link"]
    except (ValueError, KeyError, TypeError):
        return [], answer._replace(status=0, body="no link in the answer: " + answer.body[:80])
    there, here = urlsplit(link), urlsplit(server)
    if there.hostname != here.hostname and not (there.hostname or "").endswith("." + (here.hostname or "")):
        return [], answer._replace(status=0, body="the link leads to another host, %s" % there.hostname)
    file = ask("%s://%s" % there[:2], there.path + "?" * bool(there.query) + there.query, token)
    if file.status != 200:
        return [], file
    try:
        return list(_rows(file.content)), file
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        return [], file._replace(status=0, body="the file behind the link cannot be read: %s" % error)


def _rows(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            for row in csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"))):
                times = [(index, _seconds(cell)) for index, cell in enumerate(row)]
                index, second = next((found for found in times if found[1] is not None), (None, None))
                others = [cell for number, cell in enumerate(row) if number != index]
                if second is not None and others:
                    yield second, others[0]


def _seconds(text):
    if text.isdecimal() and 10 <= len(text) <= 14:
        return int(text) // 1000 if len(text) > 11 else int(text)
    for spelling in _SPELLINGS:
        try:
            return int(datetime.strptime(text, spelling).replace(tzinfo=timezone.utc).timestamp())
        except ValueError:
            pass
    return None


def _value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def same(sent, text):
    """True if a value that was sent is the one of this text: numbers to 32 bits, booleans also as 0 and 1."""
    read = _value(text)
    if isinstance(sent, str):
        return sent in (text, read)
    if isinstance(sent, list):
        read = _value("[%s]" % read) if isinstance(read, str) else read
        return isinstance(read, list) and len(read) == len(sent) and all(map(_is_close, sent, read))
    return _is_close(sent, read)


def _is_close(sent, read):
    return isinstance(read, (int, float)) and math.isclose(sent, read, rel_tol=1e-6, abs_tol=1e-9)


def _has_no_data(answer):
    return answer.status == 500 and "No data" in answer.body
