"""Pages of lists read by id: what a client asks for, and the `Link` header to the pages beside.

Source: Mastodon documentation, Paginating through API responses.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from fedi import ids, limits
from fedi.errors import NotFound
from fedi.storage.timelines import Page
from fedi.web import keys, params

_CURSORS: Final = ("max_id", "since_id", "min_id")


def page(given: params.Params, default: int = limits.PAGE, most: int = limits.PAGE_MAX) -> Page:
    """The part of a list that `max_id`, `since_id`, `min_id` and `limit` name; a limit out of range counts as the nearest in it.

    `min_id` asks for what comes next after it, `since_id` for the newest after it. Raises Invalid for a limit that is no number.
    """
    before, since, least = (_cursor(given, name) for name in _CURSORS)
    limit = given.number("limit", default, 1, most)
    return Page(before=before, after=max(since, least), limit=limit, forward=least > 0)


def _cursor(given: params.Params, name: str) -> int:
    """An id, 0 for none; what is no id is beyond the end of every list."""
    text = given.text(name, max_chars=100)
    try:
        return ids.parse(text) if text else 0
    except NotFound:
        return ids.MAX if name != "max_id" else 1


def links(request: web.Request, shown: Page, found: Sequence[int]) -> dict[str, str]:
    """The `Link` header for a page whose rows have these ids, the newest first; empty when there is nothing to link to.

    `next` is older and only there when the page is full, `prev` is newer.
    """
    if not found:
        return {}
    parts = []
    if len(found) >= shown.limit:
        parts.append(f'<{_address(request, "max_id", found[-1])}>; rel="next"')
    parts.append(f'<{_address(request, "min_id", found[0])}>; rel="prev"')
    return {"Link": ", ".join(parts)}


def _address(request: web.Request, name: str, cursor: int) -> str:
    kept = [(key, value) for key, value in request.query.items() if key not in (*_CURSORS, "access_token")]
    return f"{request.app[keys.NAMES].base_url}{request.rel_url.raw_path}?{urlencode([*kept, (name, str(cursor))])}"
