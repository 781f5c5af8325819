"""Newer and older: pages of a list by the ids at their ends, so that what is new meanwhile moves nothing."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from fedi import ids, limits
from fedi.errors import NotFound
from fedi.storage.timelines import Page


class Turn(NamedTuple):
    """Addresses of the pages before and after this one; '' where there is none."""

    newer: str = ""
    older: str = ""


class _HasId(Protocol):
    @property
    def id(self) -> int: ...


Row = TypeVar("Row", bound=_HasId)


def page(request: web.Request, most: int = limits.PAGE) -> Page:
    """Where in a list a request is, one row more than is shown. What is no id means the beginning."""
    before, after = _id(request, "before"), _id(request, "after")
    return Page(before=before, after=after, limit=most + 1, forward=after > 0 and not before)


def _id(request: web.Request, name: str) -> int:
    given = request.query.get(name)
    try:
        return ids.parse(given) if given else 0
    except NotFound:
        return 0


def turn(request: web.Request, page: Page, rows: Sequence[Row]) -> tuple[list[Row], Turn]:
    """The rows to show, and the ways on. Rows come newest first."""
    most = page.limit - 1
    more = len(rows) > most
    shown = list(rows[-most:] if page.forward else rows[:most])
    first = _address(request)
    if not shown:
        return shown, Turn(newer=first if page.before or page.after else "")
    older = _address(request, before=shown[-1].id) if page.forward or more else ""
    if page.forward:
        newer = _address(request, after=shown[0].id) if more else ""
    else:
        newer = _address(request, after=shown[0].id) if page.before else ""
    return shown, Turn(newer, older)


def _address(request: web.Request, **where: int) -> str:
    kept = [(k, v) for k, v in parse_qsl(request.rel_url.raw_query_string) if k not in ("before", "after", "said")]
    query = urlencode([*kept, *where.items()])
    path = request.rel_url.raw_path
    return f"{path}?{query}" if query else path
