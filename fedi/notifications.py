"""Whether somebody is told of something, and telling them. Mutes, blocks and domain blocks are looked at here, for every kind."""

from fedi.storage import muted_threads as mute_rows
from fedi.storage import notifications as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.streaming import Event


def tell(tx: Tx, owner_id: int, kind: str, sender: Account, post_id: int | None = None) -> None:
    """Notify a local account of what `sender` did; nothing for remote owners, for oneself, or where a mute or block stands."""
    if sender.id != owner_id and rows.wants(tx, owner_id, sender.id) and not (post_id and mute_rows.is_muted(tx, owner_id, post_id)):
        notification = rows.insert(tx, owner_id, kind, sender.id, post_id)
        if notification is not None:
            tx.emit(Event("notification", notification.id, owner_id))


def tell_oneself(tx: Tx, owner_id: int, kind: str, post_id: int) -> None:
    """Notify a local account of what became of a post of their own, such as the end of a poll."""
    notification = rows.insert(tx, owner_id, kind, owner_id, post_id)
    if notification is not None:
        tx.emit(Event("notification", notification.id, owner_id))


def forget(tx: Tx, owner_id: int, kind: str, sender_id: int, post_id: int | None = None) -> None:
    """What was told is no longer so: an undone like, an ended follow."""
    rows.delete(tx, owner_id, kind, sender_id, post_id)
