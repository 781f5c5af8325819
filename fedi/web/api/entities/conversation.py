"""Conversation."""

import orjson

from fedi.storage import accounts as account_rows
from fedi.storage.conversations import Conversation
from fedi.storage.db import Tx
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import Shelf


def conversations(tx: Tx, shelf: Shelf, viewer_id: int, found: list[Conversation]) -> list[bytes]:
    """Each as JSON, in a fixed number of statements. A letter to nobody but oneself is with oneself."""
    wanted = dict.fromkeys(person for one in found for person in (one.people or [viewer_id]))
    known = {row_id: account for row_id, account in account_rows.list_by_ids(tx, wanted).items() if not account.is_hidden}
    people = dict(zip(known, shelf.accounts(tx, list(known.values())), strict=True))
    posts = shelf.posts_by_id(tx, viewer_id, [one.shown_id for one in found])
    return [
        orjson.dumps(_entity(one, [people[row_id] for row_id in one.people or [viewer_id] if row_id in people], posts)) for one in found
    ]


def _entity(one: Conversation, people: list[bytes], posts: dict[int, bytes]) -> Json:
    """Source: Mastodon documentation, Conversation."""
    return {
        "id": str(one.id),
        "unread": bool(one.unread),
        "accounts": [orjson.Fragment(person) for person in people],
        "last_status": orjson.Fragment(posts[one.shown_id]) if one.shown_id in posts else None,
    }
