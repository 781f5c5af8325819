"""Rows of `notification_requests`: from whom something was kept apart, until the owner looks."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from fedi import ids
from fedi.storage.db import Tx
from fedi.storage.notifications import N_COLUMNS, Notification, sender_seen
from fedi.storage.timelines import Page


class Request(NamedTuple):
    """`held` counts what is kept apart now; `last_post_id` the latest post among it."""

    id: int
    account_id: int
    from_account_id: int
    last_post_id: int | None
    held: int
    created_at: int
    updated_at: int


def put(tx: Tx, account_id: int, from_account_id: int, post_id: int | None) -> None:
    """Something more was kept apart. `post_id` is of a post the sender wrote, if that is what it was."""
    tx.execute(
        """INSERT INTO notification_requests (id, account_id, from_account_id, last_post_id, notifications_count, created_at, updated_at)
        VALUES (?, ?, ?, ?, 1, ?, ?) ON CONFLICT (account_id, from_account_id) DO UPDATE SET
          last_post_id = coalesce(excluded.last_post_id, last_post_id), notifications_count = notifications_count + 1,
          updated_at = excluded.updated_at""",
        (ids.new(tx.now), account_id, from_account_id, post_id, tx.now, tx.now),
    )


# What was taken back since is counted no more, and a request of nothing is none.
_FOUND = f"""SELECT n.id, n.account_id, n.from_account_id, n.last_post_id, (SELECT count(*) FROM notifications f
    WHERE f.account_id = n.account_id AND f.from_account_id = n.from_account_id AND f.filtered = 1) AS held, n.created_at, n.updated_at
  FROM (SELECT *, '' AS kind, NULL AS about_id FROM notification_requests WHERE account_id = :viewer) n
  JOIN accounts s ON s.id = n.from_account_id
  WHERE n.id < :before AND n.id > :after AND {sender_seen("n", "s")} AND EXISTS (SELECT 1 FROM notifications f
    WHERE f.account_id = n.account_id AND f.from_account_id = n.from_account_id AND f.filtered = 1)"""
_BACKWARDS = f"{_FOUND} ORDER BY n.id DESC LIMIT :limit"
_FORWARDS = f"{_FOUND} ORDER BY n.id ASC LIMIT :limit"


def list_of(tx: Tx, account_id: int, page: Page) -> list[Request]:
    """The owner's, the newest first."""
    params = {"viewer": account_id, "before": page.before or ids.MAX, "after": page.after, "limit": page.limit}
    if page.forward:
        return [Request._make(row) for row in tx.query(_FORWARDS, params)[::-1]]
    return [Request._make(row) for row in tx.query(_BACKWARDS, params)]


def find(tx: Tx, account_id: int, request_id: int) -> Request | None:
    """One of the owner's."""
    return next(iter(list_of(tx, account_id, Page(request_id + 1 if request_id < ids.MAX else 0, request_id - 1, 1))), None)


def list_these(tx: Tx, account_id: int, request_ids: Sequence[int]) -> list[Request]:
    """Those of the owner's with these ids."""
    rows = tx.query(
        """SELECT id, account_id, from_account_id, last_post_id, notifications_count, created_at, updated_at FROM notification_requests
        WHERE account_id = ? AND id IN (SELECT value FROM json_each(?))""",
        (account_id, json.dumps(list(request_ids))),
    )
    return [Request._make(row) for row in rows]


def count(tx: Tx, account_id: int) -> tuple[int, int]:
    """(requests, notifications kept apart)."""
    row = tx.one(f"SELECT count(*), coalesce(sum(held), 0) FROM ({_FOUND})", {"viewer": account_id, "before": ids.MAX, "after": 0})
    return (int(row[0]), int(row[1])) if row else (0, 0)


def list_held(tx: Tx, account_id: int, from_account_ids: Sequence[int]) -> list[Notification]:
    """What is kept apart of these senders, the oldest first."""
    rows = tx.query(
        f"""SELECT {N_COLUMNS} FROM notifications n WHERE n.account_id = ? AND n.filtered = 1
        AND n.from_account_id IN (SELECT value FROM json_each(?)) ORDER BY n.id""",
        (account_id, json.dumps(list(from_account_ids))),
    )
    return [Notification._make(row) for row in rows]


def bring_back(tx: Tx, account_id: int, from_account_ids: Sequence[int]) -> None:
    """What was kept apart of these senders stands among the rest."""
    tx.execute(
        """UPDATE notifications SET filtered = 0 WHERE account_id = ? AND filtered = 1
        AND from_account_id IN (SELECT value FROM json_each(?))""",
        (account_id, json.dumps(list(from_account_ids))),
    )


def drop_held(tx: Tx, account_id: int, from_account_ids: Sequence[int]) -> None:
    """What was kept apart of these senders goes."""
    tx.execute(
        """DELETE FROM notifications WHERE account_id = ? AND filtered = 1 AND from_account_id IN (SELECT value FROM json_each(?))""",
        (account_id, json.dumps(list(from_account_ids))),
    )


def delete(tx: Tx, account_id: int, request_ids: Sequence[int]) -> None:
    sql = "DELETE FROM notification_requests WHERE account_id = ? AND id IN (SELECT value FROM json_each(?))"
    tx.execute(sql, (account_id, json.dumps(list(request_ids))))
