"""Rows of `active_days`: on which days, UTC, somebody here was active. Counted, never shown by name."""

from fedi import clock
from fedi.storage.db import Tx


def note(tx: Tx, account_id: int) -> None:
    """Somebody is active now."""
    tx.execute("INSERT INTO active_days (day, account_id) VALUES (?, ?) ON CONFLICT DO NOTHING", (tx.now // clock.DAY, account_id))


def count(tx: Tx, first: int, last: int) -> int:
    """How many were active on one of the days from `first` to `last`, both included: days since 1970."""
    row = tx.one("SELECT count(DISTINCT account_id) FROM active_days WHERE day BETWEEN ? AND ?", (first, last))
    return int(row[0]) if row else 0


def prune(tx: Tx, before: int) -> int:
    """Forget days before a day; how many rows that were."""
    return tx.execute("DELETE FROM active_days WHERE day < ?", (before,))
