"""What one has put aside to find again."""

from aiohttp import web

from fedi.storage import listings as listing_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web.pages import paging, site, views
from fedi.web.pages.paging import Turn
from fedi.web.pages.site import Pages, Void


def _read(tx: Tx, pages: Pages, request: web.Request, viewer: Account) -> tuple[list[views.Entry], Turn]:
    page = paging.page(request)
    wanted = listing_rows.list_bookmarked(tx, viewer.id, page)
    found = post_rows.list_visible(tx, viewer.id, wanted)
    rows, turn = paging.turn(request, page, [found[post_id] for post_id in wanted if post_id in found])
    return views.entries(pages, tx, viewer, rows), turn


async def show(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    posts, turn = pages.instance.db.read(_read, pages, request, viewer)
    return site.show(
        request,
        "timeline.html",
        "Bookmarks",
        area="bookmarks",
        heading="Bookmarks",
        lead="Only you see these.",
        tabs=[],
        posts=posts,
        pages=turn,
        void=Void("bookmark", "No bookmarks yet", "The ribbon under a post keeps it here. Nobody is told.", "/home", "To your home"),
    )
