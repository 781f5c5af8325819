"""Whether somebody is told of something, and telling them. Mutes, blocks, domain blocks and policies are looked at here, for every kind."""

from collections.abc import Iterable
from typing import Final

from fedi import clock, limits, push
from fedi.errors import NotFound
from fedi.storage import markers as marker_rows
from fedi.storage import muted_threads as mute_rows
from fedi.storage import notification_requests as request_rows
from fedi.storage import notifications as rows
from fedi.storage import users as user_rows
from fedi.storage import withdrawn as withdrawn_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.notifications import Told
from fedi.streaming import Event

_REPEATABLE: Final = frozenset({"favourite", "reaction", "boost", "follow", "follow_request", "collection"})  # and undone at will


def tell(tx: Tx, owner_id: int, kind: str, sender: Account, post_id: int | None = None, *, about_id: int | None = None) -> bool:
    """Notify a local account of what `sender` did; nothing for remote owners, for oneself, or where a mute or block stands.

    What the owner's policy holds apart makes a request and tells no listener, and what was told lately, undone and done again is told no
    listener a second time. Returns whether the owner wants to hear of it.
    """
    if sender.id == owner_id:
        return False
    told = Told(owner_id, kind, sender.id, post_id)
    said = rows.wants(tx, told)
    if said == "drop" or (post_id is not None and mute_rows.is_muted(tx, owner_id, post_id)):
        return False
    since = tx.now - limits.TOLD_AGAIN_S * clock.SECOND
    if said == "accept" and kind in _REPEATABLE and withdrawn_rows.put_back(tx, told, about_id=about_id, since=since):
        return True
    notification = rows.insert(tx, told, about_id=about_id, filtered=said == "filter")
    if notification is not None and notification.filtered:
        request_rows.put(tx, owner_id, sender.id, post_id if kind in ("mention", "quote") else None)
    elif notification is not None:
        tx.emit(Event("notification", notification.id, owner_id))
        push.queue(tx, notification)
    return said == "accept"


def tell_oneself(tx: Tx, owner_id: int, kind: str, post_id: int | None = None, *, about_id: int | None = None) -> None:
    """Notify a local account of what became of their own: the end of a poll, follows that are gone, a word of staff."""
    notification = rows.insert(tx, Told(owner_id, kind, owner_id, post_id), about_id=about_id)
    if notification is not None:
        tx.emit(Event("notification", notification.id, owner_id))
        push.queue(tx, notification)


def signed_up(tx: Tx, newcomer: Account) -> None:
    """Somebody has signed up: those who look after this server hear of it."""
    for account_id in user_rows.list_staff(tx):
        tell(tx, account_id, "sign_up", newcomer)


def forget(tx: Tx, owner_id: int, kind: str, sender_id: int, post_id: int | None = None, *, about_id: int | None = None) -> None:
    """What was told is no longer so: an undone like, an ended follow."""
    told = Told(owner_id, kind, sender_id, post_id)
    if kind in _REPEATABLE:
        withdrawn_rows.keep(tx, told, about_id=about_id, since=tx.now - limits.TOLD_AGAIN_S * clock.SECOND)
    rows.delete(tx, told, about_id)


# -- what the owner does with them --


def dismiss(tx: Tx, owner_id: int, notification_id: int) -> None:
    """See one no more. Raises NotFound for what is not there, or somebody else's."""
    if not rows.delete_these(tx, owner_id, [notification_id]):
        raise NotFound("There is no such notification.")


def dismiss_many(tx: Tx, owner_id: int, notification_ids: Iterable[int]) -> None:
    """The same of several; those that are not there are no harm."""
    rows.delete_these(tx, owner_id, notification_ids)


def dismiss_group(tx: Tx, owner_id: int, key: str) -> None:
    """See all of a group no more; `ungrouped-` and an id is that one. Raises NotFound."""
    name = key.removeprefix("ungrouped-")
    if name == key:
        gone = rows.delete_group(tx, owner_id, key)
    else:
        gone = rows.delete_these(tx, owner_id, [int(name)]) if name.isascii() and name.isdigit() and len(name) < 19 else 0
    if not gone:
        raise NotFound("There is no such group of notifications.")


def clear(tx: Tx, owner_id: int) -> None:
    """See none any more."""
    rows.clear(tx, owner_id)


def mark_all_read(tx: Tx, owner_id: int) -> None:
    """The owner has looked at all there are: on our pages, and with it for programs, which go by the marker."""
    rows.mark_read(tx, owner_id)
    latest = rows.latest_id(tx, owner_id)
    if latest > marker_rows.last_read(tx, owner_id, "notifications"):
        marker_rows.put(tx, owner_id, "notifications", latest)
