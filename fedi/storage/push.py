"""Rows of `push_subscriptions`: where programs want to be told what happened, while they are not open. Each ends with its token."""

from typing import NamedTuple

from fedi.storage.db import Tx


class Subscription(NamedTuple):
    """`alerts` is JSON: the kinds of notifications that are wanted, of whom `policy` says. `p256dh` and `auth` are the receiver's keys."""

    id: int
    token_id: int
    account_id: int
    endpoint: str
    p256dh: bytes
    auth: bytes
    standard: int
    policy: str
    alerts: str
    created_at: int
    updated_at: int


COLUMNS = ", ".join(Subscription._fields)


def insert(tx: Tx, made: Subscription) -> None:
    """In place of the one that the token had."""
    tx.execute("DELETE FROM push_subscriptions WHERE token_id = ?", (made.token_id,))
    tx.execute(f"INSERT INTO push_subscriptions ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", made)


def trim(tx: Tx, account_id: int, keep: int) -> None:
    """Of one person the newest stay."""
    tx.execute(
        """DELETE FROM push_subscriptions WHERE id IN (
          SELECT id FROM push_subscriptions WHERE account_id = ? ORDER BY id DESC LIMIT -1 OFFSET ?)""",
        (account_id, keep),
    )


def find(tx: Tx, subscription_id: int) -> Subscription | None:
    row = tx.one(f"SELECT {COLUMNS} FROM push_subscriptions WHERE id = ?", (subscription_id,))
    return Subscription._make(row) if row else None


def find_of_token(tx: Tx, token_id: int) -> Subscription | None:
    row = tx.one(f"SELECT {COLUMNS} FROM push_subscriptions WHERE token_id = ?", (token_id,))
    return Subscription._make(row) if row else None


def update(tx: Tx, subscription_id: int, policy: str, alerts: str) -> None:
    sql = "UPDATE push_subscriptions SET policy = ?, alerts = ?, updated_at = ? WHERE id = ?"
    tx.execute(sql, (policy, alerts, tx.now, subscription_id))


def delete(tx: Tx, subscription_id: int) -> None:
    tx.execute("DELETE FROM push_subscriptions WHERE id = ?", (subscription_id,))


def delete_of_token(tx: Tx, token_id: int) -> None:
    tx.execute("DELETE FROM push_subscriptions WHERE token_id = ?", (token_id,))


def list_wanting(tx: Tx, owner_id: int, kind: str, sender_id: int) -> list[tuple[int, str]]:
    """(id, endpoint) of the owner's that want to hear of such a thing from that sender."""
    rows = tx.query(
        """SELECT s.id, s.endpoint FROM push_subscriptions s WHERE s.account_id = :owner
          AND EXISTS (SELECT 1 FROM json_each(s.alerts) WHERE value = :kind)
          AND (s.policy = 'all' OR (s.policy <> 'none' AND :sender = :owner)
            OR (s.policy = 'followed' AND EXISTS (
              SELECT 1 FROM follows WHERE follower_id = :owner AND followed_id = :sender AND state = 'accepted'))
            OR (s.policy = 'follower' AND EXISTS (
              SELECT 1 FROM follows WHERE follower_id = :sender AND followed_id = :owner AND state = 'accepted')))""",
        {"owner": owner_id, "kind": kind, "sender": sender_id},
    )
    return [(row[0], row[1]) for row in rows]


def locale_of(tx: Tx, account_id: int) -> str:
    """The language a person uses, '' when they never said."""
    row = tx.one("SELECT locale FROM users WHERE account_id = ?", (account_id,))
    return str(row[0]) if row else ""
