"""What everybody may read: the posts of this server, a topic, and for people of it everything that arrives here."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

from aiohttp import web

from fedi import markup
from fedi.errors import NotFound
from fedi.storage import followed_tags as followed_tag_rows
from fedi.storage import tags as tag_rows
from fedi.storage import timelines as timeline_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.timelines import Page
from fedi.web.pages import paging, site, views
from fedi.web.pages.paging import Turn
from fedi.web.pages.site import Head, Pages, Void

_LOCAL_VOID = Void("globe", "Nothing public yet", "Public posts of the people here will stand at this place.")
_ALL_VOID = Void(
    "globe", "Nothing has come yet", "Follow somebody on another server, and what they write comes here.", "/search", "Find people"
)


def _read(
    tx: Tx, pages: Pages, request: web.Request, viewer: Account | None, rows: Callable[[Tx, int, Page], list[Post]]
) -> tuple[list[views.Entry], Turn]:
    page = paging.page(request)
    shown, turn = paging.turn(request, page, rows(tx, viewer.id if viewer is not None else 0, page))
    return views.entries(pages, tx, viewer, shown, context="public"), turn


def _head(pages: Pages, path: str, posts: list[views.Entry]) -> Head:
    """Only what all its authors want found may be found."""
    return Head(noindex=not all(entry.author.indexable for entry in posts), canonical=f"{pages.site.base_url}{path}")


def _local(tx: Tx, viewer_id: int, page: Page) -> list[Post]:
    return timeline_rows.list_public(tx, viewer_id, page, local=True)


async def local(request: web.Request) -> web.Response:
    viewer, pages = site.viewer(request), site.of(request)
    posts, turn = pages.instance.db.read(_read, pages, request, viewer, _local)
    return site.show(
        request,
        "timeline.html",
        "Public posts",
        area="public",
        head=_head(pages, "/public", posts),
        heading="Public posts",
        lead=f"Everything the people of {pages.site.title} say in public.",
        tabs=_tabs(local=True) if viewer is not None else [],
        topic=None,
        posts=posts,
        pages=turn,
        void=_LOCAL_VOID,
    )


def _tabs(local: bool) -> list[tuple[str, str, bool]]:
    return [("/public", "This server", local), ("/public/all", "Everywhere", not local)]


async def everywhere(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    posts, turn = pages.instance.db.read(_read, pages, request, viewer, timeline_rows.list_public)
    return site.show(
        request,
        "timeline.html",
        "Public posts everywhere",
        area="public",
        heading="Public posts",
        lead="Everything public that this server has seen, from here and elsewhere.",
        tabs=_tabs(local=False),
        topic=None,
        posts=posts,
        pages=turn,
        void=_ALL_VOID,
    )


class _Topic(NamedTuple):
    """What a person can do about a topic."""

    path: str
    is_followed: bool


def _topic(pages: Pages, viewer: Account | None, name: str) -> _Topic | None:
    if viewer is None:
        return None
    tag_id = pages.instance.db.read(tag_rows.find_id, name)
    followed = pages.instance.db.read(followed_tag_rows.list_followed, viewer.id, [tag_id]) if tag_id is not None else set()
    return _Topic(f"/tags/{quote(name, safe='')}", bool(followed))


async def tag(request: web.Request) -> web.Response:
    viewer, pages = site.viewer(request), site.of(request)
    name = markup.normalise_tag(request.match_info["tag"])
    if not name:
        raise NotFound("There is no such topic.")
    if not pages.instance.db.read(tag_rows.exists, name) and viewer is None:
        raise NotFound("Nobody here has written about that yet.")
    posts, turn = pages.instance.db.read(_read, pages, request, viewer, lambda tx, who, page: timeline_rows.list_tag(tx, who, name, page))
    return site.show(
        request,
        "timeline.html",
        f"#{name}",
        head=_head(pages, f"/tags/{quote(name, safe='')}", posts),
        heading=f"#{name}",
        lead="Public posts about this, of this server and those it has seen.",
        tabs=[],
        topic=_topic(pages, viewer, name),
        posts=posts,
        pages=turn,
        void=Void("hash", "Nothing here", "No public post that you may see has this topic."),
    )
