"""What those who look after this server have to say. Source: Mastodon documentation, announcements."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from fedi import announcements, limits
from fedi.storage import announcements as rows
from fedi.storage.db import Tx
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import announcement
from fedi.web.api.table import Field


async def index(request: web.Request) -> web.Response:
    """Those that are not over; with `with_dismissed` also those one has read away."""
    viewer, given = auth.require(request), params.query(request)
    dismissed = given.flag("with_dismissed")
    return answers.entity(request.app[keys.INSTANCE].db.read(_list, viewer.id, dismissed))


def _list(tx: Tx, viewer_id: int, dismissed: bool) -> list[dict[str, Any]]:
    return announcement.announcements(tx, viewer_id, rows.list_current(tx, viewer_id, dismissed=dismissed))


async def dismiss(request: web.Request) -> web.Response:
    viewer, named = auth.require(request, "write:accounts"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(announcements.dismiss, viewer.id, named)
    return answers.entity({})


async def _react(request: web.Request, act: Callable[[Tx, int, int, str], None]) -> web.Response:
    viewer, named = auth.require(request, "write:favourites"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(act, viewer.id, named, request.match_info["name"][: limits.NAME_CHARS])
    return answers.entity({})


async def react(request: web.Request) -> web.Response:
    return await _react(request, announcements.react)


async def unreact(request: web.Request) -> web.Response:
    return await _react(request, announcements.unreact)


_PATH = "/api/v1/announcements"
ROUTES = (
    table.user("GET", _PATH, index, "", Field("with_dismissed", "flag", example=True), gives="[Announcement]"),
    table.user("POST", f"{_PATH}/{{id}}/dismiss", dismiss, "write:accounts"),
    table.user("PUT", f"{_PATH}/{{id}}/reactions/{{name}}", react, "write:favourites"),
    table.user("DELETE", f"{_PATH}/{{id}}/reactions/{{name}}", unreact, "write:favourites"),
)
