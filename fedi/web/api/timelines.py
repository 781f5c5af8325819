"""Home, public and hashtag timelines, and what one has bookmarked. Source: Mastodon documentation, timelines and bookmarks."""

from aiohttp import web

from fedi import markup
from fedi.errors import NotFound
from fedi.storage import listings
from fedi.storage import timelines as timeline_rows
from fedi.storage.db import Tx
from fedi.storage.timelines import Page
from fedi.web import auth, keys, params
from fedi.web.api import answers
from fedi.web.api.entities.shelf import SHELF, Shelf

_Found = tuple[list[bytes], list[int]]


async def home(request: web.Request) -> web.Response:
    viewer_id, shown = auth.require_id(request, "read:statuses"), answers.page(request)
    items, cursors = request.app[keys.INSTANCE].db.read(_home, request.app[SHELF], viewer_id, shown)
    return answers.listing(request, shown, items, cursors)


def _home(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page) -> _Found:
    return shelf.home(tx, viewer_id, shown)


async def public(request: web.Request) -> web.Response:
    viewer_id, given, shown = answers.reader_id(request, "read:statuses"), params.query(request), answers.page(request)
    local, remote = given.flag("local"), given.flag("remote")
    items, cursors = request.app[keys.INSTANCE].db.read(_public, request.app[SHELF], viewer_id, shown, (local, remote))
    return answers.listing(request, shown, items, cursors)


def _public(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page, sides: tuple[bool, bool]) -> _Found:
    local, remote = sides
    found = [post.id for post in timeline_rows.list_public(tx, viewer_id, shown, local=local, remote=remote)]
    return shelf.posts(tx, viewer_id, found), found


async def tag(request: web.Request) -> web.Response:
    viewer_id, shown = answers.reader_id(request, "read:statuses"), answers.page(request)
    name = markup.normalise_tag(request.match_info["hashtag"])
    if not name:
        raise NotFound("That is not a hashtag.")
    items, cursors = request.app[keys.INSTANCE].db.read(_tag, request.app[SHELF], viewer_id, shown, name)
    return answers.listing(request, shown, items, cursors)


def _tag(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page, name: str) -> _Found:
    found = [post.id for post in timeline_rows.list_tag(tx, viewer_id, name, shown)]
    return shelf.posts(tx, viewer_id, found), found


async def bookmarks(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:bookmarks")
    shown = answers.page(request)
    items, cursors = request.app[keys.INSTANCE].db.read(_bookmarks, request.app[SHELF], viewer.id, shown)
    return answers.listing(request, shown, items, cursors)


def _bookmarks(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page) -> _Found:
    found = listings.list_bookmarked(tx, viewer_id, shown)
    return shelf.posts(tx, viewer_id, found), found
