"""Home, public and hashtag timelines, and what one has bookmarked. Source: Mastodon documentation, timelines and bookmarks."""

from typing import Final

from aiohttp import web

from fedi import limits, markup, tags
from fedi.storage import listings
from fedi.storage import timelines as timeline_rows
from fedi.storage.db import Tx
from fedi.storage.timelines import Page, Tagged
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.copies import COPIES

_Found = tuple[list[bytes], list[int]]


async def home(request: web.Request) -> web.Response:
    viewer_id, copies = auth.require_id(request, "read:statuses"), request.app[COPIES]
    return copies.find(request, viewer_id) or copies.keep(request, _home_page(request, viewer_id))


def _home_page(request: web.Request, viewer_id: int) -> web.Response:
    shown = answers.page(request)
    items, cursors = request.app[keys.INSTANCE].db.read(_home, request.app[SHELF], viewer_id, shown)
    return answers.listing(request, shown, items, cursors)


def _home(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page) -> _Found:
    return shelf.home(tx, viewer_id, shown)


async def public(request: web.Request) -> web.Response:
    viewer_id, copies = answers.reader_id(request, "read:statuses"), request.app[COPIES]
    return copies.find(request, viewer_id) or copies.keep(request, _public_page(request, viewer_id))


def _public_page(request: web.Request, viewer_id: int) -> web.Response:
    given, shown = params.query(request), answers.page(request)
    wanted = {name: given.flag(name) for name in ("local", "remote", "only_media")}
    items, cursors = request.app[keys.INSTANCE].db.read(_public, request.app[SHELF], viewer_id, shown, wanted)
    return answers.listing(request, shown, items, cursors)


def _public(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page, wanted: dict[str, bool]) -> _Found:
    found = [post.id for post in timeline_rows.list_public(tx, viewer_id, shown, **wanted)]
    return shelf.posts(tx, viewer_id, found), found


async def tag(request: web.Request) -> web.Response:
    viewer_id, copies = answers.reader_id(request, "read:statuses"), request.app[COPIES]
    return copies.find(request, viewer_id) or copies.keep(request, _tag_page(request, viewer_id))


def _tag_page(request: web.Request, viewer_id: int) -> web.Response:
    given, shown = params.query(request), answers.page(request)
    wanted = Tagged(
        any=(tags.named(request.match_info["hashtag"]), *_names(given, "any")),
        all=_names(given, "all"),
        none=_names(given, "none"),
        only_media=given.flag("only_media"),
        local=given.flag("local"),
        remote=given.flag("remote"),
    )
    items, cursors = request.app[keys.INSTANCE].db.read(_tag, request.app[SHELF], viewer_id, shown, wanted)
    return answers.listing(request, shown, items, cursors)


def _names(given: params.Params, key: str) -> tuple[str, ...]:
    """The hashtags of a list, normalised; what is none of them narrows nothing."""
    return tuple(name for text in given.texts(key, limits.TIMELINE_TAGS) if (name := markup.normalise_tag(text)))


def _tag(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page, wanted: Tagged) -> _Found:
    found = [post.id for post in timeline_rows.list_tag(tx, viewer_id, wanted, shown)]
    return shelf.posts(tx, viewer_id, found), found


async def bookmarks(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:bookmarks")
    shown = answers.page(request)
    items, cursors = request.app[keys.INSTANCE].db.read(_bookmarks, request.app[SHELF], viewer.id, shown)
    return answers.listing(request, shown, items, cursors)


async def favourites(request: web.Request) -> web.Response:
    viewer = auth.require(request, "read:favourites")
    shown = answers.page(request)
    items, cursors = request.app[keys.INSTANCE].db.read(_favourites, request.app[SHELF], viewer.id, shown)
    return answers.listing(request, shown, items, cursors)


def _favourites(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page) -> _Found:
    found = listings.list_favourited(tx, viewer_id, shown)
    return shelf.posts(tx, viewer_id, found), found


async def direct(request: web.Request) -> web.Response:
    """Old programs read what they were written here; newer ones ask for conversations."""
    viewer = auth.require(request, "read:statuses")
    shown = answers.page(request)
    items, cursors = request.app[keys.INSTANCE].db.read(_direct, request.app[SHELF], viewer.id, shown)
    return answers.listing(request, shown, items, cursors)


def _direct(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page) -> _Found:
    found = listings.list_direct(tx, viewer_id, shown)
    return shelf.posts(tx, viewer_id, found), found


def _bookmarks(tx: Tx, shelf: Shelf, viewer_id: int, shown: Page) -> _Found:
    found = listings.list_bookmarked(tx, viewer_id, shown)
    return shelf.posts(tx, viewer_id, found), found


_WHERE: Final = tuple(table.Field(name, "flag", example=False) for name in ("local", "remote", "only_media"))
_TAGS: Final = tuple(table.Field(name, many=True) for name in ("any", "all", "none"))
ROUTES = (
    table.user("GET", "/api/v1/timelines/home", home, "read:statuses", *table.PAGE, gives="[Status]"),
    table.reader("GET", "/api/v1/timelines/public", public, "read:statuses", *table.PAGE, *_WHERE, gives="[Status]"),
    table.reader("GET", "/api/v1/timelines/tag/{hashtag}", tag, "read:statuses", *table.PAGE, *_WHERE, *_TAGS, gives="[Status]"),
    table.user("GET", "/api/v1/bookmarks", bookmarks, "read:bookmarks", *table.PAGE, gives="[Status]"),
    table.user("GET", "/api/v1/favourites", favourites, "read:favourites", *table.PAGE, gives="[Status]"),
    table.user("GET", "/api/v1/timelines/direct", direct, "read:statuses", *table.PAGE, gives="[Status]"),
)
