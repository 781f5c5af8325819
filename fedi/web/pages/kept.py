"""Whole pages that are the same for every stranger, kept for some seconds: many who come at once cost one rendering."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from fedi.web import auth
from fedi.web.copies import COPIES

_SECONDS: Final = 10  # pages say how long ago things were

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def page(handler: Handler) -> Handler:
    """A page's handler, asked again only when its copy for strangers is out of date. Others always ask it."""

    async def show(request: web.Request) -> web.StreamResponse:
        if request.method != "GET" or not auth.is_anonymous(request):
            return await handler(request)
        copies = request.app[COPIES]
        if (found := copies.find(request, "stranger")) is not None:
            return found
        response = await handler(request)
        return copies.keep(request, response, _SECONDS) if isinstance(response, web.Response) else response

    return show
