"""Reading collections of other servers under a budget: pages that never end, rings, other servers' items and slow hosts cost a bounded sum.

An item is believed as it stands inline only where its collection was had from the item's own server; else it is an id to be fetched.
Source: FEP-fe34; FEDERATION.md, Collections; DOS-06.
"""

from collections.abc import AsyncIterator
from typing import NamedTuple

from fedi import clock, uris
from fedi.activitypub import parse
from fedi.activitypub.parse import Json
from fedi.activitypub.remote import Remote
from fedi.errors import Malformed, TooMany, Unreachable, Untrusted

_FAILURES = 2  # after so many a host is left alone


class Item(NamedTuple):
    """What a collection lists: an id ('' for a thing without one), and the document where it may be believed."""

    uri: str
    document: Json | None
    said: Json | None = None  # what stood there, to be believed or not


class Page(NamedTuple):
    """A collection, or a page of one: where it was, and what it has."""

    url: str
    total: int | None
    following: str
    items: tuple[Item, ...]


class Budget:
    """What one piece of background work may ask of others: so many documents, until a time, nothing of hosts that keep failing."""

    def __init__(self, documents: int, seconds: int) -> None:
        self.left = documents
        self._until = clock.now() + seconds * clock.SECOND
        self._failures: dict[str, int] = {}

    def has(self, url: str) -> bool:
        """Whether this address may still be asked."""
        try:
            failed = self._failures.get(uris.host(url), 0)
        except Malformed:
            return False
        return self.left > 0 and clock.now() < self._until and failed < _FAILURES

    @property
    def is_running(self) -> bool:
        """Whether there is time left."""
        return clock.now() < self._until

    def spend(self, url: str) -> None:
        """Count a document. Raises TooMany when the budget does not have it."""
        if not self.has(url):
            raise TooMany("Enough was read for this time.", 60)
        self.left -= 1

    def failed(self, url: str) -> None:
        """Its server was asked in vain."""
        host = uris.host(url)
        self._failures[host] = self._failures.get(host, 0) + 1


async def document(remote: Remote, url: str, budget: Budget) -> Json:
    """A document under its id. Raises RemoteError, TooMany."""
    budget.spend(url)
    try:
        return await remote.document(url)
    except Unreachable:
        budget.failed(url)
        raise


async def page(remote: Remote, url: str, budget: Budget) -> Page:
    """A collection as its own server has it. Raises RemoteError, Untrusted when the address leads to another server, TooMany."""
    budget.spend(url)
    try:
        fetched = await remote.fetched(url)
    except Unreachable:
        budget.failed(url)
        raise
    if not uris.same_origin(fetched.final_url, url):
        raise Untrusted("The collection is on another server.")
    found = parse.document(fetched.body)
    own_id = parse.first_uri(found)
    return read(found, fetched.final_url, is_proven=own_id in (url, fetched.final_url))


def read(found: Json, url: str, *, is_proven: bool) -> Page:
    """A collection that was had from `url`, or stood in a document from there; `is_proven` when that was its own id. Raises Malformed."""
    listed = parse.collection({**found, "id": url}, url)
    return Page(url, listed.total, listed.first or listed.next, tuple(_item(item, url, is_proven) for item in listed.items))


def _item(item: str | Json, url: str, is_proven: bool) -> Item:
    if isinstance(item, str):
        return Item(item, None)
    own_id = parse.first_uri(item)
    is_own = is_proven and bool(own_id) and uris.same_origin(own_id, url) and parse.is_whole(item)
    return Item(own_id, item if is_own else None, item)


async def items(remote: Remote, first: Page, budget: Budget, *, pages: int, most: int) -> AsyncIterator[Item]:
    """What a collection lists, page by page: at most `most` items of `pages` pages, no page twice. Raises what `page` raises."""
    seen, shown = {first.url}, first
    while True:
        for item in shown.items[:most]:
            yield item
        most -= len(shown.items)
        pages -= 1
        if not shown.following or shown.following in seen or most <= 0 or pages <= 0:
            return
        seen.add(shown.following)
        shown = await page(remote, shown.following, budget)
