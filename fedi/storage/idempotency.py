"""Rows of `idempotency_keys`: requests to publish that have been done, so that a repeated one makes no second post."""

from fedi.storage.db import Tx


def find(tx: Tx, account_id: int, key: str) -> int | None:
    """The post that this author's request with this key has made."""
    row = tx.one("SELECT post_id FROM idempotency_keys WHERE account_id = ? AND key = ?", (account_id, key))
    return row[0] if row else None


def put(tx: Tx, account_id: int, key: str, post_id: int) -> None:
    sql = "INSERT INTO idempotency_keys (account_id, key, post_id, created_at) VALUES (?, ?, ?, ?)"
    tx.execute(sql, (account_id, key, post_id, tx.now))


def prune(tx: Tx, before: int) -> int:
    """Requests are not repeated after a time."""
    return tx.execute("DELETE FROM idempotency_keys WHERE created_at < ?", (before,))
