"""Rows of `follows`: who follows whom, asked for or accepted."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx


class Follow(NamedTuple):
    """`local` is 1 when the follower is one of ours; `uri` is the Follow activity's id; `languages` a JSON list."""

    follower_id: int
    followed_id: int
    state: str
    local: int
    uri: str
    boosts: int
    notify: int
    languages: str
    created_at: int


COLUMNS = ", ".join(Follow._fields)
_F_COLUMNS = ", ".join(f"f.{name}" for name in Follow._fields)


def find(tx: Tx, follower_id: int, followed_id: int) -> Follow | None:
    row = tx.one(f"SELECT {COLUMNS} FROM follows WHERE follower_id = ? AND followed_id = ?", (follower_id, followed_id))
    return Follow._make(row) if row else None


def find_by_uri(tx: Tx, uri: str) -> Follow | None:
    row = tx.one(f"SELECT {COLUMNS} FROM follows WHERE uri = ?", (uri,))
    return Follow._make(row) if row else None


def put(tx: Tx, follow: Follow) -> None:
    """Add a follow, or change the one there is between the two."""
    tx.execute(
        f"""INSERT INTO follows ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (follower_id, followed_id) DO UPDATE SET state = excluded.state, uri = excluded.uri, boosts = excluded.boosts,
          notify = excluded.notify, languages = excluded.languages""",
        follow,
    )


def list_new_local(tx: Tx, followed_id: int, since: int) -> list[int]:
    """People here whose following of an account is accepted and was asked for after a time."""
    rows = tx.query(
        "SELECT follower_id FROM follows WHERE followed_id = ? AND state = 'accepted' AND local = 1 AND created_at >= ?",
        (followed_id, since),
    )
    return [row[0] for row in rows]


def delete(tx: Tx, follower_id: int, followed_id: int) -> None:
    tx.execute("DELETE FROM follows WHERE follower_id = ? AND followed_id = ?", (follower_id, followed_id))


def list_followers(tx: Tx, account_id: int, *, before: int = 0, limit: int = 40, state: str = "accepted") -> list[tuple[int, Account]]:
    """(time of the follow, follower), the latest first. `before` is the id of the last one of the page before."""
    rows = tx.query(
        f"""SELECT f.created_at, {A_COLUMNS} FROM follows f CROSS JOIN accounts a ON a.id = f.follower_id
        WHERE f.followed_id = :account AND f.state = :state AND a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL
          AND f.follower_id < :before ORDER BY f.follower_id DESC LIMIT :limit""",
        {"account": account_id, "state": state, "before": before or ids.MAX, "limit": limit},
    )
    return [(row[0], Account._make(row[1:])) for row in rows]


def list_following(tx: Tx, account_id: int, *, before: int = 0, limit: int = 40, state: str = "accepted") -> list[tuple[int, Account]]:
    """(time of the follow, followed), the latest known first. `before` is the id of the last one of the page before."""
    rows = tx.query(
        f"""SELECT f.created_at, {A_COLUMNS} FROM follows f CROSS JOIN accounts a ON a.id = f.followed_id
        WHERE f.follower_id = :account AND f.state = :state AND a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL
          AND f.followed_id < :before ORDER BY f.followed_id DESC LIMIT :limit""",
        {"account": account_id, "state": state, "before": before or ids.MAX, "limit": limit},
    )
    return [(row[0], Account._make(row[1:])) for row in rows]


def list_between(tx: Tx, viewer_id: int, account_ids: Iterable[int]) -> list[Follow]:
    """Every follow between the viewer and these accounts, in both directions."""
    params = {"viewer": viewer_id, "ids": json.dumps(list(account_ids))}
    rows = tx.query(
        f"""SELECT {COLUMNS} FROM follows WHERE follower_id = :viewer AND followed_id IN (SELECT value FROM json_each(:ids))
        UNION ALL SELECT {COLUMNS} FROM follows WHERE followed_id = :viewer AND follower_id IN (SELECT value FROM json_each(:ids))""",
        params,
    )
    return [Follow._make(row) for row in rows]


def list_followed(tx: Tx, follower_id: int, account_ids: Iterable[int]) -> frozenset[int]:
    """Which of these accounts somebody follows, with their consent."""
    rows = tx.query(
        """SELECT followed_id FROM follows WHERE follower_id = ? AND followed_id IN (SELECT value FROM json_each(?))
        AND state = 'accepted'""",
        (follower_id, json.dumps(list(account_ids))),
    )
    return frozenset(row[0] for row in rows)


def is_follower(tx: Tx, follower_id: int, followed_id: int) -> bool:
    """Whether the follow is there and accepted."""
    return bool(
        tx.one("SELECT 1 FROM follows WHERE follower_id = ? AND followed_id = ? AND state = 'accepted'", (follower_id, followed_id))
    )


def has_local_follower(tx: Tx, account_id: int) -> bool:
    return bool(tx.one("SELECT 1 FROM follows WHERE followed_id = ? AND state = 'accepted' AND local = 1 LIMIT 1", (account_id,)))


def count_pending(tx: Tx, account_id: int) -> int:
    row = tx.one("SELECT count(*) FROM follows WHERE followed_id = ? AND state = 'pending'", (account_id,))
    return int(row[0]) if row else 0


def list_inboxes(tx: Tx, account_id: int) -> list[str]:
    """The inboxes that reach every remote follower: the shared one where there is one, each once."""
    rows = tx.query(
        """SELECT DISTINCT CASE WHEN a.shared_inbox_uri <> '' THEN a.shared_inbox_uri ELSE a.inbox_uri END
        FROM follows f CROSS JOIN accounts a NOT INDEXED ON a.id = f.follower_id
        WHERE f.followed_id = ? AND f.state = 'accepted' AND f.local = 0 AND a.host <> '' AND a.suspended_at IS NULL
          AND a.host_blocked = 0 AND a.inbox_uri <> ''""",
        (account_id,),
    )
    return [str(row[0]) for row in rows]


def list_follower_uris(tx: Tx, account_id: int) -> list[str]:
    """The ids of all who follow an account, here and elsewhere."""
    sql = "SELECT a.uri FROM follows f JOIN accounts a ON a.id = f.follower_id WHERE f.followed_id = ? AND f.state = 'accepted'"
    return [str(row[0]) for row in tx.query(sql, (account_id,))]


def list_with_blocked(tx: Tx) -> list[Follow]:
    """Follows with accounts that a domain policy has just blocked: to be ended."""
    rows = tx.query(
        f"""SELECT {_F_COLUMNS} FROM accounts a JOIN follows f ON f.follower_id = a.id WHERE a.host_blocked = 1
        UNION SELECT {_F_COLUMNS} FROM accounts a JOIN follows f ON f.followed_id = a.id WHERE a.host_blocked = 1"""
    )
    return [Follow._make(row) for row in rows]


class Awaited(NamedTuple):
    """Whether posts of an account stand in lists of people here, and whether somebody here is told of each."""

    is_listed: int
    is_told: int


_AWAITED = """SELECT EXISTS (SELECT 1 FROM list_accounts WHERE account_id = ?1),
  EXISTS (SELECT 1 FROM follows WHERE followed_id = ?1 AND state = 'accepted' AND local = 1 AND notify = 1)"""


def awaited(tx: Tx, account_id: int) -> Awaited:
    """Who waits for what an account posts, but for homes: nobody, of nearly all."""
    return Awaited._make(tx.query(_AWAITED, (account_id,))[0])


def list_notified(tx: Tx, account_id: int) -> list[int]:
    """Local followers who asked to be told of every post."""
    rows = tx.query(
        "SELECT follower_id FROM follows WHERE followed_id = ? AND state = 'accepted' AND local = 1 AND notify = 1", (account_id,)
    )
    return [row[0] for row in rows]


def list_all_of(tx: Tx, account_id: int) -> list[Follow]:
    """Every follow an account is part of, either side, any state."""
    rows = tx.query(
        f"SELECT {COLUMNS} FROM follows WHERE follower_id = ?1 UNION ALL SELECT {COLUMNS} FROM follows WHERE followed_id = ?1",
        (account_id,),
    )
    return [Follow._make(row) for row in rows]


def list_local_followers(tx: Tx, account_id: int) -> list[tuple[Follow, Account]]:
    """People here who follow an account, with the follow."""
    rows = tx.query(
        f"""SELECT {_F_COLUMNS}, {A_COLUMNS} FROM follows f JOIN accounts a ON a.id = f.follower_id
        WHERE f.followed_id = ? AND f.state = 'accepted' AND f.local = 1""",
        (account_id,),
    )
    width = len(Follow._fields)
    return [(Follow._make(row[:width]), Account._make(row[width:])) for row in rows]
