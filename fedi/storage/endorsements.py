"""Rows of `endorsements`: people whom somebody shows on their profile."""

from fedi import ids
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx
from fedi.storage.timelines import Page

_LAST = (1 << 63) - 1
_LIST = f"""SELECT e.id, {A_COLUMNS} FROM endorsements e JOIN accounts a ON a.id = e.target_id
  WHERE e.account_id = :account AND e.id < :before AND e.id > :after
    AND a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = a.id AND target_id = :viewer)
    AND NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :viewer AND target_id = a.id)"""
_BACKWARDS = f"{_LIST} ORDER BY e.id DESC LIMIT :limit"
_FORWARDS = f"{_LIST} ORDER BY e.id ASC LIMIT :limit"


def put(tx: Tx, account_id: int, target_id: int) -> bool:
    """Show somebody; False when they were shown already."""
    sql = "INSERT INTO endorsements (account_id, target_id, id, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return tx.execute(sql, (account_id, target_id, ids.new(tx.now), tx.now)) > 0


def delete(tx: Tx, account_id: int, target_id: int) -> bool:
    return tx.execute("DELETE FROM endorsements WHERE account_id = ? AND target_id = ?", (account_id, target_id)) > 0


def count(tx: Tx, account_id: int) -> int:
    row = tx.one("SELECT count(*) FROM endorsements WHERE account_id = ?", (account_id,))
    return int(row[0]) if row else 0


def list_of(tx: Tx, account_id: int, viewer_id: int, page: Page) -> list[tuple[int, Account]]:
    """(place in the list, somebody), the latest first, without those between whom and the viewer a block stands."""
    bounds = {"before": page.before or _LAST, "after": page.after, "limit": page.limit}
    params = {**bounds, "account": account_id, "viewer": viewer_id}
    rows = tx.query(_FORWARDS, params)[::-1] if page.forward else tx.query(_BACKWARDS, params)
    return [(row[0], Account._make(row[1:])) for row in rows]
