"""Notification."""

from collections.abc import Sequence
from typing import Final

import orjson

from fedi import clock
from fedi.storage import accounts as account_rows
from fedi.storage import reactions as reaction_rows
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
    "reaction": "favourite",  # whoever reacts likes, and a type that a program does not know can break it; see ASKED
}
# Programs that ask for them by these names know them: what ours is then called.
ASKED: Final = {"pleroma:emoji_reaction": "reaction", "reaction": "reaction"}


def kinds(asked: Sequence[str], without: Sequence[str]) -> list[str]:
    """Our names for what `types` (all, where there are none) and `exclude_types` leave; names that nobody has name nothing."""
    wanted = {ours for ours, theirs in TYPES.items() if not asked or theirs in asked} | {ASKED[name] for name in asked if name in ASKED}
    unwanted = {ours for ours, theirs in TYPES.items() if theirs in without} | {ASKED[name] for name in without if name in ASKED}
    return [ours for ours in TYPES if ours in wanted - unwanted]


def notifications(shelf: Shelf, tx: Tx, owner_id: int, rows: list[Notification], asked: Sequence[str] = ()) -> list[bytes]:
    """Each as JSON, in a fixed number of statements. `asked` are the types a program named.

    Source: Mastodon documentation, Notification.
    """
    named = {ASKED[name]: name for name in asked if name in ASKED}
    emojis = _emojis(tx, rows)
    senders = account_rows.list_by_ids(tx, [row.from_account_id for row in rows])
    people = dict(zip(senders, shelf.accounts(tx, list(senders.values())), strict=True))
    posts = shelf.posts_by_id(tx, owner_id, [row.post_id for row in rows if row.post_id is not None])
    return [
        orjson.dumps(_notification(row, people[row.from_account_id], posts) | _reaction(row, named, emojis))
        for row in rows
        if row.from_account_id in people and (row.post_id is None or row.post_id in posts)
    ]


def _emojis(tx: Tx, rows: list[Notification]) -> dict[tuple[int, int], Json]:
    """What people have reacted with, by post and person: the latest of each."""
    pairs = [(row.post_id, row.from_account_id) for row in rows if row.kind == "reaction" and row.post_id is not None]
    return {
        key: {"emoji": f":{name}:" if url else name, "emoji_url": tx.uris.media(url) if url else None}
        for key, (name, url) in (reaction_rows.list_latest(tx, pairs) if pairs else {}).items()
    }


def _reaction(row: Notification, named: dict[str, str], emojis: dict[tuple[int, int], Json]) -> Json:
    """What a reaction has besides. Source: Pleroma API."""
    if row.kind != "reaction" or row.post_id is None:
        return {}
    return {"type": named.get(row.kind, TYPES[row.kind]), **emojis.get((row.post_id, row.from_account_id), {})}


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
