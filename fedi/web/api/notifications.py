"""What happened to one's posts and to oneself, one by one. Source: Mastodon documentation, notifications."""

from typing import Final

from aiohttp import web

from fedi import limits, notifications
from fedi.errors import NotFound
from fedi.storage import markers as marker_rows
from fedi.storage import notification_lists as lists
from fedi.storage.db import Tx
from fedi.storage.notification_lists import Wanted
from fedi.storage.timelines import Page
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import notification
from fedi.web.api.entities.notification import Asked
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.api.table import Field
from fedi.web.copies import COPIES

PAGE: Final = 40
MOST: Final = 80
_COUNTED: Final = 100
_COUNTED_MOST: Final = 1000
_TYPES: Final = 100  # names a program may send


def asked(given: params.Params) -> Asked:
    """Which types it wants and knows."""
    known = given.texts("supported_types", _TYPES) if "supported_types" in given else None
    return notification.asked(given.texts("types", _TYPES), given.texts("exclude_types", _TYPES), known)


def wanted(given: params.Params, said: Asked) -> Wanted:
    """Which it is to get; of one sender, those kept apart as well."""
    sender_id = given.find_id("account_id") or 0
    return Wanted(said.kinds, sender_id, given.flag("include_filtered"), notification.grouped(given.texts("grouped_types", _TYPES)))


_USUAL: Final = (notification.EVERYTHING, Wanted(notification.EVERYTHING.kinds, grouped=notification.grouped(())))


async def index(request: web.Request) -> web.Response:
    viewer_id, copies = auth.require_id(request, "read:notifications"), request.app[COPIES]
    return copies.find(request, viewer_id) or copies.keep(request, _page(request, viewer_id))


def _page(request: web.Request, viewer_id: int) -> web.Response:
    shown = answers.page(request, PAGE, MOST)
    said, chosen = _USUAL
    if not answers.is_plain(request):
        given = params.query(request)
        said = asked(given)
        chosen = wanted(given, said)
    items, cursors = request.app[keys.INSTANCE].db.read(_list, request.app[SHELF], viewer_id, (shown, chosen, said))
    return answers.listing(request, shown, items, cursors)


def _list(tx: Tx, shelf: Shelf, viewer_id: int, which: tuple[Page, Wanted, Asked]) -> tuple[list[bytes], list[int]]:
    page, chosen, said = which
    rows = lists.list_notifications(tx, viewer_id, page, chosen)
    return notification.notifications(shelf, tx, viewer_id, rows, said), [row.id for row in rows]


async def show(request: web.Request) -> web.Response:
    viewer, said = auth.require(request, "read:notifications"), asked(params.query(request))
    notification_id = answers.named_id(request)
    return answers.entity(request.app[keys.INSTANCE].db.read(_show, request.app[SHELF], (viewer.id, notification_id), said))


def _show(tx: Tx, shelf: Shelf, which: tuple[int, int], said: Asked) -> bytes:
    viewer_id, notification_id = which
    row = lists.find_notification(tx, viewer_id, notification_id, said.kinds)
    found = notification.notifications(shelf, tx, viewer_id, [row], said) if row is not None else []
    if not found:
        raise NotFound("There is no such notification.")
    return found[0]


def counted(given: params.Params) -> int:
    return given.number("limit", _COUNTED, 1, _COUNTED_MOST)


async def unread_count(request: web.Request) -> web.Response:
    """How many are newer than what was read last, up to `limit`."""
    viewer, given = auth.require(request, "read:notifications"), params.query(request)
    chosen = wanted(given, asked(given))
    return answers.entity({"count": request.app[keys.INSTANCE].db.read(_unread, viewer.id, counted(given), chosen)})


def _unread(tx: Tx, viewer_id: int, limit: int, chosen: Wanted) -> int:
    return lists.count(tx, viewer_id, Page(after=marker_rows.last_read(tx, viewer_id, "notifications"), limit=limit), chosen)


async def clear(request: web.Request) -> web.Response:
    viewer = auth.require(request, "write:notifications")
    await request.app[keys.INSTANCE].db.write(notifications.clear, viewer.id)
    return answers.entity({})


async def dismiss(request: web.Request) -> web.Response:
    viewer, notification_id = auth.require(request, "write:notifications"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(notifications.dismiss, viewer.id, notification_id)
    return answers.entity({})


async def dismiss_named(request: web.Request) -> web.Response:
    """The older form, with the id as a parameter."""
    viewer, given = auth.require(request, "write:notifications"), await params.read(request)
    await request.app[keys.INSTANCE].db.write(notifications.dismiss, viewer.id, given.find_id("id") or 0)
    return answers.entity({})


async def dismiss_many(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, "write:notifications"), await params.read(request)
    named = given.ids("ids", limits.NOTIFICATIONS_AT_ONCE)
    await request.app[keys.INSTANCE].db.write(notifications.dismiss_many, viewer.id, named)
    return answers.entity({})


KNOWN: Final = Field("supported_types", many=True)
WHICH: Final = (
    Field("types", many=True),
    Field("exclude_types", many=True),
    Field("account_id", "id"),
    Field("include_filtered", "flag", example=True),
)
LIMIT: Final = Field("limit", "number", example=_COUNTED)
_PATH: Final = "/api/v1/notifications"
ROUTES = (
    table.user("GET", _PATH, index, "read:notifications", *table.PAGE, *WHICH, KNOWN, gives="[Notification]"),
    table.user("GET", f"{_PATH}/unread_count", unread_count, "read:notifications", LIMIT, *WHICH, gives="Hash"),
    table.user("POST", f"{_PATH}/clear", clear, "write:notifications"),
    table.user("POST", f"{_PATH}/dismiss", dismiss_named, "write:notifications", Field("id", "id", required=True)),
    table.user("DELETE", f"{_PATH}/destroy_multiple", dismiss_many, "write:notifications", Field("ids", "id", many=True)),
    table.user("GET", f"{_PATH}/{{id}}", show, "read:notifications", KNOWN, gives="Notification"),
    table.user("POST", f"{_PATH}/{{id}}/dismiss", dismiss, "write:notifications"),
    table.user("DELETE", f"{_PATH}/{{id}}", dismiss, "write:notifications"),
)
