"""Notification."""

from typing import Final

import orjson

from fedi import clock
from fedi.storage import accounts as account_rows
from fedi.storage.db import Tx
from fedi.storage.notifications import Notification
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import Shelf

# Ours -> the API's. What has no word there (a move; a report, which needs its Report) is shown on our pages only.
TYPES: Final = {
    "follow": "follow",
    "follow_request": "follow_request",
    "mention": "mention",
    "favourite": "favourite",
    "boost": "reblog",
    "edit": "update",
    "post": "status",
    "quote": "quote",
    "quoted_edit": "quoted_update",
    "poll": "poll",
}
KINDS: Final = {theirs: ours for ours, theirs in TYPES.items()}


def notifications(shelf: Shelf, tx: Tx, owner_id: int, rows: list[Notification]) -> list[bytes]:
    """Each as JSON; in a fixed number of statements. Source: Mastodon documentation, Notification."""
    senders = account_rows.list_by_ids(tx, [row.from_account_id for row in rows])
    people = dict(zip(senders, shelf.accounts(tx, list(senders.values())), strict=True))
    posts = shelf.posts_by_id(tx, owner_id, [row.post_id for row in rows if row.post_id is not None])
    return [
        orjson.dumps(_notification(row, people[row.from_account_id], posts))
        for row in rows
        if row.from_account_id in people and (row.post_id is None or row.post_id in posts)
    ]


def _notification(row: Notification, sender: bytes, posts: dict[int, bytes]) -> Json:
    found: Json = {
        "id": str(row.id),
        "type": TYPES[row.kind],
        "group_key": f"ungrouped-{row.id}",
        "created_at": clock.rfc3339(row.created_at),
        "account": orjson.Fragment(sender),
    }
    if row.post_id is not None:
        found["status"] = orjson.Fragment(posts[row.post_id])
    return found
