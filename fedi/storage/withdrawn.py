"""Rows of `withdrawn_notifications`: what people were told of lately and what was then undone, so that the same again is no news."""

from typing import NamedTuple

from fedi.storage import notifications
from fedi.storage.db import Tx
from fedi.storage.notifications import Told


class Withdrawn(NamedTuple):
    """As it stood in the list of its owner."""

    notification_id: int
    group_key: str
    created_at: int
    read_at: int | None


def keep(tx: Tx, told: Told, *, about_id: int | None, since: int) -> None:
    """Remember what is about to be taken out of the owner's list, where it came there after `since`."""
    tx.execute(
        """INSERT OR REPLACE INTO withdrawn_notifications
          (account_id, kind, from_account_id, post_id, notification_id, group_key, created_at, read_at)
        SELECT account_id, kind, from_account_id, coalesce(post_id, 0), id, group_key, created_at, read_at FROM notifications
        WHERE account_id = :owner AND kind = :kind AND from_account_id = :sender AND coalesce(post_id, 0) = :post
          AND (:about IS NULL OR about_id = :about) AND filtered = 0 AND created_at > :since""",
        _named(told) | {"about": about_id, "since": since},
    )


def put_back(tx: Tx, told: Told, *, about_id: int | None, since: int) -> bool:
    """The same has happened again: let it stand where it stood, as read as it was; False where there was nothing after `since`."""
    row = tx.one(
        """SELECT notification_id, group_key, created_at, read_at FROM withdrawn_notifications
        WHERE account_id = :owner AND kind = :kind AND from_account_id = :sender AND post_id = :post AND created_at > :since""",
        _named(told) | {"since": since},
    )
    if row is None:
        return False
    was = Withdrawn._make(row)
    notifications.put_back(tx, notifications.Notification(was.notification_id, *told, was.created_at, was.read_at, about_id, was.group_key))
    return True


def prune(tx: Tx, before: int) -> None:
    """Forget what was told before."""
    tx.execute("DELETE FROM withdrawn_notifications WHERE created_at < ?", (before,))


def _named(told: Told) -> dict[str, object]:
    return {"owner": told.account_id, "kind": told.kind, "sender": told.from_account_id, "post": told.post_id or 0}
