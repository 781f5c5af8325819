"""Rows of `due_links`: posts whose link is to be looked at, and when. Short-lived; links of people here come first."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi.storage.db import Tx


class DueLink(NamedTuple):
    """A post whose link is looked at from `run_at` (ms) on; `own` is 1 for what was written here."""

    own: int
    run_at: int
    post_id: int


_DUE = """SELECT own, run_at, post_id FROM due_links WHERE own = :own AND run_at <= :now
  AND post_id NOT IN (SELECT value FROM json_each(:but)) ORDER BY run_at, post_id LIMIT :limit"""


def put(tx: Tx, due: DueLink) -> None:
    """To be looked at."""
    tx.execute("INSERT INTO due_links (own, run_at, post_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", due)


def list_due(tx: Tx, limit: int, but: Iterable[int] = (), *, only_own: bool = False) -> list[DueLink]:
    """Those whose time has come, of posts but these: first what was written here, then the earliest."""
    params = {"now": tx.now, "but": json.dumps(list(but)), "own": 1, "limit": limit}
    found = [DueLink._make(row) for row in tx.query(_DUE, params)]
    if not only_own and len(found) < limit:
        found += [DueLink._make(row) for row in tx.query(_DUE, params | {"own": 0, "limit": limit - len(found)})]
    return found


def next_run_at(tx: Tx) -> int | None:
    """When the next one is due, maybe already; None when there is none."""
    row = tx.one(
        """SELECT min(run_at) FROM (SELECT * FROM (SELECT run_at FROM due_links WHERE own = 1 ORDER BY run_at LIMIT 1)
          UNION ALL SELECT * FROM (SELECT run_at FROM due_links WHERE own = 0 ORDER BY run_at LIMIT 1))"""
    )
    return row[0] if row else None


def settle(tx: Tx, done: Iterable[DueLink]) -> None:
    """These have been looked at."""
    tx.executemany("DELETE FROM due_links WHERE own = ? AND run_at = ? AND post_id = ?", list(done))
