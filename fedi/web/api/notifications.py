"""What happened to one's posts and to oneself. Source: Mastodon documentation, notifications."""

from typing import NamedTuple

from aiohttp import web

from fedi.errors import NotFound
from fedi.storage import listings
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import notification
from fedi.web.api.entities.shelf import SHELF, Shelf

_PAGE = 40
_MOST = 80


async def index(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:notifications")
    given, shown = params.query(request), answers.page(request, _PAGE, _MOST)
    asked = given.texts("types", most=100)
    kinds = notification.kinds(asked, given.texts("exclude_types", most=100))
    wanted = _Wanted(kinds, given.find_id("account_id") or 0, asked)
    items, cursors = request.app[keys.INSTANCE].db.read(_list, request.app[SHELF], viewer.id, shown, wanted)
    return answers.listing(request, shown, items, cursors)


class _Wanted(NamedTuple):
    kinds: list[str]
    sender_id: int
    asked: list[str]


def _list(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page, wanted: _Wanted) -> tuple[list[bytes], list[int]]:
    rows = listings.list_notifications(tx, viewer_id, shown, wanted.kinds, wanted.sender_id)
    return notification.notifications(shelf, tx, viewer_id, rows, wanted.asked), [row.id for row in rows]


async def show(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:notifications")
    return answers.entity(request.app[keys.INSTANCE].db.read(_show, request.app[SHELF], viewer.id, answers.named_id(request)))


def _show(tx: Tx, shelf: Shelf, viewer_id: int, notification_id: int) -> bytes:
    row = listings.find_notification(tx, viewer_id, notification_id, notification.TYPES)
    found = notification.notifications(shelf, tx, viewer_id, [row]) if row is not None else []
    if not found:
        raise NotFound("There is no such notification.")
    return found[0]


ROUTES = (
    table.user("GET", "/api/v1/notifications", index, "read:notifications", *table.PAGE, gives="[Notification]"),
    table.user("GET", "/api/v1/notifications/{id}", show, "read:notifications", gives="Notification"),
)
