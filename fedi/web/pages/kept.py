"""Whole pages that are the same for every stranger, kept as long as nothing is committed and for some seconds at most.

Many who come at once (a post that goes around) cost one rendering. What is deleted or hidden is committed, so no copy outlives it.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from fedi.storage import changes
from fedi.web import auth
from fedi.web.pages import site
from fedi.web.pages.copies import Copy

_SECONDS: Final = 10  # pages say how long ago things were
_PATH_CHARS: Final = 200

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def page(handler: Handler) -> Handler:
    """A page's handler, asked again only when its copy for strangers is out of date. Others always ask it."""

    async def show(request: web.Request) -> web.StreamResponse:
        address = request.rel_url.raw_path_qs
        if request.method != "GET" or not auth.is_anonymous(request) or len(address) > _PATH_CHARS:
            return await handler(request)
        pages = site.of(request)
        # Read before the page is: a copy may be newer than its stamp, never older.
        stamp = pages.instance.db.read(changes.stamp)
        found = pages.kept.find(address, stamp)
        if found is None:
            response = await handler(request)
            if not isinstance(response, web.Response) or response.status != 200 or not isinstance(response.body, bytes):
                return response
            found = Copy(stamp, time.monotonic() + _SECONDS, response.body, list(response.headers.items()))
            pages.kept.put(address, found)
        return web.Response(body=found.body, headers=found.headers)

    return show
