"""Filters, their keywords and their posts. Source: Mastodon documentation, filters."""

from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from fedi import filters, limits
from fedi.errors import NotFound
from fedi.filters import Change, KeywordChange
from fedi.storage.accounts import Account
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import filter as entity
from fedi.web.api.table import Field

READ: Final = "read:filters"
WRITE: Final = "write:filters"


def read(request: web.Request, rule: Callable[..., Any], *args: object) -> Any:
    """What a rule of filters.py reads for the person who asks."""
    return request.app[keys.INSTANCE].db.read(rule, auth.require(request, READ).id, *args)


async def write(request: web.Request, viewer: Account, rule: Callable[..., Any], *args: object) -> Any:
    return await request.app[keys.INSTANCE].db.write(rule, viewer, *args)


def expires_in(given: params.Params) -> int | None:
    """In seconds; 0 (never) where it is given empty, None where it is not given."""
    return (given.find_number("expires_in") or 0) if "expires_in" in given else None


def contexts(given: params.Params) -> list[str] | None:
    return given.texts("context") if "context" in given else None


# -- filters --


async def index(request: web.Request) -> web.Response:
    return answers.entity([entity.whole(one) for one in read(request, filters.list_of)])


async def show(request: web.Request) -> web.Response:
    return answers.entity(entity.whole(read(request, filters.get, answers.named_id(request))))


async def create(request: web.Request) -> web.Response:
    viewer = auth.require(request, WRITE)
    made = await write(request, viewer, filters.create, _change(await params.read(request)))
    return answers.entity(entity.whole(made))


async def update(request: web.Request) -> web.Response:
    viewer = auth.require(request, WRITE)
    changed = await write(request, viewer, filters.update, answers.named_id(request), _change(await params.read(request)))
    return answers.entity(entity.whole(changed))


async def delete(request: web.Request) -> web.Response:
    viewer = auth.require(request, WRITE)
    await write(request, viewer, filters.delete, answers.named_id(request))
    return answers.entity({})


def _change(given: params.Params) -> Change:
    keywords = [_keyword(one) for one in given.groups("keywords_attributes", limits.FILTER_KEYWORDS)]
    return Change(given.find_text("title"), contexts(given), given.text("filter_action") or None, expires_in(given), keywords)


def _keyword(given: params.Params) -> KeywordChange:
    return KeywordChange(given.find_id("id"), given.find_text("keyword"), given.find_flag("whole_word"), given.flag("_destroy"))


# -- keywords --


async def keywords(request: web.Request) -> web.Response:
    found = read(request, filters.get, answers.named_id(request))
    return answers.entity([entity.keyword(one) for one in found.keywords])


async def add_keyword(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, WRITE), await params.read(request)
    text, whole_word = given.text("keyword"), given.find_flag("whole_word")
    return answers.entity(entity.keyword(await write(request, viewer, filters.add_keyword, answers.named_id(request), text, whole_word)))


async def show_keyword(request: web.Request) -> web.Response:
    return answers.entity(entity.keyword(read(request, filters.get_keyword, answers.named_id(request))))


async def update_keyword(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, WRITE), await params.read(request)
    text, whole_word = given.find_text("keyword"), given.find_flag("whole_word")
    changed = await write(request, viewer, filters.update_keyword, answers.named_id(request), text, whole_word)
    return answers.entity(entity.keyword(changed))


async def remove_keyword(request: web.Request) -> web.Response:
    viewer = auth.require(request, WRITE)
    await write(request, viewer, filters.remove_keyword, answers.named_id(request))
    return answers.entity({})


# -- posts --


async def posts(request: web.Request) -> web.Response:
    found = read(request, filters.get, answers.named_id(request))
    return answers.entity([entity.post(one) for one in found.posts])


async def add_post(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, WRITE), await params.read(request)
    post_id = given.find_id("status_id")
    if post_id is None:
        raise NotFound("There is no such post.")
    return answers.entity(entity.post(await write(request, viewer, filters.add_post, answers.named_id(request), post_id)))


async def show_post(request: web.Request) -> web.Response:
    return answers.entity(entity.post(read(request, filters.get_post, answers.named_id(request))))


async def remove_post(request: web.Request) -> web.Response:
    viewer = auth.require(request, WRITE)
    await write(request, viewer, filters.remove_post, answers.named_id(request))
    return answers.entity({})


_CONTEXT: Final = Field("context", required=True, many=True, choices=filters.CONTEXTS, example=["home"])
_TITLE: Final = Field("title", required=True, example="Spoilers")
_REST: Final = (
    Field("filter_action", choices=filters.ACTIONS, example="warn"),
    Field("expires_in", "number", example=3600),
    Field("keywords_attributes", "object", many=True, example=[{"keyword": "spoiler", "whole_word": True}]),
)
_OPTIONAL: Final = (_TITLE._replace(required=False), _CONTEXT._replace(required=False), *_REST[:2])
_KEYWORD: Final = (Field("keyword", required=True, example="spoiler"), Field("whole_word", "flag", example=True))

ROUTES = (
    table.user("GET", "/api/v2/filters", index, READ, gives="[Filter]"),
    table.user("POST", "/api/v2/filters", create, WRITE, _TITLE, _CONTEXT, *_REST, gives="Filter"),
    table.user("GET", "/api/v2/filters/{id}", show, READ, gives="Filter"),
    table.user("PUT", "/api/v2/filters/{id}", update, WRITE, *_OPTIONAL, _REST[2], gives="Filter"),
    table.user("PATCH", "/api/v2/filters/{id}", update, WRITE, *_OPTIONAL, _REST[2], gives="Filter"),
    table.user("DELETE", "/api/v2/filters/{id}", delete, WRITE),
    table.user("GET", "/api/v2/filters/{id}/keywords", keywords, READ, gives="[FilterKeyword]"),
    table.user("POST", "/api/v2/filters/{id}/keywords", add_keyword, WRITE, *_KEYWORD, gives="FilterKeyword"),
    table.user("GET", "/api/v2/filters/keywords/{id}", show_keyword, READ, gives="FilterKeyword"),
    table.user("PUT", "/api/v2/filters/keywords/{id}", update_keyword, WRITE, *_KEYWORD, gives="FilterKeyword"),
    table.user("PATCH", "/api/v2/filters/keywords/{id}", update_keyword, WRITE, *_KEYWORD, gives="FilterKeyword"),
    table.user("DELETE", "/api/v2/filters/keywords/{id}", remove_keyword, WRITE),
    table.user("GET", "/api/v2/filters/{id}/statuses", posts, READ, gives="[FilterStatus]"),
    table.user("POST", "/api/v2/filters/{id}/statuses", add_post, WRITE, Field("status_id", "id", required=True), gives="FilterStatus"),
    table.user("GET", "/api/v2/filters/statuses/{id}", show_post, READ, gives="FilterStatus"),
    table.user("DELETE", "/api/v2/filters/statuses/{id}", remove_post, WRITE),
)
