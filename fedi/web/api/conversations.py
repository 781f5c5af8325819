"""Letters as conversations. Source: Mastodon documentation, conversations."""

import orjson
from aiohttp import web

from fedi import conversations
from fedi.storage import accounts as account_rows
from fedi.storage import conversations as rows
from fedi.storage.conversations import Conversation
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web import auth, keys
from fedi.web.api import answers, table
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import SHELF, Shelf


async def index(request: web.Request) -> web.Response:
    """By their last posts, whose ids are what pages go by."""
    viewer, shown = auth.require(request, "read:statuses"), answers.page(request)
    items, cursors = request.app[keys.INSTANCE].db.read(_list, request.app[SHELF], viewer.id, shown)
    return answers.listing(request, shown, items, cursors)


def _list(tx: Tx, shelf: Shelf, viewer_id: int, page: Page) -> tuple[list[bytes], list[int]]:
    found = rows.list_of(tx, viewer_id, page)
    return entities(tx, shelf, viewer_id, found), [one.last_post_id for one in found]


def entities(tx: Tx, shelf: Shelf, viewer_id: int, found: list[Conversation]) -> list[bytes]:
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


async def _set_unread(request: web.Request, unread: bool) -> web.Response:
    viewer, named = auth.require(request, "write:conversations"), answers.named_id(request)
    instance = request.app[keys.INSTANCE]
    found = await instance.db.write(conversations.set_unread, viewer.id, named, unread)
    return answers.entity(instance.db.read(entities, request.app[SHELF], viewer.id, [found])[0])


async def read(request: web.Request) -> web.Response:
    return await _set_unread(request, False)


async def unread(request: web.Request) -> web.Response:
    return await _set_unread(request, True)


async def remove(request: web.Request) -> web.Response:
    viewer, named = auth.require(request, "write:conversations"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(conversations.remove, viewer.id, named)
    return answers.entity({})


_PATH = "/api/v1/conversations"
ROUTES = (
    table.user("GET", _PATH, index, "read:statuses", *table.PAGE, gives="[Conversation]"),
    table.user("DELETE", f"{_PATH}/{{id}}", remove, "write:conversations"),
    table.user("POST", f"{_PATH}/{{id}}/read", read, "write:conversations", gives="Conversation"),
    table.user("POST", f"{_PATH}/{{id}}/unread", unread, "write:conversations", gives="Conversation"),
)
