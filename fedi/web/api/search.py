"""Finding people, posts and hashtags; and fetching those that an address or a handle names. Source: Mastodon documentation, search."""

import re
from typing import Final, NamedTuple

import orjson
from aiohttp import web

from fedi import limits, markup
from fedi.activitypub import webfinger
from fedi.errors import Malformed, NotFound, RemoteError, Unauthenticated
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage import tags as tag_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities.shelf import SHELF, Shelf
from fedi.web.api.entities.tag import tags

_TYPES: Final = ("accounts", "statuses", "hashtags")
_WEB: Final = re.compile(r"https?://\S+", re.IGNORECASE)


class _Asked(NamedTuple):
    """What is looked for. `found` is what a server elsewhere, or the address itself, has named."""

    viewer_id: int
    text: str
    limit: int
    types: tuple[str, ...]
    found: Account | Post | None = None


async def search(request: web.Request) -> web.Response:
    viewer, given = answers.reader(request, "read:search"), params.query(request)
    text, resolve, offset = given.text("q", max_chars=limits.URI_CHARS).strip(), given.flag("resolve"), given.number("offset", 0, 0, 10_000)
    if viewer is None and (resolve or offset):  # Source: SSR-09
        raise Unauthenticated("Search queries that resolve remote resources are not supported without authentication")
    wanted = given.text("type", max_chars=40)
    types = tuple(name for name in _TYPES if wanted in ("", name))
    asked = _Asked(viewer.id if viewer is not None else 0, text, given.number("limit", limits.PAGE, 1, limits.PAGE_MAX), types)
    if viewer is not None and resolve and _names_one(text):
        asked = asked._replace(found=await _resolve(request, viewer, text))
    if offset or not text:
        asked = asked._replace(types=())
    return answers.entity(request.app[keys.INSTANCE].db.read(_read, request.app[SHELF], asked))


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


def _read(tx: Tx, shelf: Shelf, asked: _Asked) -> dict[str, object]:
    """Source: Mastodon documentation, Search."""
    named = asked.found or _known(tx, asked.text)
    found: dict[str, object] = {name: [] for name in _TYPES}
    if "accounts" in asked.types:
        found["accounts"] = [orjson.Fragment(made) for made in shelf.accounts(tx, _people(tx, asked, named))]
    if "statuses" in asked.types and isinstance(named, Post):
        found["statuses"] = [orjson.Fragment(made) for made in shelf.posts(tx, asked.viewer_id, [named.id])]
    if "hashtags" in asked.types and named is None:
        name = markup.normalise_tag(asked.text)
        found["hashtags"] = tags(shelf.uris, tx, tag_rows.list_matching(tx, name, asked.limit) if name else [], asked.viewer_id)
    return found


def _known(tx: Tx, text: str) -> Account | Post | None:
    """Whom or what an address or a whole handle means, as far as it is known here."""
    if _WEB.fullmatch(text):
        return account_rows.find_by_uri(tx, text) or post_rows.find_by_url(tx, text)
    handle = webfinger.handle(text)
    if handle is None or not handle[1]:
        return None
    return account_rows.find_by_handle(tx, handle[0], "" if tx.uris.is_our_host(handle[1]) else handle[1])


def _people(tx: Tx, asked: _Asked, named: Account | Post | None) -> list[Account]:
    if isinstance(named, Account):
        return [] if named.is_hidden or (named.is_local and named.kind == "Application") else [named]
    if named is not None or _names_one(asked.text) or asked.text.startswith("#"):
        return []
    name = asked.text.removeprefix("@")
    return account_rows.list_matching(tx, name, asked.limit) if name else []


ROUTES = (table.reader("GET", "/api/v2/search", search, "read:search", gives="Search"),)
