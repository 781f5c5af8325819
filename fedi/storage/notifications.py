"""Rows of `notifications`. One per (owner, kind, who, post): told once, whatever arrives how often."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from fedi import ids
from fedi.storage import visible
from fedi.storage.db import Tx


class Notification(NamedTuple):
    """Something `from_account_id` did that `account_id` should know."""

    id: int
    account_id: int
    kind: str
    from_account_id: int
    post_id: int | None
    created_at: int
    read_at: int | None


COLUMNS = ", ".join(Notification._fields)
N_COLUMNS = ", ".join(f"n.{name}" for name in Notification._fields)


def insert(tx: Tx, account_id: int, kind: str, from_account_id: int, post_id: int | None) -> Notification | None:
    """Tell somebody; None when they were told before."""
    found = Notification(ids.new(tx.now), account_id, kind, from_account_id, post_id, tx.now, None)
    sql = f"INSERT INTO notifications ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return found if tx.execute(sql, found) else None


def wants(tx: Tx, account_id: int, from_account_id: int) -> bool:
    """Whether the owner is one of ours and hears of that account: not blocked either way, not muted, its domain not blocked."""
    return bool(
        tx.one(
            """SELECT 1 FROM users u JOIN accounts a ON a.id = :sender WHERE u.account_id = :owner AND :sender <> :owner
            AND a.suspended_at IS NULL AND a.host_blocked = 0
            AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :owner AND target_id = :sender)
            AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :sender AND target_id = :owner)
            AND NOT EXISTS (SELECT 1 FROM mutes WHERE account_id = :owner AND target_id = :sender AND notifications = 1
              AND (expires_at IS NULL OR expires_at > :now))
            AND (a.host = '' OR NOT EXISTS (SELECT 1 FROM user_domain_blocks WHERE account_id = :owner AND host = a.host))""",
            {"owner": account_id, "sender": from_account_id, "now": tx.now},
        )
    )


# What an owner is shown: nothing about accounts or posts that are no longer visible to them.
_SHOWN = f"""n.account_id = :viewer AND s.suspended_at IS NULL AND s.host_blocked = 0 AND s.deleted_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :viewer AND target_id = s.id)
          AND (s.host = '' OR NOT EXISTS (SELECT 1 FROM user_domain_blocks WHERE account_id = :viewer AND host = s.host))
          AND (n.post_id IS NULL OR EXISTS (
            SELECT 1 FROM posts p JOIN accounts a ON a.id = p.account_id WHERE p.id = n.post_id AND {visible.POST}))"""


def list_of(tx: Tx, account_id: int, *, before: int = 0, after: int = 0, limit: int = 20, kinds: Iterable[str] = ()) -> list[Notification]:
    """The owner's, the latest first. Those about accounts or posts no longer visible to the owner are left out."""
    rows = tx.query(
        f"""SELECT {N_COLUMNS} FROM notifications n JOIN accounts s ON s.id = n.from_account_id
        WHERE {_SHOWN} AND n.id < :before AND n.id > :after
          AND (:kinds = '[]' OR n.kind IN (SELECT value FROM json_each(:kinds)))
        ORDER BY n.id DESC LIMIT :limit""",
        {"viewer": account_id, "before": before or ids.MAX, "after": after, "limit": limit, "kinds": json.dumps(list(kinds))},
    )
    return [Notification._make(row) for row in rows]


def count_unread(tx: Tx, account_id: int) -> int:
    """How many the owner would see for the first time; counted to 100."""
    row = tx.one(
        f"""SELECT count(*) FROM (SELECT 1 FROM notifications n JOIN accounts s ON s.id = n.from_account_id
        WHERE {_SHOWN} AND n.read_at IS NULL LIMIT 100)""",
        {"viewer": account_id},
    )
    return int(row[0]) if row else 0


def mark_read(tx: Tx, account_id: int) -> None:
    """The owner has looked."""
    tx.execute("UPDATE notifications SET read_at = ? WHERE account_id = ? AND read_at IS NULL", (tx.now, account_id))


def delete(tx: Tx, account_id: int, kind: str, from_account_id: int, post_id: int | None) -> None:
    """What it told of was taken back."""
    tx.execute(
        "DELETE FROM notifications WHERE account_id = ? AND kind = ? AND from_account_id = ? AND coalesce(post_id, 0) = ?",
        (account_id, kind, from_account_id, post_id or 0),
    )


def delete_between(tx: Tx, account_id: int, from_account_id: int) -> None:
    """The owner has blocked the other: all of theirs goes."""
    tx.execute("DELETE FROM notifications WHERE account_id = ? AND from_account_id = ?", (account_id, from_account_id))
