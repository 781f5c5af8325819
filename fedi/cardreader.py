"""Fetching the page that a post links to, what it says of itself, and its picture. What is kept is cards.py's.

All of it goes through the one outgoing client, with its guard, its limits and its redirects. Source: SSR-06, XSS-06, DOS-19.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from fedi import cards, limits, webpages
from fedi.activitypub import webfinger
from fedi.activitypub.remote import Remote
from fedi.errors import FediError, Malformed, Refused, Unavailable
from fedi.http import Client
from fedi.mediacache import MediaCache
from fedi.storage.db import Database
from fedi.webpages import Webpage

_PAGE_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_PAGE_ACCEPT: Final = "text/html, application/xhtml+xml"
_OEMBED_TYPES: Final = frozenset({"application/json", "application/json+oembed", "text/javascript", "text/json"})


class Desk(NamedTuple):
    """What reading needs of an instance."""

    db: Database
    http: Client
    remote: Remote
    mediacache: MediaCache
    cpu: Callable[..., Awaitable[Any]]


async def read(desk: Desk, claim: cards.Claim) -> None:
    """Look at the page of a post's link. It is tried once: a page that does not answer has no card."""
    try:
        page, came_from = await _page(desk, claim.card.url)
        media_id = await _picture(desk, page)
        await _meet(desk, page)
    except Unavailable:
        raise
    except FediError:
        await desk.db.write(cards.finish, claim, None)
        return
    await desk.db.write(cards.finish, claim, page, came_from, media_id)


async def _page(desk: Desk, url: str) -> tuple[Webpage, str]:
    """The page and where it came from in the end. Raises RemoteError."""
    secure = f"https://{url.removeprefix('http://')}" if url.startswith("http://") else url
    found = await desk.http.get(secure, accept=_PAGE_ACCEPT, types=_PAGE_TYPES, max_bytes=limits.WEBPAGE_BYTES, cut=True)
    if desk.db.read(cards.is_refused, found.final_url):
        raise Refused("Nothing is shown of that site here.", 0)
    page: Webpage = await desk.cpu(webpages.read, found.body, found.charset, found.final_url)
    if page.oembed_url and not desk.db.read(cards.is_refused, page.oembed_url):
        with suppress(Malformed, Refused):
            page = webpages.with_oembed(page, await _oembed(desk, page.oembed_url))
    return page, found.final_url


async def _oembed(desk: Desk, url: str) -> bytes:
    """What a site says of a page in a document of its own; b"" when it says nothing. Raises Malformed, Refused."""
    try:
        found = await desk.http.get(url, accept="application/json", types=_OEMBED_TYPES, max_bytes=limits.OEMBED_BYTES)
    except Unavailable:
        raise
    except FediError:
        return b""
    return found.body


async def _picture(desk: Desk, page: Webpage) -> int | None:
    """The id of the page's picture, its bytes kept here; None when there is none to be had."""
    row = await desk.db.write(cards.picture, page) if page.picture.url else None
    if row is None:
        return None
    try:
        return (await desk.mediacache.get(row.key)).id
    except FediError:
        return None  # its row shows nowhere and is swept


async def _meet(desk: Desk, page: Webpage) -> None:
    """Get to know who is named as the author, so that they can be asked whether they are."""
    named = webfinger.handle(page.claimed) if page.claimed else None
    if named is not None and named[1] and not desk.remote.uris.is_our_host(named[1]) and desk.db.read(cards.author, page, page.url) is None:
        with suppress(FediError):
            await desk.remote.account_of(*named)
