"""Rows of `muted_threads`: threads that people here want to hear no more of. They still see them."""

from fedi.storage.db import Tx


def put(tx: Tx, account_id: int, thread_id: int) -> None:
    """Again is no harm."""
    sql = "INSERT INTO muted_threads (account_id, thread_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    tx.execute(sql, (account_id, thread_id, tx.now))


def delete(tx: Tx, account_id: int, thread_id: int) -> None:
    tx.execute("DELETE FROM muted_threads WHERE account_id = ? AND thread_id = ?", (account_id, thread_id))


def is_muted(tx: Tx, account_id: int, post_id: int) -> bool:
    """Whether somebody has muted the thread of a post."""
    sql = "SELECT 1 FROM posts p JOIN muted_threads m ON m.thread_id = p.thread_id WHERE p.id = ? AND m.account_id = ?"
    return tx.one(sql, (post_id, account_id)) is not None
