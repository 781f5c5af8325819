"""Topics one follows: their list, and the buttons. A topic's own posts are public.py's."""

from typing import Final

from aiohttp import web

from fedi import tags
from fedi.storage import followed_tags as followed_tag_rows
from fedi.storage.timelines import Page
from fedi.web import params
from fedi.web.pages import site, text
from fedi.web.pages.site import Void

_VOID: Final = Void("hash", "None yet", "Open a topic and follow it: what people say about it in public then comes to your home.")
_MOST: Final = 1000


async def show(request: web.Request) -> web.Response:
    """`/settings/tags`: all of them; there is a bound on how many one may follow."""
    viewer, pages = site.signed_in(request), site.of(request)
    found = pages.instance.db.read(followed_tag_rows.list_names, viewer.id, Page(limit=_MOST))
    names = sorted(name for _, name in found)
    return site.show(request, "settings_tags.html", "Topics you follow", area="settings", names=names, void=_VOID)


async def follow(request: web.Request) -> web.Response:
    viewer, name, back = site.signed_in(request), tags.named(request.match_info["tag"]), await _back(request)
    await site.of(request).instance.db.write(tags.follow, viewer, name)
    return site.go(back, "topic")


async def unfollow(request: web.Request) -> web.Response:
    viewer, name, back = site.signed_in(request), tags.named(request.match_info["tag"]), await _back(request)
    await site.of(request).instance.db.write(tags.unfollow, viewer, name)
    return site.go(back, "no_topic")


async def _back(request: web.Request) -> str:
    return text.local_path((await params.read(request)).text("next"))
