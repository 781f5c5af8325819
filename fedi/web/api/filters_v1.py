"""Filters as programs before 4.0 know them: one keyword each. Source: Mastodon documentation, filters, version 1."""

from typing import Final

from aiohttp import web

from fedi import filters
from fedi.filters import Change, KeywordChange
from fedi.web import auth, params
from fedi.web.api import answers, table
from fedi.web.api.entities import filter as entity
from fedi.web.api.filters import READ, WRITE, contexts, expires_in, read, write
from fedi.web.api.table import Field


async def index(request: web.Request) -> web.Response:
    return answers.entity([entity.single(*one) for one in read(request, filters.list_single)])


async def show(request: web.Request) -> web.Response:
    return answers.entity(entity.single(*read(request, filters.get_single, answers.named_id(request))))


async def create(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, WRITE), await params.read(request)
    change = _change(given)
    keyword = KeywordChange(keyword=change.title or "", whole_word=given.flag("whole_word", default=True))
    made = await write(request, viewer, filters.create_single, change._replace(keywords=(keyword,)))
    return answers.entity(entity.single(*made))


async def update(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, WRITE), await params.read(request)
    changed = await write(request, viewer, filters.update_single, answers.named_id(request), _change(given), given.find_flag("whole_word"))
    return answers.entity(entity.single(*changed))


async def delete(request: web.Request) -> web.Response:
    viewer = auth.require(request, WRITE)
    await write(request, viewer, filters.remove_keyword, answers.named_id(request))
    return answers.entity({})


def _change(given: params.Params) -> Change:
    hides = given.find_flag("irreversible")
    action = None if hides is None else "hide" if hides else "warn"
    return Change(given.find_text("phrase"), contexts(given), action, expires_in(given))


_FIELDS: Final = (
    Field("phrase", required=True, example="spoiler"),
    Field("context", required=True, many=True, choices=filters.CONTEXTS, example=["home"]),
    Field("irreversible", "flag", example=False),
    Field("whole_word", "flag", example=True),
    Field("expires_in", "number", example=3600),
)

ROUTES = (
    table.user("GET", "/api/v1/filters", index, READ, gives="[V1::Filter]"),
    table.user("POST", "/api/v1/filters", create, WRITE, *_FIELDS, gives="V1::Filter"),
    table.user("GET", "/api/v1/filters/{id}", show, READ, gives="V1::Filter"),
    table.user("PUT", "/api/v1/filters/{id}", update, WRITE, *_FIELDS, gives="V1::Filter"),
    table.user("PATCH", "/api/v1/filters/{id}", update, WRITE, *_FIELDS, gives="V1::Filter"),
    table.user("DELETE", "/api/v1/filters/{id}", delete, WRITE),
)
