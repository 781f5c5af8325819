"""How a SQLite connection is opened here, and what its failures are called outside. Only this package sees sqlite3's own exceptions.

Never open() the database, -wal or -shm file by another way while it is in use: closing such a handle drops SQLite's locks.
"""

import errno
import logging
import re
import shutil
import sqlite3
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn, cast

from fedi import errors
from fedi.storage import private

log = logging.getLogger(__name__)

FAILURES = (sqlite3.Error, UnicodeEncodeError, OverflowError)  # what a statement raises and `fail` translates

_FULL_BYTES = 1024 * 1024  # an I/O error with less room than this is a full disk
_PRIMARY = 0xFF  # extended result codes carry the primary one in their low byte
_UNSAID = {  # a row that breaks one of these is a fault of ours, not of the person who caused it
    sqlite3.SQLITE_CONSTRAINT_CHECK,
    sqlite3.SQLITE_CONSTRAINT_NOTNULL,
    3091,  # SQLITE_CONSTRAINT_DATATYPE, which sqlite3 has no name for before Python 3.12
}
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: "The database is in use by another program.",
    sqlite3.SQLITE_LOCKED: "The database is in use by another program.",
    sqlite3.SQLITE_INTERRUPT: "That took too long.",
    sqlite3.SQLITE_CORRUPT: "The database cannot be read.",
    sqlite3.SQLITE_NOTADB: "The database cannot be read.",
    sqlite3.SQLITE_IOERR: "The database cannot be reached.",
    sqlite3.SQLITE_CANTOPEN: "The database cannot be reached.",
    sqlite3.SQLITE_READONLY: "The database cannot be written.",
    sqlite3.SQLITE_NOMEM: "This server is out of memory.",
    sqlite3.SQLITE_PROTOCOL: "The database is in use by another program.",
}
_PRAGMAS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    "temp_store = MEMORY",
    "cache_size = -8192",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "secure_delete = ON",  # what a person deletes is overwritten, whatever this SQLite was built with
)


class Damaged(errors.Invalid):
    """The database file is not one, or is corrupt."""


def open_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes and checkpoints. Waits for no lock by itself, and never makes the file.

    Raises Damaged, Unavailable, StorageFull. The -wal and -shm beside the file are readable by their owner only.
    """
    connection = _open(path)
    try:
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise errors.Invalid(f"{path.parent}: this file system cannot hold the database (no shared memory). Use a local disk.")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA journal_size_limit = {64 * 1024 * 1024}")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        private.tighten(path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"))
    except sqlite3.Error as error:
        connection.close()
        _unopened(error, path)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Raises Damaged, Unavailable."""
    connection = _open(path)
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA busy_timeout = 5000")
    except sqlite3.Error as error:
        connection.close()
        _unopened(error, path)
    return connection


def open_memory(content: bytes) -> sqlite3.Connection:
    """A database in memory that starts as a copy of `content` (what `serialize()` gave)."""
    connection = prepared(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=512))
    connection.deserialize(content)
    return connection


def data_version(connection: sqlite3.Connection) -> tuple[int, int]:
    """A number that other connections' commits change, and one that this connection's own do. Raises Unavailable."""
    try:
        return connection.execute("PRAGMA data_version").fetchone()[0], connection.total_changes
    except sqlite3.Error as error:
        fail(error)


def reading(connection: sqlite3.Connection) -> sqlite3.Connection:
    """The connection of a database in memory as one that cannot write; of a file there are two."""
    return cast(sqlite3.Connection, _Reading(connection))


class _Reading:
    """Refuses what `query_only` refuses. To switch that on and off makes SQLite forget every statement it has prepared."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._execute = connection.execute

    def execute(self, sql: str, params: Any = ()) -> sqlite3.Cursor:
        if _writes(sql):
            raise errors.Unavailable(_UNAVAILABLE[sqlite3.SQLITE_READONLY])
        return self._execute(sql, params)

    def executemany(self, sql: str, rows: Any) -> NoReturn:
        raise errors.Unavailable(_UNAVAILABLE[sqlite3.SQLITE_READONLY])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@lru_cache(maxsize=2048)
def _writes(sql: str) -> bool:
    word = re.match(r"(?:\s|--.*\n)*(\w*)", sql)
    kind = word[1].upper() if word else ""
    if kind == "WITH":
        return re.search(r"\)\s*(?:INSERT|REPLACE|UPDATE|DELETE)\b", sql, re.IGNORECASE) is not None
    return kind not in ("SELECT", "VALUES", "PRAGMA", "EXPLAIN", "BEGIN", "COMMIT", "ROLLBACK")


def _open(path: Path) -> sqlite3.Connection:
    address = path.absolute().as_uri() + "?mode=rw"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=0, isolation_level=None, check_same_thread=False, cached_statements=512)
    except sqlite3.Error as error:
        _unopened(error, path)
    try:
        return prepared(connection)
    except sqlite3.Error as error:
        connection.close()
        _unopened(error, path)


def _unopened(error: sqlite3.Error, path: Path) -> NoReturn:
    if primary(error) in _DAMAGE:
        raise Damaged(f"{path}: this is not a readable database. Restore the newest backup with `fedi restore FILE`.") from error
    raise (translated(error, path.parent) or error) from error


def prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    """The house's settings on a fresh connection."""
    connection.row_factory = sqlite3.Row
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def primary(error: BaseException) -> int:
    """The primary result code of a sqlite3 error, 0 if it has none."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY


def is_busy(error: BaseException) -> bool:
    """Whether somebody else holds the lock."""
    return primary(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def fail(error: BaseException) -> NoReturn:
    """Raise what `error` (one of FAILURES) is called in the house; a mistake in our own SQL is raised as it is."""
    known = translated(error)
    if known is None:
        raise error
    raise known from error


def translated(error: BaseException, folder: Path | None = None) -> errors.FediError | None:
    """The house's name for `error`, None for a mistake in our own SQL. `folder` lets a full disk be told from a broken one."""
    if isinstance(error, UnicodeEncodeError | OverflowError):
        return errors.Invalid("A text or number in this cannot be stored.")
    if isinstance(error, OSError):
        return full() if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
    if isinstance(error, sqlite3.IntegrityError):
        if getattr(error, "sqlite_errorcode", 0) in _UNSAID:
            log.error("a row breaks a rule of its table: %s", error)
        return errors.Conflict("That is there already, or what it belongs to is not.")
    code = primary(error)
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and folder is not None and no_room(folder)):
        return full()
    if code == sqlite3.SQLITE_TOOBIG:
        return errors.TooLarge("A text in this is too long to be stored.")
    if code in _DAMAGE:
        log.critical("the database is damaged: %s", error)
    message = _UNAVAILABLE.get(code)
    return errors.Unavailable(message) if message else None


def full() -> errors.StorageFull:
    """What a write on a full disk raises."""
    return errors.StorageFull("The disk of this server is full.", retry_after_s=60)


def no_room(folder: Path) -> bool:
    """Whether the disk of a folder is (nearly) full."""
    try:
        return shutil.disk_usage(folder).free < _FULL_BYTES
    except OSError:
        return False


def problems(connection: sqlite3.Connection, *, thorough: bool = False) -> list[str]:
    """What is wrong inside the database, at most ten lines; empty when all is well. Reads the whole file."""
    check = "integrity_check" if thorough else "quick_check"
    try:
        found = [row[0] for row in connection.execute(f"PRAGMA {check}(10)").fetchall() if row[0] != "ok"]
        if thorough and not found:
            broken = connection.execute('SELECT DISTINCT "table", parent FROM pragma_foreign_key_check LIMIT 10').fetchall()
            found = [f"{row[0]}: rows refer to missing {row[1]}" for row in broken]
    except sqlite3.DatabaseError as error:
        if primary(error) not in _DAMAGE:
            raise
        return [str(error)]
    return found
