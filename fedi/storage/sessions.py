"""Lists of rows of `sessions`; single ones are users.py's."""

from fedi.storage.db import Tx
from fedi.storage.users import Session

_COLUMNS = ", ".join(Session._fields)


def list_of(tx: Tx, account_id: int) -> list[Session]:
    """The browsers somebody is signed in with, the one used last first."""
    rows = tx.query(f"SELECT {_COLUMNS} FROM sessions WHERE account_id = ? ORDER BY used_at DESC, created_at DESC", (account_id,))
    return [Session._make(row) for row in rows]


def delete_others(tx: Tx, account_id: int, keep_hash: bytes) -> int:
    """End all but one; how many that were."""
    return tx.execute("DELETE FROM sessions WHERE account_id = ? AND token_hash <> ?", (account_id, keep_hash))
