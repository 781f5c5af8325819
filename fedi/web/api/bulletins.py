"""What streams say, as JSON: posts, notifications and the rarer things, each as the person who listens may see it."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from fedi.storage import listings
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.streaming import Event
from fedi.web.api.entities import notification
from fedi.web.api.entities.shelf import Shelf


def posts(shelf: Shelf, tx: Tx, viewer_id: int, post_ids: Sequence[int], context: str) -> dict[int, bytes]:
    """Posts by id, those that the viewer may see. `context` is `home` or `public`: which filters apply."""
    return shelf.posts_by_id(tx, viewer_id, post_ids)


def notifications(tx: Tx, shelf: Shelf, owner_id: int, wanted: Sequence[int]) -> list[bytes]:
    """These of the owner's notifications, in the order they came."""
    page = Page(before=max(wanted) + 1, after=min(wanted) - 1, limit=100)
    found = listings.list_notifications(tx, owner_id, page, list(notification.TYPES))
    return notification.notifications(shelf, tx, owner_id, [row for row in reversed(found) if row.id in wanted])


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


MAKERS: Final[dict[str, Maker]] = {
    "filters": Maker("filters_changed", _owner, _nothing),
    "notifications_merged": Maker("notifications_merged", _owner, _nothing),
    "announcement_deleted": Maker("announcement.delete", None, _id),
}
