"""Rows of `settings` (what may change while the server runs) and of `audit` (who changed what)."""

import json
from typing import Any

from fedi import ids
from fedi.storage.db import Tx


def find(tx: Tx, key: str, default: Any = None) -> Any:
    row = tx.one("SELECT value FROM settings WHERE key = ?", (key,))
    return json.loads(row[0]) if row else default


def put(tx: Tx, key: str, value: Any) -> None:
    tx.execute(
        "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, json.dumps(value))
    )


def delete(tx: Tx, key: str) -> None:
    tx.execute("DELETE FROM settings WHERE key = ?", (key,))


def audit(tx: Tx, account_id: int | None, action: str, target: str = "") -> None:
    """Leave a trace of what staff did; None is the command line."""
    sql = "INSERT INTO audit (id, account_id, action, target, created_at) VALUES (?, ?, ?, ?, ?)"
    tx.execute(sql, (ids.new(tx.now), account_id, action, target, tx.now))


def list_audit(tx: Tx, limit: int = 100) -> list[tuple[int | None, str, str, int]]:
    rows = tx.query("SELECT account_id, action, target, created_at FROM audit ORDER BY id DESC LIMIT ?", (limit,))
    return [(row[0], row[1], row[2], row[3]) for row in rows]
