"""Lists of people, who is in them, and what they have posted. Source: Mastodon documentation, lists and timelines."""

from typing import Final

from aiohttp import web

from fedi import limits, lists
from fedi.storage import list_posts as list_post_rows
from fedi.storage import lists as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.lists import List
from fedi.storage.timelines import Page
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.api.table import Field

_Found = tuple[list[bytes], list[int]]
_FIELDS: Final = (
    Field("replies_policy", choices=lists.REPLIES, example="list"),
    Field("exclusive", "flag", example=False),
)
_TITLE: Final = Field("title", required=True, example="Friends")
_MEMBERS: Final = Field("account_ids", "id", required=True, many=True)


def entity(one: List) -> Json:
    """Source: Mastodon documentation, List."""
    return {"id": str(one.id), "title": one.title, "replies_policy": one.replies, "exclusive": bool(one.exclusive)}


# -- lists --


async def index(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:lists")
    return answers.entity([entity(one) for one in request.app[keys.INSTANCE].db.read(rows.list_of, viewer.id)])


async def show(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:lists")
    return answers.entity(entity(request.app[keys.INSTANCE].db.read(lists.get, viewer.id, answers.named_id(request))))


async def create(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, "write:lists"), await params.read(request)
    title, replies, exclusive = given.text("title"), given.text("replies_policy") or "list", given.flag("exclusive")
    made = await request.app[keys.INSTANCE].db.write(_create, viewer, title, replies, exclusive)
    return answers.entity(entity(made))


def _create(tx: Tx, viewer: Account, title: str, replies: str, exclusive: bool) -> List:
    return lists.create(tx, viewer, title, replies, exclusive=exclusive)


async def update(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, "write:lists"), await params.read(request)
    title, replies, exclusive = given.find_text("title"), given.text("replies_policy") or None, given.find_flag("exclusive")
    list_id = answers.named_id(request)
    return answers.entity(entity(await request.app[keys.INSTANCE].db.write(lists.update, viewer, list_id, title, replies, exclusive)))


async def delete(request: web.Request) -> web.Response:
    viewer = auth.require(request, "write:lists")
    await request.app[keys.INSTANCE].db.write(lists.delete, viewer, answers.named_id(request))
    return answers.entity({})


async def with_account(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:lists")
    return answers.entity(request.app[keys.INSTANCE].db.read(_with_account, viewer.id, answers.named_id(request)))


def _with_account(tx: Tx, viewer_id: int, account_id: int) -> list[Json]:
    return [entity(one) for one in rows.list_with(tx, viewer_id, answers.person(tx, account_id).id)]


# -- members --


async def members(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, "read:lists"), params.query(request)
    is_whole = given.find_number("limit") == 0
    shown = Page(limit=limits.LIST_MEMBERS) if is_whole else answers.page(request, limits.PAGE_MAX, answers.ACCOUNTS_MAX)
    items, cursors = request.app[keys.INSTANCE].db.read(_members, request.app[SHELF], viewer.id, answers.named_id(request), shown)
    return answers.listing(request, shown, items, [] if is_whole else cursors)


def _members(tx: Tx, shelf: Shelf, viewer_id: int, list_id: int, shown: Page) -> _Found:
    found = rows.list_members(tx, lists.get(tx, viewer_id, list_id).id, shown)
    return shelf.accounts(tx, found), [account.id for account in found]


async def add(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, "write:lists"), await params.read(request)
    await request.app[keys.INSTANCE].db.write(lists.add_members, viewer, answers.named_id(request), given.ids("account_ids"))
    return answers.entity({})


async def remove(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, "write:lists"), await params.read(request)
    await request.app[keys.INSTANCE].db.write(lists.remove_members, viewer, answers.named_id(request), given.ids("account_ids"))
    return answers.entity({})


# -- what they have posted --


async def timeline(request: web.Request) -> web.Response:
    viewer, shown = auth.require(request, "read:lists"), answers.page(request)
    items, cursors = request.app[keys.INSTANCE].db.read(_timeline, request.app[SHELF], viewer.id, answers.named_id(request), shown)
    return answers.listing(request, shown, items, cursors)


def _timeline(tx: Tx, shelf: Shelf, viewer_id: int, list_id: int, shown: Page) -> _Found:
    found = list_post_rows.list_ids(tx, viewer_id, lists.get(tx, viewer_id, list_id).id, shown)
    return shelf.posts(tx, viewer_id, found), found


ROUTES = (
    table.user("GET", "/api/v1/lists", index, "read:lists", gives="[List]"),
    table.user("POST", "/api/v1/lists", create, "write:lists", _TITLE, *_FIELDS, gives="List"),
    table.user("GET", "/api/v1/lists/{id}", show, "read:lists", gives="List"),
    table.user("PUT", "/api/v1/lists/{id}", update, "write:lists", _TITLE._replace(required=False), *_FIELDS, gives="List"),
    table.user("PATCH", "/api/v1/lists/{id}", update, "write:lists", _TITLE._replace(required=False), *_FIELDS, gives="List"),
    table.user("DELETE", "/api/v1/lists/{id}", delete, "write:lists"),
    table.user("GET", "/api/v1/lists/{id}/accounts", members, "read:lists", *table.PAGE, gives="[Account]"),
    table.user("POST", "/api/v1/lists/{id}/accounts", add, "write:lists", _MEMBERS),
    table.user("DELETE", "/api/v1/lists/{id}/accounts", remove, "write:lists", _MEMBERS),
    table.user("GET", "/api/v1/accounts/{id}/lists", with_account, "read:lists", gives="[List]"),
    table.user("GET", "/api/v1/timelines/list/{id}", timeline, "read:lists", *table.PAGE, gives="[Status]"),
)
