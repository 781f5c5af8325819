"""Finds and applies the numbered files of migrations/: one sqlite-utils set, each in one transaction with its record, a backup before.

`NNNN_name.sql` is run as it is, one statement per line end; `NNNN_name.py` has `def migrate(db)`, db a sqlite_utils.Database. They are
append-only: what is applied somewhere is never renamed, reordered or removed. sqlite-utils is imported only when there is something to
apply, because it costs a third of a start's time.
"""

import importlib.util
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from fedi import errors
from fedi.storage.connection import fail, prepared
from fedi.storage.snapshot import copy

if TYPE_CHECKING:
    import sqlite_utils

log = logging.getLogger(__name__)

SET = "fedi"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\Z")
_KINDS = ("table", "index", "view", "trigger")


class TooNew(errors.Conflict):
    """The database was made by a newer version of this program."""


def folder() -> Path:
    """Where the migrations of this installation are: inside the package when installed, beside it in a checkout."""
    package = Path(str(files("fedi")))
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def found(directory: Path) -> list[Path]:
    """The migration files in order. Raises Invalid for a gap or a number used twice."""
    paths = sorted(path for path in directory.iterdir() if path.suffix in (".sql", ".py") and _NAME.match(path.stem))
    for number, path in enumerate(paths, 1):
        if int(path.stem[:4]) != number:
            raise errors.Invalid(f"migrations/{path.name}: the number {number:04d} is missing or used twice.")
    if not paths:
        raise errors.Invalid(f"{directory}: there are no migrations. Is fedi installed completely?")
    return paths


def load(directory: Path) -> "sqlite_utils.Migrations":
    """All migrations as one set for sqlite-utils."""
    import sqlite_utils  # lazy: 0.1 s

    migrations = sqlite_utils.Migrations(SET)
    for path in found(directory):
        migrations(name=path.stem)(_runner(path))
    return migrations


def apply(connection: sqlite3.Connection, directory: Path, backups: Path | None = None) -> list[str]:
    """Bring a database up to date; the names applied now. `backups` is where a copy goes before a database with data is changed.

    Raises TooNew, Invalid when the files contradict what is applied, Unavailable, StorageFull. What failed is rolled back whole.
    """
    names = [path.stem for path in found(directory)]
    done = applied(connection)
    _check_order(names, done)
    pending = names[len(done) :]
    if not pending:
        return []
    if done and backups is not None:
        copy(connection, backups / f"before-{pending[0][:4]}.sqlite3")
    import sqlite_utils  # lazy: 0.1 s

    log.info("migrating the database: %s", ", ".join(pending))
    database = sqlite_utils.Database(connection, recursive_triggers=False, execute_plugins=False)
    factory = connection.row_factory
    connection.row_factory = None
    connection.execute("PRAGMA foreign_keys = OFF")  # so that a table can be rebuilt; each migration is checked before its commit
    try:
        load(directory).apply(database)
    except sqlite3.Error as error:
        fail(error)
    finally:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.row_factory = factory
    return pending


def applied(connection: sqlite3.Connection) -> list[str]:
    """The names of the migrations a database has had, in order."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchall():
        return []
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid", (SET,)).fetchall()
    return [row[0] for row in rows]


def _check_order(names: list[str], done: list[str]) -> None:
    newer = [name for name in done if name not in names]
    if newer:
        raise TooNew(f"This data was made by a newer fedi (it knows `{newer[-1]}`). Install that version, or restore an older backup.")
    if done != names[: len(done)]:
        raise errors.Invalid(f"The migrations applied to this data ({', '.join(done)}) are not the first of those installed.")


def _runner(path: Path) -> "Callable[[sqlite_utils.Database], None]":
    def run(db: "sqlite_utils.Database") -> None:
        if path.suffix == ".sql":
            for statement in _statements(path.read_text("utf-8")):
                db.conn.execute(statement)
        else:
            _module(path)(db)
        broken = db.conn.execute("PRAGMA foreign_key_check").fetchone()
        if broken:
            raise errors.Invalid(f"migrations/{path.name}: it leaves rows of {broken[0]} that refer to nothing in {broken[2]}.")

    return run


def _statements(text: str) -> Iterator[str]:
    """The statements of a script, each ending at the end of a line. (executescript would commit.)"""
    lines: list[str] = []
    for line in text.splitlines():
        lines.append(line)
        if line.rstrip().endswith(";") and sqlite3.complete_statement("\n".join(lines)):
            yield "\n".join(lines)
            lines = []
    rest = "\n".join(lines)
    if any(line.strip() and not line.lstrip().startswith("--") for line in lines):
        yield rest


def _module(path: Path) -> "Callable[[sqlite_utils.Database], None]":
    spec = importlib.util.spec_from_file_location(f"fedi_migration_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise errors.Invalid(f"migrations/{path.name}: it cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    migrate: Callable[[sqlite_utils.Database], None] = module.migrate
    return migrate


def template(directory: Path) -> bytes:
    """A migrated, empty database as bytes, made once per state of the folder."""
    return _template(directory, tuple(path.stat().st_mtime_ns for path in found(directory)))


@lru_cache(maxsize=4)
def _template(directory: Path, _: tuple[int, ...]) -> bytes:
    connection = _fresh(directory)
    try:
        return connection.serialize()
    finally:
        connection.close()


def _fresh(directory: Path) -> sqlite3.Connection:
    connection = prepared(sqlite3.connect(":memory:", isolation_level=None))
    apply(connection, directory)
    return connection


def schema_sql(directory: Path) -> str:
    """What all migrations together make, as text to review: tables with their indexes, then views, then triggers, by name."""
    connection = _fresh(directory)
    try:
        shadows = {row["name"] for row in connection.execute("PRAGMA table_list") if row["type"] == "shadow"}
        rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    finally:
        connection.close()
    ours = [
        row
        for row in rows
        if not row["name"].startswith(("sqlite_", "_sqlite_")) and row["tbl_name"] not in shadows | {"_sqlite_migrations"}
    ]
    ours.sort(key=lambda row: (max(_KINDS.index(row["type"]), 1), row["tbl_name"], _KINDS.index(row["type"]), row["name"]))
    statements = ["\n".join(line.rstrip() for line in row["sql"].splitlines()) + ";\n" for row in ours]
    return "-- Generated from the migrations by `make schema`; never applied. Edit a migration instead.\n\n" + "\n".join(statements)
