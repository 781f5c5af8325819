"""What hangs on the application, typed: what a handler needs it finds under one of these. The pages set theirs in `pages.routes.add`."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from fedi.instance import Instance
from fedi.web.limits import Limits
from fedi.web.names import Names

Page = Callable[[web.Request], Awaitable[web.StreamResponse]]
ErrorPage = Callable[[web.Request, int, str], Awaitable[web.StreamResponse]]

INSTANCE = web.AppKey[Instance]("instance")
LIMITS = web.AppKey[Limits]("limits")
NAMES = web.AppKey[Names]("names")

# What a browser gets where programs read ActivityPub, `/@{name}` and `/@{name}/{id}`; and for an error: (request, status, message).
PROFILE_PAGE = web.AppKey[Page]("profile_page")
POST_PAGE = web.AppKey[Page]("post_page")
ERROR_PAGE = web.AppKey[ErrorPage]("error_page")
