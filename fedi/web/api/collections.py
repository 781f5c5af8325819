"""Collections of people, and who is in them. Source: Mastodon documentation, collections."""

from typing import Final, NamedTuple
from urllib.parse import urlencode

import orjson
from aiohttp import web

from fedi import collections, ids, limits
from fedi.collections import About
from fedi.errors import Forbidden, Invalid
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as block_rows
from fedi.storage import collections as rows
from fedi.storage.accounts import Account
from fedi.storage.collections import Collection
from fedi.storage.db import Tx
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import collection as entity
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.params import Params


class _Part(NamedTuple):
    limit: int
    offset: int


def _part(request: web.Request) -> _Part:
    given = params.query(request)
    return _Part(given.number("limit", 40, 1, 80), given.number("offset", 0, 0, 10_000))


def _about(given: Params) -> About:
    return About(
        name=given.find_text("name", 1000),
        description=given.find_text("description", 10_000),
        language=given.find_text("language", 100),
        tag=given.find_text("tag_name", 1000),
        sensitive=given.find_flag("sensitive"),
        discoverable=given.find_flag("discoverable"),
    )


def _wrapped(request: web.Request, viewer: Account, shown: Collection) -> web.Response:
    made = request.app[keys.INSTANCE].db.read(entity.collections, viewer.id, [shown])
    return answers.entity({"collection": made[0]})


# -- collections --


async def create(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, "write:collections"), await params.read(request)
    wanted = given.ids("account_ids", limits.COLLECTION_ITEMS)
    return _wrapped(request, viewer, await request.app[keys.INSTANCE].db.write(collections.create, viewer, _about(given), wanted))


async def show(request: web.Request) -> web.Response:
    viewer_id = answers.reader_id(request, "read:collections")
    return answers.entity(request.app[keys.INSTANCE].db.read(_show, request.app[SHELF], viewer_id, answers.named_id(request)))


def _show(tx: Tx, shelf: Shelf, viewer_id: int, collection_id: int) -> Json:
    """CollectionWithAccounts."""
    shown = entity.collections(tx, viewer_id, [collections.get(tx, viewer_id, collection_id)])[0]
    wanted = [int(shown["account_id"]), *(int(one["account_id"]) for one in shown["items"])]
    people = account_rows.list_by_ids(tx, wanted)
    made = shelf.accounts(tx, [people[row_id] for row_id in dict.fromkeys(wanted)])
    return {"accounts": [orjson.Fragment(one) for one in made], "collection": shown}


async def change(request: web.Request) -> web.Response:
    viewer, collection_id = auth.require(request, "write:collections"), answers.named_id(request)
    about = _about(await params.read(request))
    return _wrapped(request, viewer, await request.app[keys.INSTANCE].db.write(collections.change, viewer, collection_id, about))


async def delete(request: web.Request) -> web.Response:
    viewer, collection_id = auth.require(request, "write:collections"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(collections.delete, viewer, collection_id)
    return answers.entity({})


# -- of somebody --


async def of_account(request: web.Request) -> web.Response:
    viewer_id, part = answers.reader_id(request, "read:collections"), _part(request)
    return _listing(request, part, request.app[keys.INSTANCE].db.read(_of_account, viewer_id, answers.named_id(request), part))


def _of_account(tx: Tx, viewer_id: int, account_id: int, part: _Part) -> list[Json]:
    account = answers.person(tx, account_id)
    if viewer_id and block_rows.stands_between(tx, viewer_id, account.id):
        return []
    found = rows.list_of(tx, account.id, hidden=viewer_id == account.id, limit=part.limit, offset=part.offset)
    return entity.collections(tx, viewer_id, found)


async def with_account(request: web.Request) -> web.Response:
    """Those in which one is oneself; in which others are is theirs to know."""
    viewer, part = auth.require(request, "read:collections"), _part(request)
    return _listing(request, part, request.app[keys.INSTANCE].db.read(_with_account, viewer.id, answers.named_id(request), part))


def _with_account(tx: Tx, viewer_id: int, account_id: int, part: _Part) -> list[Json]:
    if answers.person(tx, account_id).id != viewer_id:
        raise Forbidden("That is for themselves to know.")
    return entity.collections(tx, viewer_id, rows.list_with(tx, viewer_id, limit=part.limit, offset=part.offset))


def _listing(request: web.Request, part: _Part, shown: list[Json]) -> web.Response:
    """Collections, with `Link` to the pages beside: they count from the first."""
    response = answers.entity({"collections": shown})
    beside = {"next": part.offset + part.limit if len(shown) == part.limit else None, "prev": max(part.offset - part.limit, 0)}
    place = f"{request.app[keys.NAMES].base_url}{request.rel_url.raw_path}"
    links = [
        f'<{place}?{urlencode({"limit": part.limit, "offset": offset})}>; rel="{rel}"'
        for rel, offset in beside.items()
        if offset is not None and (rel == "next" or part.offset)
    ]
    if links:
        response.headers["Link"] = ", ".join(links)
    return response


# -- who is in them --


async def add(request: web.Request) -> web.Response:
    viewer, collection_id = auth.require(request, "write:collections"), answers.named_id(request)
    db, account_id = request.app[keys.INSTANCE].db, (await params.read(request)).find_id("account_id")
    db.read(collections.get, viewer.id, collection_id)
    if account_id is None:
        raise Invalid("account_id: write whom to put into it.", "account_id")
    return answers.entity({"collection_item": entity.item(await db.write(collections.add, viewer, collection_id, account_id))})


async def remove(request: web.Request) -> web.Response:
    return await _on_item(request, remove_own=True)


async def revoke(request: web.Request) -> web.Response:
    return await _on_item(request, remove_own=False)


async def _on_item(request: web.Request, *, remove_own: bool) -> web.Response:
    viewer, collection_id = auth.require(request, "write:collections"), answers.named_id(request)
    act = collections.remove if remove_own else collections.revoke
    await request.app[keys.INSTANCE].db.write(act, viewer, collection_id, ids.parse(request.match_info["item"]))
    return answers.entity({})


_ABOUT: Final = (
    table.Field("description", example="They know their tomatoes"),
    table.Field("language", example="en"),
    table.Field("tag_name", example="gardening"),
    table.Field("sensitive", "flag", example=False),
    table.Field("discoverable", "flag", example=True),
)
_PART: Final = (table.Field("limit", "number"), table.Field("offset", "number"))
_NAME: Final = table.Field("name", example="Gardeners")
_ONE: Final = "/api/v1/collections/{id}"
_WRITE: Final = "write:collections"

ROUTES = (
    table.user(
        "POST",
        "/api/v1/collections",
        create,
        _WRITE,
        _NAME._replace(required=True),
        *_ABOUT,
        table.Field("account_ids", "id", many=True),
        gives="WrappedCollection",
    ),
    table.reader("GET", _ONE, show, "read:collections", gives="CollectionWithAccounts"),
    table.user("PATCH", _ONE, change, _WRITE, _NAME, *_ABOUT, gives="WrappedCollection"),
    table.user("PUT", _ONE, change, _WRITE, _NAME, *_ABOUT, gives="WrappedCollection"),
    table.user("DELETE", _ONE, delete, _WRITE),
    table.reader("GET", "/api/v1/accounts/{id}/collections", of_account, "read:collections", *_PART, gives="Collections"),
    table.user("GET", "/api/v1/accounts/{id}/in_collections", with_account, "read:collections", *_PART, gives="Collections"),
    table.user("POST", f"{_ONE}/items", add, _WRITE, table.Field("account_id", "id", required=True), gives="WrappedCollectionItem"),
    table.user("DELETE", f"{_ONE}/items/{{item}}", remove, _WRITE),
    table.user("POST", f"{_ONE}/items/{{item}}/revoke", revoke, _WRITE),
)
