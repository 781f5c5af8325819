"""What streams say, as JSON: posts, notifications and the rarer things, each as the person who listens may see it."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import orjson

from fedi.storage import announcements as announcement_rows
from fedi.storage import conversations as conversation_rows
from fedi.storage import notification_lists
from fedi.storage.db import Tx
from fedi.storage.notification_lists import Wanted
from fedi.storage.timelines import Page
from fedi.streaming import Event
from fedi.web.api.entities import announcement, conversation, featuring, notification
from fedi.web.api.entities.shelf import Shelf


def notifications(tx: Tx, shelf: Shelf, owner_id: int, wanted: Sequence[int]) -> list[bytes]:
    """These of the owner's notifications, in the order they came."""
    page = Page(before=max(wanted) + 1, after=min(wanted) - 1, limit=100)
    found = notification_lists.list_notifications(tx, owner_id, page, Wanted(tuple(notification.TYPES)))
    made = notification.notifications(shelf, tx, owner_id, [row for row in reversed(found) if row.id in wanted])
    return [featuring.fill(tx, owner_id, one) for one in made]


class Maker(NamedTuple):
    """How an event becomes a message. `owner` says whose it is; None: everybody's. `payload` gives None where there is nothing to say."""

    name: str
    owner: Callable[[Event], int] | None
    payload: Callable[[Tx, Shelf, int, Event], bytes | None]


def _owner(event: Event) -> int:
    return event.data if isinstance(event.data, int) else event.id


def _nothing(tx: Tx, shelf: Shelf, owner_id: int, event: Event) -> bytes:
    return b""


def _id(tx: Tx, shelf: Shelf, owner_id: int, event: Event) -> bytes:
    return b"%d" % event.id


def _conversation(tx: Tx, shelf: Shelf, owner_id: int, event: Event) -> bytes | None:
    found = conversation_rows.find(tx, owner_id, event.id)
    return featuring.fill(tx, owner_id, conversation.conversations(tx, shelf, owner_id, [found])[0]) if found is not None else None


def _announcement(tx: Tx, shelf: Shelf, owner_id: int, event: Event) -> bytes | None:
    found = announcement_rows.find(tx, event.id)
    return orjson.dumps(announcement.announcements(tx, owner_id, [found])[0]) if found is not None else None


def _reaction(tx: Tx, shelf: Shelf, owner_id: int, event: Event) -> bytes | None:
    return orjson.dumps(announcement.reaction(tx, event.id, str(event.data)))


MAKERS: Final[dict[str, Maker]] = {
    "announcement": Maker("announcement", None, _announcement),
    "announcement_reaction": Maker("announcement.reaction", None, _reaction),
    "conversation": Maker("conversation", _owner, _conversation),
    "filters": Maker("filters_changed", _owner, _nothing),
    "notifications_merged": Maker("notifications_merged", _owner, _nothing),
    "announcement_deleted": Maker("announcement.delete", None, _id),
}
