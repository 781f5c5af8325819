"""Every address of the client API: the tables of its modules, put together."""

from functools import wraps
from typing import Final

from aiohttp import web

from fedi.web import auth, keys
from fedi.web.api import (
    accounts,
    announcements,
    annual_reports,
    apps,
    bonds,
    cards,
    collections,
    conversations,
    directory,
    emojis,
    featured_tags,
    filters,
    filters_v1,
    instance,
    interaction_requests,
    lists,
    markers,
    media,
    newsletters,
    notification_groups,
    notification_policy,
    notification_requests,
    notifications,
    oauth,
    oembed,
    openapi,
    peers,
    polls,
    profile,
    push,
    quotes,
    reactions,
    refreshes,
    reports,
    scheduled,
    search,
    signups,
    statements,
    statuses,
    streaming,
    suggestions,
    tags,
    timelines,
    translations,
    trends,
)
from fedi.web.api.entities import featuring
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.api.exchange import Exchange
from fedi.web.api.table import Handler, Route

_MODULES: Final = (
    apps,
    oauth,
    signups,
    newsletters,
    accounts,
    bonds,
    collections,
    profile,
    featured_tags,
    reports,
    statuses,
    cards,
    scheduled,
    translations,
    oembed,
    quotes,
    interaction_requests,
    polls,
    reactions,
    media,
    emojis,
    timelines,
    lists,
    filters,
    filters_v1,
    refreshes,
    tags,
    notifications,
    notification_groups,
    notification_policy,
    notification_requests,
    markers,
    conversations,
    announcements,
    search,
    suggestions,
    directory,
    trends,
    annual_reports,
    instance,
    statements,
    peers,
    streaming,
    openapi,
    push,
)
# Where two addresses could mean the same request, the one without a name in it comes first.
_ALL: Final = [route for module in _MODULES for route in module.ROUTES]
ROUTES: Final[tuple[Route, ...]] = tuple(sorted(_ALL, key=lambda route: "{" in route.path))


def add(app: web.Application) -> None:
    """Give an application the client API."""
    made = app[keys.INSTANCE]
    app[SHELF] = Shelf(made.uris, made.hub, made.filtering)
    app[instance.COUNTED] = instance.Counted()
    app[peers.COUNTED] = peers.Counted()
    app[openapi.DOCUMENT] = openapi.Document(ROUTES, app[keys.NAMES].base_url)
    streaming.add(app, Exchange(made, app[SHELF]))
    app.on_cleanup.append(_close)
    for route in ROUTES:
        handler = _for_viewer(route.handler)
        app.router.add_route(route.method, route.path, handler)
        if "{" not in route.path:  # clients write some with a slash at the end: Mastodon.py asks for /api/v1/instance/
            app.router.add_route(route.method, f"{route.path}/", handler)


def _for_viewer(handler: Handler) -> Handler:
    """The handler, with what hangs on who reads put into the accounts of its answer, wherever in it they stand."""

    @wraps(handler)
    async def told(request: web.Request) -> web.StreamResponse:
        response = await handler(request)
        body = response.body if isinstance(response, web.Response) else None
        if isinstance(body, bytes) and isinstance(response, web.Response):
            viewer_id = auth.person_id(request) or auth.viewer_id(request)
            if not viewer_id:
                response.body = featuring.of_nobody(body)
            elif featuring.LEAD in body:
                response.body = request.app[keys.INSTANCE].db.read(featuring.fill, viewer_id, body)
        return response

    return told


async def _close(app: web.Application) -> None:
    app[SHELF].close()
