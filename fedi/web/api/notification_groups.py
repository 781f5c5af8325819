"""The same in groups: who liked one post within some hours stands together. Source: Mastodon documentation, grouped_notifications."""

from typing import Final, NamedTuple

from aiohttp import web

from fedi import limits, notifications
from fedi.errors import Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import markers as marker_rows
from fedi.storage import notification_lists as lists
from fedi.storage.db import Tx
from fedi.storage.notification_lists import Group, Wanted
from fedi.storage.timelines import Page
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import notification_group
from fedi.web.api.entities.notification import Asked
from fedi.web.api.entities.notification_group import Shown
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.api.notifications import KNOWN, LIMIT, MOST, PAGE, WHICH, asked, counted, wanted
from fedi.web.api.table import Field

_EXPANDED: Final = ("full", "partial_avatars")


class _Asked(NamedTuple):
    """What somebody asks for: the page, which of them, and how."""

    viewer_id: int
    said: Asked
    wanted: Wanted
    page: Page = Page()
    partial: bool = False
    key: str = ""


async def index(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:notifications")
    given, shown = params.query(request), answers.page(request, PAGE, MOST)
    expanded = given.text("expand_accounts", "full", 40)
    if expanded not in _EXPANDED:
        raise Invalid(f"`expand_accounts` is one of {', '.join(_EXPANDED)}.", "expand_accounts")
    said = asked(given)
    which = _Asked(viewer.id, said, wanted(given, said), shown, expanded == "partial_avatars")
    found, cursors = request.app[keys.INSTANCE].db.read(_list, request.app[SHELF], which)
    return answers.beside(request, shown, found, cursors)


def _list(tx: Tx, shelf: Shelf, which: _Asked) -> tuple[bytes, list[int]]:
    groups = lists.list_groups(tx, which.viewer_id, which.page, which.wanted)
    shown = notification_group.results(shelf, tx, which.viewer_id, groups, which.said, Shown(which.partial))
    return shown, [group.row.id for group in groups]


def _named(request: web.Request, *scopes: str) -> _Asked:
    viewer, given = auth.require(request, *scopes), params.query(request)
    said = asked(given)
    chosen = Wanted(said.kinds, with_filtered=True, grouped=wanted(given, said).grouped)
    return _Asked(viewer.id, said, chosen, key=request.match_info["group_key"][: limits.NAME_CHARS])


async def show(request: web.Request) -> web.Response:
    which = _named(request, "read:notifications")
    return answers.entity(request.app[keys.INSTANCE].db.read(_show, request.app[SHELF], which))


def _show(tx: Tx, shelf: Shelf, which: _Asked) -> bytes:
    return notification_group.results(shelf, tx, which.viewer_id, [_found(tx, which)], which.said, Shown(paged=False))


def _found(tx: Tx, which: _Asked) -> Group:
    """Raises NotFound."""
    group = lists.find_group(tx, which.viewer_id, which.key, which.wanted)
    if group is None:
        raise NotFound("There is no such group of notifications.")
    return group


async def accounts(request: web.Request) -> web.Response:
    """All people of a group, page by page."""
    which = _named(request, "read:notifications", "write:notifications")._replace(page=answers.page(request, PAGE, MOST))
    items, cursors = request.app[keys.INSTANCE].db.read(_accounts, request.app[SHELF], which)
    return answers.listing(request, which.page, items, cursors)


def _accounts(tx: Tx, shelf: Shelf, which: _Asked) -> tuple[list[bytes], list[int]]:
    group = _found(tx, which)
    rows = (
        [group.row] if group.key.startswith("ungrouped-") else lists.list_members(tx, which.viewer_id, group.key, which.page, which.wanted)
    )
    people = account_rows.list_by_ids(tx, dict.fromkeys(row.from_account_id for row in rows))
    ordered = [people[row_id] for row_id in dict.fromkeys(row.from_account_id for row in rows) if row_id in people]
    return shelf.accounts(tx, ordered), [row.id for row in rows]


async def dismiss(request: web.Request) -> web.Response:
    viewer, key = auth.require(request, "write:notifications"), request.match_info["group_key"][: limits.NAME_CHARS]
    await request.app[keys.INSTANCE].db.write(notifications.dismiss_group, viewer.id, key)
    return answers.entity({})


async def unread_count(request: web.Request) -> web.Response:
    """How many groups have something newer than what was read last, up to `limit`."""
    viewer, given = auth.require(request, "read:notifications"), params.query(request)
    chosen = wanted(given, asked(given))
    return answers.entity({"count": request.app[keys.INSTANCE].db.read(_unread, viewer.id, counted(given), chosen)})


def _unread(tx: Tx, viewer_id: int, limit: int, chosen: Wanted) -> int:
    return lists.count_groups(tx, viewer_id, Page(after=marker_rows.last_read(tx, viewer_id, "notifications"), limit=limit), chosen)


_GROUPED: Final = Field("grouped_types", many=True)
_PATH: Final = "/api/v2/notifications"
_GIVES: Final = "GroupedNotificationsResults"
_EXPAND: Final = Field("expand_accounts", choices=_EXPANDED)
ROUTES = (
    table.user("GET", _PATH, index, "read:notifications", *table.PAGE, *WHICH, _GROUPED, _EXPAND, KNOWN, gives=_GIVES),
    table.user("GET", f"{_PATH}/unread_count", unread_count, "read:notifications", LIMIT, *WHICH, _GROUPED, gives="Hash"),
    table.user("GET", f"{_PATH}/{{group_key}}", show, "read:notifications", KNOWN, gives=_GIVES),
    table.user(
        "GET", f"{_PATH}/{{group_key}}/accounts", accounts, "read:notifications write:notifications", *table.PAGE, gives="[Account]"
    ),
    table.user("POST", f"{_PATH}/{{group_key}}/dismiss", dismiss, "write:notifications"),
)
