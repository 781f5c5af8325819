"""Rows of `account_notes`: what people keep for themselves about others."""

from fedi.storage.db import Tx


def put(tx: Tx, account_id: int, target_id: int, note: str) -> None:
    """Write down, over what was there; '' forgets it."""
    if not note:
        tx.execute("DELETE FROM account_notes WHERE account_id = ? AND target_id = ?", (account_id, target_id))
        return
    tx.execute(
        """INSERT INTO account_notes (account_id, target_id, note, updated_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (account_id, target_id) DO UPDATE SET note = excluded.note, updated_at = excluded.updated_at""",
        (account_id, target_id, note, tx.now),
    )


def find(tx: Tx, account_id: int, target_id: int) -> str:
    """'' where there is none."""
    row = tx.one("SELECT note FROM account_notes WHERE account_id = ? AND target_id = ?", (account_id, target_id))
    return str(row[0]) if row else ""
