"""Finding somebody or something: by handle, by address, by name, by topic, by words. For people of this server."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from aiohttp import web

from fedi import limits, markup, searches
from fedi.errors import FediError, Malformed, NotFound, RemoteError, TooMany
from fedi.searches import Part
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import finding, keys
from fedi.web.finding import People
from fedi.web.pages import persons, site, views
from fedi.web.pages.paging import Turn
from fedi.web.pages.site import Pages

_KINDS: Final = (("", "All"), ("posts", "Posts"), ("people", "People"), ("topics", "Topics"))
_SOME: Final = 5  # people and topics above the posts, where everything is shown
_ELSEWHERE: Final = re.compile(r"(?:acct:)?@?[^\s@/]+@[^\s@/]+|https?://\S+", re.IGNORECASE)


class _Found(NamedTuple):
    people: list[persons.Person]
    posts: list[views.Entry]
    tags: list[str]


class _Ids(NamedTuple):
    """What a search has found, before it is looked at in full."""

    accounts: list[Account]
    posts: list[int]
    tags: list[str]

    def longest(self) -> int:
        return max(len(self.accounts), len(self.posts), len(self.tags))


async def _search(request: web.Request, viewer: Account, text: str, kind: str) -> _Ids:
    """What is known here; one more than a page of the kind, so that there is a way on."""
    skip = _skip(request) if kind else 0
    whole, some = Part(limits.PAGE + 1, skip), Part(limits.PAGE + 1 if kind else _SOME, skip)
    accounts: list[Account] = []
    tags: list[str] = []
    if kind in ("", "people") and not text.startswith("#") and text.strip("@"):
        accounts = await finding.people(request, viewer.id, People(text, some))
    if kind in ("", "topics") and (kind or text.startswith("#") or len(text) > 1) and markup.normalise_tag(text):
        tags = await site.of(request).instance.db.scan(searches.find_tags, text, some)
    posts = await finding.posts(request, viewer, text, whole) if kind in ("", "posts") else []
    return _Ids(accounts, posts, tags)


def _skip(request: web.Request) -> int:
    given = request.query.get("skip", "")
    return min(int(given), limits.SEARCH_OFFSET) if given.isascii() and given.isdigit() and len(given) < 9 else 0


def _read(tx: Tx, pages: Pages, viewer: Account, found: _Ids) -> _Found:
    seen = post_rows.list_visible(tx, viewer.id, found.posts[: limits.PAGE])
    rows: Sequence[Post] = [seen[post_id] for post_id in found.posts if post_id in seen]
    people = persons.people(pages, tx, found.accounts[: limits.PAGE], viewer)
    return _Found(people, views.entries(pages, tx, viewer, rows), found.tags[: limits.PAGE])


def _address(text: str, kind: str, skip: int = 0) -> str:
    given = {"q": text, "kind": kind, "skip": str(skip) if skip else ""}
    return f"/search?{urlencode({name: value for name, value in given.items() if value})}"


def _read_one(tx: Tx, pages: Pages, viewer: Account, found: Account | Post) -> _Found:
    if isinstance(found, Account):
        seen = [] if found.is_hidden or found.kind == "Application" else [found]
        return _Found(persons.people(pages, tx, seen, viewer), [], [])
    post = post_rows.find_visible(tx, viewer.id, found.id)
    return _Found([], views.entries(pages, tx, viewer, [post]) if post is not None else [], [])


async def show(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    text = request.query.get("q", "").strip()[: limits.URI_CHARS]
    kind = request.query.get("kind", "") if request.query.get("kind", "") in dict(_KINDS) else ""
    found, missing, turn = _Found([], [], []), "", Turn()
    is_elsewhere = bool(_ELSEWHERE.fullmatch(text))
    if text and is_elsewhere:
        found, missing = await _resolve(request, pages, viewer, text)
    elif text:
        ids = await _search(request, viewer, text, kind)
        found, turn = pages.instance.db.read(_read, pages, viewer, ids), _turn(request, text, kind, ids)
        missing = "Nothing here is like that. For somebody on another server, write the whole handle: @name@server."
    tabs = [(_address(text, name), label, name == kind) for name, label in _KINDS] if text and not is_elsewhere else []
    return site.show(request, "search.html", "Search", area="search", q=text, missing=missing, tabs=tabs, pages=turn, **found._asdict())


def _turn(request: web.Request, text: str, kind: str, found: _Ids) -> Turn:
    """Ways on: of one kind from page to page, where everything is shown to the posts."""
    skip = _skip(request) if kind else 0
    newer = _address(text, kind, max(skip - limits.PAGE, 0)) if skip else ""
    more = found.longest() > limits.PAGE
    return Turn(newer, _address(text, kind or "posts", skip + limits.PAGE) if more else "")


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
