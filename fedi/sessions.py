"""The browsers somebody is signed in with. Beginning and ending one's own session is logins.py's."""

from fedi import logins
from fedi.storage import sessions as rows
from fedi.storage.db import Tx
from fedi.streaming import Event


def end_others(tx: Tx, account_id: int, keep_token: str) -> int:
    """Sign somebody out everywhere but where `keep_token` is; how many sessions that were."""
    kept = logins.find_session(tx, keep_token)
    ended = rows.delete_others(tx, account_id, kept.token_hash if kept is not None and kept.account_id == account_id else b"")
    if ended:
        tx.emit(Event("auth", account_id))
    return ended
