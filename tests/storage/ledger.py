"""A small database to write to: one table, and the rules that use it."""

import asyncio
from pathlib import Path

from fedi.storage.db import Database, Tx
from fedi.streaming import Event

SCHEMA = """-- A ledger.
CREATE TABLE entries (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- who; once
  amount INTEGER NOT NULL DEFAULT 0 CHECK (amount >= 0)
) STRICT;
CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  entry_id INTEGER NOT NULL REFERENCES entries (id),
  text TEXT NOT NULL
) STRICT;
CREATE INDEX notes_entry ON notes (entry_id);
"""


def migrations(folder: Path) -> Path:
    """A migrations folder with the ledger in it."""
    made = folder / "migrations"
    made.mkdir(exist_ok=True)
    (made / "0001_initial.sql").write_text(SCHEMA)
    return made


def add(tx: Tx, name: str, amount: int = 0) -> str:
    tx.execute("INSERT INTO entries (name, amount) VALUES (?, ?)", (name, amount))
    tx.emit(Event("entry", 0, name))
    return name


def add_then_fail(tx: Tx, name: str) -> str:
    add(tx, name)
    raise LookupError(name)


def names(tx: Tx) -> list[str]:
    return [row["name"] for row in tx.query("SELECT name FROM entries ORDER BY id")]


def count(tx: Tx) -> int:
    row = tx.one("SELECT count(*) FROM entries")
    return row[0] if row else 0


def forever(tx: Tx) -> int:
    """A read that would take hours."""
    return len(tx.query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"))


async def begun(db: Database) -> None:
    """Until a group is being written."""
    for _ in range(10_000):
        if db._group.is_open:
            return
        await asyncio.sleep(0)
