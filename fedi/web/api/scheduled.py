"""Posts to come: what one has scheduled, another time for it, and not after all. Source: Mastodon documentation, scheduled_statuses."""

from typing import Any

from aiohttp import web

from fedi import scheduled
from fedi.errors import Invalid
from fedi.posts import Draft
from fedi.storage import scheduled as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web import auth, keys, params
from fedi.web.api import answers, drafts, table
from fedi.web.api.entities import scheduled as entity
from fedi.web.api.table import Field


async def plan(request: web.Request, viewer: Account, draft: Draft, at: int) -> web.Response:
    """The answer to a post that is to be published later."""
    row = await request.app[keys.INSTANCE].db.write(scheduled.plan, viewer, draft, at)
    return _shown(request, viewer, row.id)


async def index(request: web.Request) -> web.Response:
    viewer, shown = auth.require(request, "read:statuses"), answers.page(request)
    found, cursors = request.app[keys.INSTANCE].db.read(_list, viewer.id, shown)
    response = answers.entity(found)
    response.headers.update(answers.links(request, shown, cursors))
    return response


def _list(tx: Tx, viewer_id: int, shown: Page) -> tuple[list[Any], list[int]]:
    found = rows.list_own(tx, viewer_id, shown)
    return entity.load(tx, tx.uris, found), [row.id for row in found]


async def show(request: web.Request) -> web.Response:
    viewer, row_id = auth.require(request, "read:statuses"), answers.named_id(request)
    return _shown(request, viewer, row_id)


def _shown(request: web.Request, viewer: Account, row_id: int) -> web.Response:
    return answers.entity(request.app[keys.INSTANCE].db.read(_read, viewer.id, row_id))


def _read(tx: Tx, viewer_id: int, row_id: int) -> Any:
    return entity.load(tx, tx.uris, [rows.get_own(tx, viewer_id, row_id)])[0]


async def change(request: web.Request) -> web.Response:
    viewer, row_id = auth.require(request, "write:statuses"), answers.named_id(request)
    given, instance = await params.read(request), request.app[keys.INSTANCE]
    instance.db.read(rows.get_own, viewer.id, row_id)
    at = drafts.scheduled_at(given)
    if at is None:
        raise Invalid("Say for when: scheduled_at.", "scheduled_at")
    await instance.db.write(scheduled.move, viewer, row_id, at)
    return _shown(request, viewer, row_id)


async def delete(request: web.Request) -> web.Response:
    viewer, row_id = auth.require(request, "write:statuses"), answers.named_id(request)
    await request.app[keys.INSTANCE].db.write(scheduled.cancel, viewer, row_id)
    return answers.entity({})


_AT = Field("scheduled_at", "time", required=True)
ROUTES = (
    table.user("GET", "/api/v1/scheduled_statuses", index, "read:statuses", *table.PAGE, gives="[ScheduledStatus]"),
    table.user("GET", "/api/v1/scheduled_statuses/{id}", show, "read:statuses", gives="ScheduledStatus"),
    table.user("PUT", "/api/v1/scheduled_statuses/{id}", change, "write:statuses", _AT, gives="ScheduledStatus"),
    table.user("PATCH", "/api/v1/scheduled_statuses/{id}", change, "write:statuses", _AT, gives="ScheduledStatus"),
    table.user("DELETE", "/api/v1/scheduled_statuses/{id}", delete, "write:statuses"),
)
