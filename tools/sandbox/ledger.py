"""The SQLite ledger: every request that arrived and every point that was stored, never merged.

One row in `requests` per request, whatever became of it; one row in `points` per point of an accepted
batch, in the order of arrival, so that losses and duplicates can be counted exactly. The views `batches`
and `ledger` spell out tokens for people who open the file with another program. Knows no HTTP.

A *duplicate* is a point whose token, pin, timestamp and value were all stored before.
"""

import sqlite3
import time
from contextlib import contextmanager, suppress

_VERSION = 1
_DAY_MS = 86_400_000

_SCHEMA = """
CREATE TABLE devices (id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, region TEXT NOT NULL);
CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    arrived_ms INTEGER NOT NULL,
    device INTEGER REFERENCES devices (id),  -- NULL: the token is unknown
    token TEXT NOT NULL,
    pin INTEGER,                             -- NULL: not a pin
    region TEXT NOT NULL,                    -- where it arrived
    bytes INTEGER NOT NULL,                  -- of the body
    status INTEGER NOT NULL,                 -- of the reply; 0: the device got none, or a broken one
    message TEXT NOT NULL,
    fault TEXT NOT NULL DEFAULT '',
    points INTEGER NOT NULL DEFAULT 0,       -- stored
    duplicates INTEGER NOT NULL DEFAULT 0,
    first_ms INTEGER,                        -- earliest and latest timestamp stored
    last_ms INTEGER
);
CREATE TABLE points (
    id INTEGER PRIMARY KEY,                  -- order of arrival
    batch INTEGER NOT NULL REFERENCES requests (id),
    device INTEGER NOT NULL REFERENCES devices (id),
    pin INTEGER NOT NULL,
    ms INTEGER NOT NULL,
    value TEXT NOT NULL,                     -- JSON, digits as sent
    number REAL                              -- for charts; NULL for strings and locations
);
CREATE INDEX points_by_time ON points (device, pin, ms, number);
CREATE INDEX points_by_batch ON points (batch);
CREATE INDEX requests_by_device ON requests (device, arrived_ms, points);
CREATE VIEW batches AS SELECT * FROM requests WHERE points > 0;
CREATE VIEW ledger AS
    SELECT p.id, p.batch, d.token, p.pin, p.ms, p.value FROM points p JOIN devices d ON d.id = p.device;
"""


class LedgerError(Exception):
    """The database file is another program's; the message says what to do."""


def now_ms():
    return time.time_ns() // 1_000_000


def connect(path, read_only=False):
    """A connection for one thread at a time. Rows behave like tuples and like mappings."""
    connection = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False, timeout=30)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only = %d" % read_only)
    return connection


class Ledger:
    """The one writer. Not thread-safe: the server calls it from one thread."""

    def __init__(self, path):
        self.path = path
        self._db = connect(path)
        self._prepare()

    def _prepare(self):
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        names = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master")}
        is_new = version == 0 and not names
        if not is_new and not (version == _VERSION and names >= {"devices", "requests", "points"}):
            raise LedgerError("%s is not a ledger of this sandbox; choose another --database" % self.path)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        if is_new:
            self._db.executescript("BEGIN;%s;PRAGMA user_version = %d;COMMIT;" % (_SCHEMA, _VERSION))

    def close(self):
        with suppress(sqlite3.Error):  # it only speeds up later questions, and another program may hold the file
            self._db.execute("PRAGMA optimize")
        self._db.close()

    @contextmanager
    def _transaction(self):
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:  # a full disk can have ended it
                self._db.execute("ROLLBACK")

    def add_device(self, token, region):
        self._db.execute(
            """INSERT INTO devices (token, region) VALUES (?, ?)
               ON CONFLICT (token) DO UPDATE SET region = excluded.region""",
            (token, region),
        )

    def devices(self):
        """{token: (id, region)}"""
        rows = self._db.execute("SELECT token, id, region FROM devices ORDER BY id")
        return {row["token"]: (row["id"], row["region"]) for row in rows}

    def stored(self, device, at_ms):
        """(points stored in total, points stored on the UTC day of `at_ms`)."""
        query = "SELECT coalesce(sum(points), 0) FROM requests WHERE device = ? AND arrived_ms >= ?"
        since = (0, at_ms - at_ms % _DAY_MS)
        return tuple(self._db.execute(query, (device, ms)).fetchone()[0] for ms in since)

    def history(self, device, pin, first_ms, last_ms):
        """[(pin, ms, value as JSON)] stored between two instants, by pin and time; `pin` None: of all."""
        rows = self._db.execute(
            """SELECT pin, ms, value FROM points WHERE device = ? AND (? IS NULL OR pin = ?) AND ms BETWEEN ? AND ?
               ORDER BY pin, ms, id""",
            (device, pin, pin, first_ms, last_ms),
        )
        return [tuple(row) for row in rows]

    def note(self, **columns):
        """Writes down a request that stored nothing; returns its id."""
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        cursor = self._db.execute("INSERT INTO requests (%s) VALUES (%s)" % (names, marks), tuple(columns.values()))
        return cursor.lastrowid

    def store(self, device, pin, points, **columns):
        """Stores a batch, whole or not at all; returns its id."""
        with self._transaction():
            times = [point.ms for point in points]
            batch = self.note(
                device=device, pin=pin, points=len(points), first_ms=min(times), last_ms=max(times), **columns
            )
            self._db.executemany(
                "INSERT INTO points (batch, device, pin, ms, value, number) VALUES (?, ?, ?, ?, ?, ?)",
                ((batch, device, pin, point.ms, point.value, point.number) for point in points),
            )
            self._count_duplicates(batch)
        return batch

    def _count_duplicates(self, batch):
        self._db.execute(
            """UPDATE requests SET duplicates = (
                   SELECT count(*) FROM points p WHERE p.batch = requests.id AND EXISTS (
                       SELECT 1 FROM points q WHERE q.device = p.device AND q.pin = p.pin AND q.ms = p.ms
                       AND q.value = p.value AND q.id < p.id))
               WHERE id = ?""",
            (batch,),
        )

    def amend(self, request, status, message, fault):
        """What really became of a request, once its reply was sent or spoilt."""
        self._db.execute(
            "UPDATE requests SET status = ?, message = ?, fault = ? WHERE id = ?", (status, message, fault, request)
        )

    def request(self, request):
        return dict(self._db.execute("SELECT * FROM requests WHERE id = ?", (request,)).fetchone())
