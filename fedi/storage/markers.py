"""Rows of `markers`: how far people have read, for all their programs."""

import json
from collections.abc import Iterable
from typing import Final, NamedTuple

from fedi.storage.db import Tx

TIMELINES: Final = ("home", "notifications")


class Marker(NamedTuple):
    """`version` rises by one with every change."""

    timeline: str
    last_read_id: int
    version: int
    updated_at: int


def list_of(tx: Tx, account_id: int, timelines: Iterable[str]) -> list[Marker]:
    rows = tx.query(
        """SELECT timeline, last_read_id, version, updated_at FROM markers
        WHERE account_id = ? AND timeline IN (SELECT value FROM json_each(?)) ORDER BY timeline""",
        (account_id, json.dumps(list(timelines))),
    )
    return [Marker._make(row) for row in rows]


def last_read(tx: Tx, account_id: int, timeline: str) -> int:
    """The id of what was read last, 0 for nothing yet."""
    return next((marker.last_read_id for marker in list_of(tx, account_id, [timeline])), 0)


def put(tx: Tx, account_id: int, timeline: str, last_read_id: int) -> None:
    tx.execute(
        """INSERT INTO markers (account_id, timeline, last_read_id, version, updated_at) VALUES (?, ?, ?, 0, ?)
        ON CONFLICT (account_id, timeline) DO UPDATE SET
          last_read_id = excluded.last_read_id, version = version + 1, updated_at = excluded.updated_at""",
        (account_id, timeline, last_read_id, tx.now),
    )
