"""From whom something was kept apart. Source: Mastodon documentation, notifications, requests."""

from collections.abc import Callable, Sequence
from typing import Final

import orjson
from aiohttp import web

from fedi import clock, filtered, limits
from fedi.errors import NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import notification_requests as rows
from fedi.storage.db import Tx
from fedi.storage.notification_requests import Request
from fedi.storage.timelines import Page
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.api.table import Field

_PAGE: Final = 40
_MOST: Final = 80

_Act = Callable[[Tx, int, Sequence[int]], None]


async def index(request: web.Request) -> web.Response:
    viewer, shown = auth.require(request, "read:notifications"), answers.page(request, _PAGE, _MOST)
    items, cursors = request.app[keys.INSTANCE].db.read(_list, request.app[SHELF], viewer.id, shown)
    return answers.listing(request, shown, items, cursors)


def _list(tx: Tx, shelf: Shelf, viewer_id: int, page: Page) -> tuple[list[bytes], list[int]]:
    found = rows.list_of(tx, viewer_id, page)
    return _entities(tx, shelf, viewer_id, found), [request.id for request in found]


def _entities(tx: Tx, shelf: Shelf, viewer_id: int, found: list[Request]) -> list[bytes]:
    accounts = account_rows.list_by_ids(tx, [request.from_account_id for request in found])
    people = dict(zip(accounts, shelf.accounts(tx, list(accounts.values())), strict=True))
    posts = shelf.posts_by_id(tx, viewer_id, [request.last_post_id for request in found if request.last_post_id is not None])
    return [orjson.dumps(_entity(request, people[request.from_account_id], posts.get(request.last_post_id or 0))) for request in found]


def _entity(request: Request, account: bytes, status: bytes | None) -> Json:
    """Source: Mastodon documentation, NotificationRequest."""
    found: Json = {
        "id": str(request.id),
        "created_at": clock.rfc3339(request.created_at),
        "updated_at": clock.rfc3339(request.updated_at),
        "account": orjson.Fragment(account),
        "notifications_count": str(request.held),
    }
    return found | ({"last_status": orjson.Fragment(status)} if status is not None else {})


async def show(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:notifications")
    return answers.entity(request.app[keys.INSTANCE].db.read(_show, request.app[SHELF], viewer.id, answers.named_id(request)))


def _show(tx: Tx, shelf: Shelf, viewer_id: int, request_id: int) -> bytes:
    return _entities(tx, shelf, viewer_id, [filtered.find(tx, viewer_id, request_id)])[0]


async def _act(request: web.Request, act: _Act) -> web.Response:
    viewer, request_id = auth.require(request, "write:notifications"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(_one, act, viewer.id, request_id)
    return answers.entity({})


def _one(tx: Tx, act: _Act, viewer_id: int, request_id: int) -> None:
    if not rows.list_these(tx, viewer_id, [request_id]):
        raise NotFound("There is no such request.")
    act(tx, viewer_id, [request_id])


async def _act_on_many(request: web.Request, act: _Act) -> web.Response:
    """Those that are not there are no harm."""
    viewer, given = auth.require(request, "write:notifications"), await params.read(request)
    await request.app[keys.INSTANCE].db.write(act, viewer.id, given.ids("id", limits.NOTIFICATIONS_AT_ONCE))
    return answers.entity({})


async def accept(request: web.Request) -> web.Response:
    return await _act(request, filtered.accept)


async def dismiss(request: web.Request) -> web.Response:
    return await _act(request, filtered.dismiss)


async def accept_many(request: web.Request) -> web.Response:
    return await _act_on_many(request, filtered.accept)


async def dismiss_many(request: web.Request) -> web.Response:
    return await _act_on_many(request, filtered.dismiss)


async def merged(request: web.Request) -> web.Response:
    """Whether what was accepted stands among the rest by now: it does as soon as accepting is answered."""
    auth.require(request, "read:notifications")
    return answers.entity({"merged": True})


_PATH: Final = "/api/v1/notifications/requests"
_IDS: Final = Field("id", "id", many=True)
ROUTES = (
    table.user("GET", _PATH, index, "read:notifications", *table.PAGE, gives="[NotificationRequest]"),
    table.user("GET", f"{_PATH}/merged", merged, "read:notifications", gives="Hash"),
    table.user("POST", f"{_PATH}/accept", accept_many, "write:notifications", _IDS),
    table.user("POST", f"{_PATH}/dismiss", dismiss_many, "write:notifications", _IDS),
    table.user("GET", f"{_PATH}/{{id}}", show, "read:notifications", gives="NotificationRequest"),
    table.user("POST", f"{_PATH}/{{id}}/accept", accept, "write:notifications"),
    table.user("POST", f"{_PATH}/{{id}}/dismiss", dismiss, "write:notifications"),
)
