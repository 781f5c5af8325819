"""What the handlers of the client API share: who asks, which thing they name, and how answers leave."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import orjson
from aiohttp import web

from fedi import ids, limits
from fedi.errors import NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.timelines import Page
from fedi.web import auth, keys, paging, params

_JSON: Final = "application/json; charset=utf-8"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_=&.-]*")
_NEWEST: Final = re.compile(r"(?:limit=([0-9]{1,9}))?", re.ASCII)
_CURSORS: Final = frozenset({"max_id", "since_id", "min_id", "access_token"})
ACCOUNTS_MAX: Final = 2 * limits.PAGE_MAX  # accounts are smaller than posts


# -- who --


def reader(request: web.Request, *scopes: str) -> Account | None:
    """Who reads what anybody may read: nobody in particular, or a person whose program has one of these scopes. Raises Forbidden."""
    return auth.reader(request, *scopes)


def reader_id(request: web.Request, *scopes: str) -> int:
    """The same as an id, 0 for nobody."""
    return auth.reads_as(request, *scopes)


# -- what --


def named_id(request: web.Request) -> int:
    """The id in the address. Raises NotFound for what cannot be one."""
    return ids.parse(request.match_info["id"])


def person(tx: Tx, account_id: int) -> Account:
    """An account that may be shown. Raises NotFound alike for what is not there, what is hidden, and the server's own actor."""
    account = account_rows.get(tx, account_id)
    if account.is_hidden or (account.kind == "Application" and account.is_local):
        raise NotFound("There is no such account.")
    return account


def post(tx: Tx, viewer_id: int, post_id: int) -> Post:
    """A post the viewer may see; of a boost, what it boosts. Raises NotFound."""
    found = post_rows.get_visible(tx, viewer_id, post_id)
    return post_rows.get_visible(tx, viewer_id, found.boost_of_id) if found.boost_of_id is not None else found


def page(request: web.Request, default: int = limits.PAGE, most: int = limits.PAGE_MAX) -> Page:
    """What part of a list is asked for. What programs poll, the newest of it, is read without taking the whole query apart."""
    query = request.rel_url.raw_query_string
    return (len(query) < 16 and _newest(query, default, most)) or paging.page(params.query(request), default, most)


def is_plain(request: web.Request) -> bool:
    """Whether no parameter but `limit` is given."""
    query = request.rel_url.raw_query_string
    return len(query) < 16 and _NEWEST.fullmatch(query) is not None


@lru_cache(maxsize=256)
def _newest(query: str, default: int, most: int) -> Page | None:
    found = _NEWEST.fullmatch(query)
    if found is None:
        return None
    return Page(limit=min(max(int(found[1]), 1), most) if found[1] else default)


# -- show --


def entity(shown: Any) -> web.Response:
    """One thing: bytes that are JSON already, or what is made of dicts, lists and fragments."""
    return web.Response(body=shown if isinstance(shown, bytes) else orjson.dumps(shown), headers={"Content-Type": _JSON})


def array(items: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


def listing(request: web.Request, shown: Page, items: Sequence[bytes], cursors: Sequence[int]) -> web.Response:
    """A page of a list, with `Link` to its neighbours. `cursors` are the ids of its rows, the newest first."""
    return web.Response(body=array(items), headers={"Content-Type": _JSON, **links(request, shown, cursors)})


def beside(request: web.Request, shown: Page, found: bytes, cursors: Sequence[int]) -> web.Response:
    """The same for a page that is no plain list."""
    return web.Response(body=found, headers={"Content-Type": _JSON, **links(request, shown, cursors)})


def links(request: web.Request, shown: Page, cursors: Sequence[int]) -> dict[str, str]:
    """`paging.links` for addresses that need no encoding, at a fifth of its cost: it is a tenth of a kept page."""
    query = request.rel_url.raw_query_string
    if not cursors or not _PLAIN.fullmatch(query):
        return paging.links(request, shown, cursors)
    kept = "".join(f"{part}&" for part in query.split("&") if part and part.partition("=")[0] not in _CURSORS)
    place = f"{request.app[keys.NAMES].base_url}{request.rel_url.raw_path}?{kept}"
    newer = f'<{place}min_id={cursors[0]}>; rel="prev"'
    return {"Link": f'<{place}max_id={cursors[-1]}>; rel="next", {newer}' if len(cursors) >= shown.limit else newer}
