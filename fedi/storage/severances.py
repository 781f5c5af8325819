"""Rows of `severances`: follows that a block of a server or a suspension has ended, as those are told who had them."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.storage.db import Tx


class Severance(NamedTuple):
    """`target` is a host, or a handle. The counts are of the owner's followers and of whom they followed."""

    id: int
    account_id: int
    kind: str
    target: str
    purged: int
    followers_count: int
    following_count: int
    created_at: int


_SEVERANCE = ", ".join(Severance._fields)


def insert(tx: Tx, account_id: int, kind: str, target: str, followers: int, following: int) -> int:
    """Returns its id."""
    made = Severance(ids.new(tx.now), account_id, kind, target, 0, followers, following, tx.now)
    tx.execute(f"INSERT INTO severances ({_SEVERANCE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", made)
    return made.id


def list_these(tx: Tx, severance_ids: Iterable[int]) -> dict[int, Severance]:
    sql = f"SELECT {_SEVERANCE} FROM severances WHERE id IN (SELECT value FROM json_each(?))"
    return {row[0]: Severance._make(row) for row in tx.query(sql, (json.dumps(list(severance_ids)),))}


def count_ties(tx: Tx, account_id: int) -> list[tuple[int, int, int]]:
    """(person here, followers lost, followed lost) for what stands between people here and an account."""
    rows = tx.query(
        """SELECT owner, sum(lost_follower), sum(lost_followed) FROM (
          SELECT f.followed_id AS owner, 1 AS lost_follower, 0 AS lost_followed FROM follows f JOIN users u ON u.account_id = f.followed_id
          WHERE f.state = 'accepted' AND f.follower_id = :other
          UNION ALL
          SELECT f.follower_id, 0, 1 FROM follows f JOIN users u ON u.account_id = f.follower_id
          WHERE f.state = 'accepted' AND f.followed_id = :other) GROUP BY owner ORDER BY owner""",
        {"other": account_id},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def count_ties_with_host(tx: Tx, account_id: int, host: str) -> tuple[int, int]:
    """(followers, followed) somebody has on a server."""
    row = tx.one(
        """SELECT (SELECT count(*) FROM follows f JOIN accounts a ON a.id = f.follower_id
            WHERE f.followed_id = :account AND f.state = 'accepted' AND a.host = :host),
          (SELECT count(*) FROM follows f JOIN accounts a ON a.id = f.followed_id
            WHERE f.follower_id = :account AND f.state = 'accepted' AND a.host = :host)""",
        {"account": account_id, "host": host},
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)
