"""Rows of `terms`: the terms of service, a version for each day from which one holds."""

from typing import NamedTuple

from fedi.storage.db import Tx


class Terms(NamedTuple):
    """`effective_on` is a date, `2026-11-22`; `succeeded_by` the date of the version after it, or None."""

    effective_on: str
    text_source: str
    created_at: int
    succeeded_by: str | None


_COLUMNS = """t.effective_on, t.text_source, t.created_at,
  (SELECT min(n.effective_on) FROM terms n WHERE n.effective_on > t.effective_on)"""


def put(tx: Tx, effective_on: str, text: str) -> None:
    tx.execute(
        """INSERT INTO terms (effective_on, text_source, created_at) VALUES (?, ?, ?)
        ON CONFLICT (effective_on) DO UPDATE SET text_source = excluded.text_source, created_at = excluded.created_at""",
        (effective_on, text, tx.now),
    )


def find(tx: Tx, effective_on: str) -> Terms | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM terms t WHERE t.effective_on = ?", (effective_on,))
    return Terms._make(row) if row else None


def find_current(tx: Tx, today: str) -> Terms | None:
    """The version that holds today; where none does yet, the first that will."""
    row = tx.one(
        f"""SELECT {_COLUMNS} FROM terms t ORDER BY t.effective_on <= :today DESC,
        CASE WHEN t.effective_on <= :today THEN t.effective_on END DESC, t.effective_on LIMIT 1""",
        {"today": today},
    )
    return Terms._make(row) if row else None


def list_all(tx: Tx) -> list[Terms]:
    """The newest first."""
    return [Terms._make(row) for row in tx.query(f"SELECT {_COLUMNS} FROM terms t ORDER BY t.effective_on DESC")]


def delete_all(tx: Tx) -> int:
    return tx.execute("DELETE FROM terms")
