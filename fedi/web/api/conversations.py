"""Letters as conversations. Source: Mastodon documentation, conversations."""

from aiohttp import web

from fedi import conversations
from fedi.storage import conversations as rows
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web import auth, keys
from fedi.web.api import answers, table
from fedi.web.api.entities import conversation
from fedi.web.api.entities.shelf import SHELF, Shelf


async def index(request: web.Request) -> web.Response:
    """By their last posts, whose ids are what pages go by."""
    viewer, shown = auth.require(request, "read:statuses"), answers.page(request)
    items, cursors = request.app[keys.INSTANCE].db.read(_list, request.app[SHELF], viewer.id, shown)
    return answers.listing(request, shown, items, cursors)


def _list(tx: Tx, shelf: Shelf, viewer_id: int, page: Page) -> tuple[list[bytes], list[int]]:
    found = rows.list_of(tx, viewer_id, page)
    return conversation.conversations(tx, shelf, viewer_id, found), [one.last_post_id for one in found]


async def _set_unread(request: web.Request, unread: bool) -> web.Response:
    viewer, named = auth.require(request, "write:conversations"), answers.named_id(request)
    instance = request.app[keys.INSTANCE]
    found = await instance.db.write(conversations.set_unread, viewer.id, named, unread)
    return answers.entity(instance.db.read(conversation.conversations, request.app[SHELF], viewer.id, [found])[0])


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
