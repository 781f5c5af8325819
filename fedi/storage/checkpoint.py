"""When the write-ahead log is copied into the database file. Only the writer does it, in the commit thread, between two groups."""

import logging
import sqlite3
from pathlib import Path
from time import monotonic

log = logging.getLogger(__name__)

BYTES = 4 * 1024 * 1024  # of new log: copy what can be copied without waiting
TRUNCATE_BYTES = 64 * 1024 * 1024  # a log this long is emptied, waiting a moment for readers
TRUNCATE_WAIT_MS = 200
TRUNCATE_AGAIN_S = 1.0

_PAGE = 4096


class Checkpoints:
    """The policy for one database file.

    SQLite writes a copied log again from its start, so the file's size says little: rows changed since the last copy are counted
    instead, at the pages per row that the last copy saw.
    """

    def __init__(self, database: Path) -> None:
        self.folder = database.parent
        self._log = database.with_name(database.name + "-wal")
        self._size = self.length()
        self._rows = 0
        self._allowed = BYTES // _PAGE
        self._again = 0.0

    def due(self, connection: sqlite3.Connection) -> str | None:
        """The kind of checkpoint to run now, if any."""
        size = self.length()
        if size > TRUNCATE_BYTES and monotonic() >= self._again:
            return "TRUNCATE"
        if self._changed(connection) >= self._allowed or size - self._size >= BYTES:
            return "PASSIVE"
        return None

    def pending(self, connection: sqlite3.Connection) -> bool:
        """Whether anything was written since the last one."""
        return self._changed(connection) > 0

    def run(self, connection: sqlite3.Connection, kind: str) -> None:
        """Copy. A failure is only logged: what is committed is safe in the log, and it is tried again."""
        rows = self._changed(connection)
        try:
            connection.execute(f"PRAGMA busy_timeout = {TRUNCATE_WAIT_MS if kind == 'TRUNCATE' else 0}")
            busy, frames, _ = connection.execute(f"PRAGMA wal_checkpoint({kind})").fetchone()
            connection.execute("PRAGMA busy_timeout = 0")
        except sqlite3.Error as error:
            log.warning("the write-ahead log could not be copied into the database: %s", error)
            busy, frames = 1, 0
        if frames > 0 and rows > 0:
            self._allowed = min(max(BYTES // _PAGE * rows // frames, 100), 100_000)
        if busy:
            self._again = monotonic() + TRUNCATE_AGAIN_S
        self._rows = connection.total_changes
        self._size = self.length()

    def _changed(self, connection: sqlite3.Connection) -> int:
        if connection.total_changes < self._rows:  # another connection has taken the writer's place
            self._rows = 0
        return connection.total_changes - self._rows

    def length(self) -> int:
        """Bytes of the log file."""
        try:
            return self._log.stat().st_size
        except OSError:
            return 0
