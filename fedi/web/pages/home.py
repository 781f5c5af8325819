"""Home: what those one follows write, and a short form to write oneself."""

from aiohttp import web

from fedi.storage import timelines as timeline_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web.pages import announced, compose, paging, site, views
from fedi.web.pages.paging import Turn
from fedi.web.pages.site import Pages


def _read(tx: Tx, pages: Pages, request: web.Request, viewer: Account, page: Page) -> tuple[list[views.Entry], Turn]:
    rows, turn = paging.turn(request, page, timeline_rows.list_home(tx, viewer.id, page))
    return views.entries(pages, tx, viewer, rows, context="home"), turn


async def show(request: web.Request) -> web.Response:
    viewer = site.signed_in(request)
    pages = site.of(request)
    posts, turn = pages.instance.db.read(_read, pages, request, viewer, paging.page(request))
    return site.show(
        request,
        "home.html",
        "Home",
        area="home",
        posts=posts,
        pages=turn,
        form=compose.blank(pages, viewer),
        visibilities=compose.VISIBILITIES,
        notices=[] if turn.newer else pages.instance.db.read(announced.read, viewer.id),
    )
