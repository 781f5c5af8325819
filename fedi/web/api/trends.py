"""What is popular: hashtags, posts, links. Source: Mastodon documentation, trends."""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson
from aiohttp import web

from fedi import limits
from fedi.storage import accounts as account_rows
from fedi.storage import trends as rows
from fedi.storage.db import Tx
from fedi.uris import Uris
from fedi.web import keys, params, popular
from fedi.web.api import answers, table
from fedi.web.api.entities import tag as tag_entity
from fedi.web.api.entities import trend
from fedi.web.api.entities.shelf import SHELF, Shelf

_FEW: Final = 10
_SOME: Final = 20


def _part(request: web.Request, default: int, most: int) -> tuple[int, int]:
    given = params.query(request)
    return given.number("limit", default, 1, most), given.number("offset", 0, 0, limits.TRENDS)


async def tags(request: web.Request) -> web.Response:
    viewer_id, part, instance = answers.reader_id(request), _part(request, _FEW, _SOME), request.app[keys.INSTANCE]
    await popular.refresh(instance)
    return _page(request, instance.db.read(_tags, instance.uris, viewer_id, part), part)


def _tags(tx: Tx, us: Uris, viewer_id: int, part: tuple[int, int]) -> list[bytes]:
    return [orjson.dumps(one) for one in tag_entity.tags(us, tx, rows.list_tags(tx, *part), viewer_id)]


async def statuses(request: web.Request) -> web.Response:
    viewer_id, part, instance = answers.reader_id(request), _part(request, limits.PAGE, limits.PAGE_MAX), request.app[keys.INSTANCE]
    await popular.refresh(instance)
    return _page(request, instance.db.read(_statuses, request.app[SHELF], viewer_id, part), part)


def _statuses(tx: Tx, shelf: Shelf, viewer_id: int, part: tuple[int, int]) -> list[bytes]:
    return shelf.posts(tx, viewer_id, rows.list_posts(tx, viewer_id, *part))


async def links(request: web.Request) -> web.Response:
    viewer_id, part, instance = answers.reader_id(request), _part(request, _FEW, _SOME), request.app[keys.INSTANCE]
    await popular.refresh(instance)
    return _page(request, instance.db.read(_links, request.app[SHELF], viewer_id, part), part)


def _links(tx: Tx, shelf: Shelf, viewer_id: int, part: tuple[int, int]) -> list[bytes]:
    def people(account_ids: Sequence[int]) -> Mapping[int, bytes]:
        found = [author for author in account_rows.list_by_ids(tx, account_ids).values() if not author.is_hidden]
        return dict(zip([author.id for author in found], shelf.accounts(tx, found), strict=True))

    return trend.links(shelf.uris, tx, viewer_id, rows.list_links(tx, *part), people)


def _page(request: web.Request, items: list[bytes], part: tuple[int, int]) -> web.Response:
    """With `Link` to the pages before and after, by offset."""
    limit, offset = part
    answer = answers.entity(answers.array(items))
    place = f"{request.app[keys.NAMES].base_url}{request.rel_url.raw_path}?limit={limit}"
    near = [f'<{place}&offset={offset + limit}>; rel="next"'] if len(items) == limit else []
    near += [f'<{place}&offset={max(offset - limit, 0)}>; rel="prev"'] if offset else []
    if near:
        answer.headers["Link"] = ", ".join(near)
    return answer


_TAKES: Final = (table.Field("limit", "number", example=10), table.Field("offset", "number", example=0))

ROUTES = (
    table.reader("GET", "/api/v1/trends", tags, "", *_TAKES, gives="[Tag]"),
    table.reader("GET", "/api/v1/trends/tags", tags, "", *_TAKES, gives="[Tag]"),
    table.reader("GET", "/api/v1/trends/statuses", statuses, "", *_TAKES, gives="[Status]"),
    table.reader("GET", "/api/v1/trends/links", links, "", *_TAKES, gives="[Trends::Link]"),
)
