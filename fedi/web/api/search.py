"""Finding people, posts and hashtags; and fetching those that an address or a handle names. Source: Mastodon documentation, search."""

import re
from typing import Final, NamedTuple

import orjson
from aiohttp import web

from fedi import limits, searches
from fedi.activitypub import webfinger
from fedi.errors import Malformed, NotFound, RemoteError, Unauthenticated
from fedi.searches import Part
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import auth, finding, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.places import Json
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.api.entities.tag import tags
from fedi.web.finding import People
from fedi.web.params import Params

_TYPES: Final = ("accounts", "statuses", "hashtags")
_WEB: Final = re.compile(r"https?://\S+", re.IGNORECASE)


class _Asked(NamedTuple):
    """What is looked for. `named` is what a server elsewhere, or the address itself, has named."""

    viewer: Account | None
    text: str
    types: tuple[str, ...]
    part: Part
    followed: bool = False
    named: Account | Post | None = None

    @property
    def viewer_id(self) -> int:
        return self.viewer.id if self.viewer is not None else 0


class _Found(NamedTuple):
    accounts: list[Account]
    posts: list[int]
    tags: list[str]


async def search(request: web.Request) -> web.Response:
    asked = await _asked(request, answers.reader(request, "read:search"))
    found = await _find(request, asked)
    return answers.entity(request.app[keys.INSTANCE].db.read(_show, request.app[SHELF], asked.viewer_id, found))


async def search_v1(request: web.Request) -> web.Response:
    """The same, with hashtags by their bare names."""
    asked = await _asked(request, auth.require(request, "read:search"))
    found = await _find(request, asked)
    shown = request.app[keys.INSTANCE].db.read(_show, request.app[SHELF], asked.viewer_id, found._replace(tags=[]))
    return answers.entity({**shown, "hashtags": found.tags})


async def search_accounts(request: web.Request) -> web.Response:
    viewer, given = auth.require(request, "read:accounts"), params.query(request)
    part = Part(given.number("limit", limits.PAGE_MAX, 1, answers.ACCOUNTS_MAX), given.number("offset", 0, 0, limits.SEARCH_OFFSET))
    text = given.text("q", max_chars=limits.URI_CHARS).strip()
    asked = _Asked(viewer, text, ("accounts",), part, given.flag("following"))
    found = await _find(request, await _with_named(request, asked, given.flag("resolve")))
    shelf = request.app[SHELF]
    return answers.entity(answers.array(request.app[keys.INSTANCE].db.read(shelf.accounts, found.accounts)))


async def _asked(request: web.Request, viewer: Account | None) -> _Asked:
    """Raises Unauthenticated for nobody who wants what only people may: Source: SSR-09."""
    given = params.query(request)
    text, resolve, offset = (
        given.text("q", max_chars=limits.URI_CHARS).strip(),
        given.flag("resolve"),
        given.number("offset", 0, 0, limits.SEARCH_OFFSET),
    )
    if viewer is None and (resolve or offset):
        raise Unauthenticated("Search queries that resolve remote resources are not supported without authentication")
    wanted = given.text("type", max_chars=40)
    types = tuple(name for name in _TYPES if wanted in ("", name)) if text else ()
    part = _part(given, offset if wanted else 0)
    return await _with_named(request, _Asked(viewer, text, types, part, given.flag("following")), resolve)


def _part(given: Params, offset: int) -> Part:
    return Part(
        given.number("limit", limits.PAGE, 1, limits.PAGE_MAX),
        offset,
        given.find_id("min_id") or 0,
        given.find_id("max_id") or 0,
        given.find_id("account_id") or 0,
    )


async def _with_named(request: web.Request, asked: _Asked, resolve: bool) -> _Asked:
    """With what the text itself names, fetched if need be."""
    named = None
    if asked.viewer is not None and resolve and _names_one(asked.text):
        named = await _resolve(request, asked.viewer, asked.text)
    return asked._replace(named=named or request.app[keys.INSTANCE].db.read(_known, asked.text))


def _names_one(text: str) -> bool:
    """Whether a text is an address or a handle, which may be asked for elsewhere."""
    handle = webfinger.handle(text)
    return bool(_WEB.fullmatch(text)) or (handle is not None and handle[1] != "")


async def _resolve(request: web.Request, viewer: Account, text: str) -> Account | Post | None:
    """Ask the server the text names. What goes wrong there leaves what is known here. Raises TooMany."""
    request.app[keys.LIMITS].resolve.spend(str(viewer.id))
    try:
        return await request.app[keys.INSTANCE].remote.resolve(text)
    except (NotFound, Malformed, RemoteError):
        return None


def _known(tx: Tx, text: str) -> Account | Post | None:
    """Whom or what an address or a whole handle means, as far as it is known here."""
    if _WEB.fullmatch(text):
        return account_rows.find_by_uri(tx, text) or post_rows.find_by_url(tx, text)
    handle = webfinger.handle(text)
    if handle is None or not handle[1]:
        return None
    return account_rows.find_by_handle(tx, handle[0], "" if tx.uris.is_our_host(handle[1]) else handle[1])


async def _find(request: web.Request, asked: _Asked) -> _Found:
    """Source: Mastodon documentation, search."""
    people = await _people(request, asked) if "accounts" in asked.types else []
    statuses = await _statuses(request, asked) if "statuses" in asked.types else []
    hashtags: list[str] = []
    if "hashtags" in asked.types and asked.named is None and not _WEB.match(asked.text):
        hashtags = await request.app[keys.INSTANCE].db.scan(searches.find_tags, asked.text, asked.part)
    return _Found(people, statuses, hashtags)


async def _people(request: web.Request, asked: _Asked) -> list[Account]:
    named = asked.named
    if named is not None:
        is_shown = isinstance(named, Account) and not (named.is_hidden or (named.is_local and named.kind == "Application"))
        return [named] if isinstance(named, Account) and is_shown and not asked.part.offset else []
    if _WEB.match(asked.text) or asked.text.startswith("#"):
        return []
    return await finding.people(request, asked.viewer_id, People(asked.text, asked.part, asked.followed))


async def _statuses(request: web.Request, asked: _Asked) -> list[int]:
    if asked.named is not None:
        return [asked.named.id] if isinstance(asked.named, Post) and not asked.part.offset else []
    if asked.viewer is None or _WEB.fullmatch(asked.text):
        return []
    return await finding.posts(request, asked.viewer, asked.text, asked.part)


def _show(tx: Tx, shelf: Shelf, viewer_id: int, found: _Found) -> Json:
    """Source: Mastodon documentation, Search."""
    return {
        "accounts": [orjson.Fragment(made) for made in shelf.accounts(tx, found.accounts)],
        "statuses": [orjson.Fragment(made) for made in shelf.posts(tx, viewer_id, found.posts)],
        "hashtags": tags(shelf.uris, tx, found.tags, viewer_id),
    }


_TAKES: Final = (
    table.Field("q", required=True, example="a"),
    table.Field("type", choices=_TYPES),
    table.Field("resolve", "flag", example=False),
    table.Field("following", "flag", example=False),
    table.Field("account_id", "id"),
    table.Field("exclude_unreviewed", "flag", example=False),
    table.Field("min_id", "id"),
    table.Field("max_id", "id"),
    table.Field("limit", "number", example=20),
    table.Field("offset", "number", example=0),
)

ROUTES = (
    table.reader("GET", "/api/v2/search", search, "read:search", *_TAKES, gives="Search"),
    table.user("GET", "/api/v1/search", search_v1, "read:search", *_TAKES, gives="V1::Search"),
    table.user(
        "GET",
        "/api/v1/accounts/search",
        search_accounts,
        "read:accounts",
        table.Field("q", required=True, example="a"),
        table.Field("resolve", "flag", example=False),
        table.Field("following", "flag", example=False),
        table.Field("limit", "number", example=40),
        table.Field("offset", "number", example=0),
        gives="[Account]",
    ),
)
