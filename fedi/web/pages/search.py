"""Finding somebody or something: by handle, by address, by the beginning of a name, by topic. For people of this server."""

import re
from typing import Final, NamedTuple
from urllib.parse import quote

from aiohttp import web

from fedi import limits, markup
from fedi.errors import FediError, Malformed, NotFound, RemoteError, TooMany
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage import tags as tag_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import keys
from fedi.web.pages import site, views
from fedi.web.pages.site import Pages

_MOST: Final = 20
_ELSEWHERE: Final = re.compile(r"(?:acct:)?@?[^\s@/]+@[^\s@/]+|https?://\S+", re.IGNORECASE)


class _Found(NamedTuple):
    people: list[views.Person]
    posts: list[views.Entry]
    tags: list[str]


def _read(tx: Tx, pages: Pages, viewer: Account, text: str) -> _Found:
    """What is known here."""
    tag = markup.normalise_tag(text)
    tags = tag_rows.list_matching(tx, tag, 10) if tag and (text.startswith("#") or len(text) > 1) else []
    accounts = account_rows.list_matching(tx, text.removeprefix("@"), _MOST) if not text.startswith("#") and text.strip("@") else []
    return _Found(views.people(pages, tx, accounts, viewer), [], tags)


def _read_one(tx: Tx, pages: Pages, viewer: Account, found: Account | Post) -> _Found:
    if isinstance(found, Account):
        seen = [] if found.is_hidden or found.kind == "Application" else [found]
        return _Found(views.people(pages, tx, seen, viewer), [], [])
    post = post_rows.find_visible(tx, viewer.id, found.id)
    return _Found([], views.entries(pages, tx, viewer, [post]) if post is not None else [], [])


async def show(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    text = request.query.get("q", "").strip()[: limits.URI_CHARS]
    found, missing = _Found([], [], []), ""
    if text and _ELSEWHERE.fullmatch(text):
        found, missing = await _resolve(request, pages, viewer, text)
    elif text:
        found = pages.instance.db.read(_read, pages, viewer, text)
        missing = "Nobody here has a name like that. For somebody on another server, write the whole handle: @name@server."
    return site.show(request, "search.html", "Search", area="search", q=text, missing=missing, **found._asdict())


async def _resolve(request: web.Request, pages: Pages, viewer: Account, text: str) -> tuple[_Found, str]:
    """Ask the other server. What goes wrong there is said in its own words, on the page."""
    nothing = _Found([], [], [])
    try:
        request.app[keys.LIMITS].resolve.spend(str(viewer.id))
        found = await pages.instance.remote.resolve(text)
    except TooMany as error:
        return nothing, error.message
    except NotFound as error:
        return nothing, error.message
    except Malformed as error:
        return nothing, f"That could not be read: {error.message}"
    except RemoteError as error:
        return nothing, f"The other server could not be asked: {error.message}"
    except FediError as error:
        return nothing, error.message
    return pages.instance.db.read(_read_one, pages, viewer, found), "There is nothing there that this server may show."


async def interact(request: web.Request) -> web.Response:
    """`/authorize_interaction?uri=`: another server sends one of ours here, to follow or answer. Source: FEDERATION.md, Discovery."""
    uri = request.query.get("uri", "")[: limits.URI_CHARS]
    return site.go(f"/search?q={quote(uri, safe='')}")
