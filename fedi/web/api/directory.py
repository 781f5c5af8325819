"""The directory: people here and elsewhere who want to be found. Source: Mastodon documentation, directory."""

from typing import Final

from aiohttp import web

from fedi import limits
from fedi.errors import Invalid
from fedi.storage import account_search
from fedi.storage.account_search import Listed
from fedi.web import keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.shelf import SHELF

_ORDERS: Final = ("active", "new")


async def index(request: web.Request) -> web.Response:
    viewer_id, given = answers.reader_id(request), params.query(request)
    order = given.text("order", max_chars=40) or "active"
    if order not in _ORDERS:
        raise Invalid(f"order: write one of {', '.join(_ORDERS)}.", "order")
    listed = Listed(
        local=given.flag("local"),
        newest=order == "new",
        limit=given.number("limit", limits.PAGE_MAX, 1, answers.ACCOUNTS_MAX),
        offset=given.number("offset", 0, 0, limits.SEARCH_OFFSET),
    )
    db = request.app[keys.INSTANCE].db
    found = await db.scan(account_search.list_directory, viewer_id, listed)
    return answers.entity(answers.array(db.read(request.app[SHELF].accounts, found)))


ROUTES = (
    table.reader(
        "GET",
        "/api/v1/directory",
        index,
        "",
        table.Field("order", choices=_ORDERS, example="new"),
        table.Field("local", "flag", example=False),
        table.Field("limit", "number", example=40),
        table.Field("offset", "number", example=0),
        gives="[Account]",
    ),
)
