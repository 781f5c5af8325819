"""Who looks for what: posts by a query, people by a name or a handle, hashtags by how they begin. These read much: run them as scans."""

from typing import NamedTuple

from fedi import ids, markup, search_queries, search_words
from fedi.errors import Malformed
from fedi.search_queries import Query
from fedi.storage import account_search, post_search
from fedi.storage import accounts as account_rows
from fedi.storage import tags as tag_rows
from fedi.storage.account_search import Handle, Named
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.post_search import Wanted
from fedi.uris import normal_host


class Part(NamedTuple):
    """Which part of what is found: after < id < before (posts only; 0 for no bound), `limit` of them past the first `offset`."""

    limit: int
    offset: int = 0
    after: int = 0
    before: int = 0
    account_id: int = 0  # posts of this account only


def find_posts(tx: Tx, viewer: Account, text: str, part: Part) -> list[int]:
    """Ids of the posts that a query finds among those the viewer may search, the newest first."""
    query = search_queries.parse(text)
    if query.is_empty:
        return []
    authors = _authors(tx, viewer, query.authors)
    if part.account_id:
        authors = [part.account_id] if authors is None or part.account_id in authors else []
    if authors == []:
        return []
    after, before = _bounds(query, part)
    wanted = Wanted(
        words=query.words,
        excluded=query.excluded,
        authors=None if authors is None else tuple(authors),
        others=tuple(_authors(tx, viewer, query.others) or ()),
        has=query.has,
        languages=query.languages,
        other_languages=query.other_languages,
        place=query.place,
        after=after,
        before=before,
    )
    return post_search.list_found(tx, viewer.id, wanted, part.limit, part.offset)


def _authors(tx: Tx, viewer: Account, handles: tuple[str, ...]) -> list[int] | None:
    """The accounts that handles mean, as far as they are known; None for no handles."""
    if not handles:
        return None
    found = [viewer if handle == "me" else _account(tx, handle) for handle in handles]
    return [account.id for account in found if account is not None]


def _account(tx: Tx, handle: str) -> Account | None:
    name, _, host = handle.partition("@")
    try:
        host = normal_host(host) if host else ""
    except Malformed:
        return None
    return account_rows.find_by_handle(tx, name, "" if tx.uris.is_our_host(host) else host)


def _bounds(query: Query, part: Part) -> tuple[int, int]:
    after = max(part.after, ids.first_at(query.since) - 1 if query.since else 0)
    before = min(part.before or ids.MAX, ids.first_at(query.until) if query.until else ids.MAX)
    return after, before


def find_people(tx: Tx, viewer_id: int, text: str, part: Part, *, followed: bool = False) -> list[Account]:
    """By the beginning of a name or handle, by words of the name, and by words of the biography of those who want to be found."""
    text = text.strip().removeprefix("@")
    name, at, host = text.partition("@")
    if at:
        handle = Handle(name, host.lower(), tx.uris.domain.startswith(host.lower()), followed)
        return account_search.list_handles(tx, viewer_id, handle, part.limit, part.offset) if name else []
    words = [made for word in text.split() if (made := search_words.phrase(word, prefix=True))]
    if not words:
        return []
    expression = " AND ".join(words)
    return account_search.list_named(tx, viewer_id, Named(text, expression, expression, followed), part.limit, part.offset)


def find_tags(tx: Tx, text: str, part: Part) -> list[str]:
    """Normalised names of hashtags that begin so."""
    name = markup.normalise_tag(text)
    return tag_rows.list_matching(tx, name, part.limit, part.offset) if name else []
