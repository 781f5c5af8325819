"""Fetching what shows consent: quoted posts, and the stamps that their authors' servers give out. Both are looked at, never believed.

Source: FEDERATION.md, Quotes; FEP-044f; ORG-22, DOS-08.
"""

from typing import NamedTuple

import orjson

from fedi import clock, decisions, limits, quotes, uris
from fedi.activitypub import parse_policies
from fedi.activitypub.remote import Remote
from fedi.errors import FediError, RemoteGone, TooMany, Unavailable, Unreachable
from fedi.storage import accounts as account_rows
from fedi.storage import approvals as approval_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage.db import Tx
from fedi.storage.quotes import Quote

RECHECKS = 200  # stamps that one round asks for again


class _Said(NamedTuple):
    """What a stamp has to say to be good."""

    uri: str
    kind: str
    author_uri: str
    interaction_uri: str
    target_uri: str


async def check_quote(remote: Remote, payload: bytes) -> None:
    """Have what a post quotes, and the stamp it bears. Raises Unreachable and TooMany, to be tried again."""
    facts = orjson.loads(payload)
    post_id, hops = int(facts["post"]), int(facts.get("hops", 0))
    found = remote.db.read(_quote_of, post_id)
    if found is None:
        return
    quote, quoter_uri = found
    if quote.quoted_id is None:
        await _fetch_quoted(remote, quote, quoter_uri, hops)
        found = remote.db.read(_quote_of, post_id)
        quote = found[0] if found is not None else quote
    said = remote.db.read(_wanted, quote)
    if said is not None and quote.quoted_id is not None:
        remote.spend_quoted(quoter_uri)
        await remote.db.write(quotes.judged, post_id, quote.authorization_uri, quote.quoted_id, await _is_good(remote, said))


def _quote_of(tx: Tx, post_id: int) -> tuple[Quote, str] | None:
    quote, post = quote_rows.find(tx, post_id), post_rows.find(tx, post_id)
    if quote is None or post is None or quote.state == "deleted":
        return None
    return quote, account_rows.get(tx, post.account_id).uri


async def _fetch_quoted(remote: Remote, quote: Quote, quoter_uri: str, hops: int) -> None:
    try:
        if remote.db.read(post_rows.find_by_uri, quote.quoted_uri) is None:
            remote.spend_quoted(quoter_uri)
        quoted = await remote.quoted(quote.quoted_uri, hops + 1)
    except RemoteGone:
        await remote.db.write(quotes.vanished, quote.post_id)
    except (Unreachable, TooMany, Unavailable):
        raise
    except FediError:
        await remote.db.write(quotes.unreadable, quote.post_id)
    else:
        await remote.db.write(quotes.arrived, quote.post_id, quoted.id)


def _wanted(tx: Tx, quote: Quote) -> _Said | None:
    """The stamp to look at; None where there is none, or it is of another server than the quoted author's, or one of ours."""
    post = post_rows.find(tx, quote.post_id)
    quoted = post_rows.find(tx, quote.quoted_id) if quote.quoted_id is not None else None
    if post is None or quoted is None or not quote.authorization_uri:
        return None
    author = account_rows.get(tx, quoted.account_id)
    if author.is_local or author.id == post.account_id or not uris.same_origin(quote.authorization_uri, author.uri):
        return None
    return _Said(quote.authorization_uri, "quote", author.uri, post.uri, quoted.uri)


async def _is_good(remote: Remote, said: _Said) -> bool:
    """Whether the stamp is there and says just that. Raises Unreachable when nobody can tell."""
    try:
        stamp = parse_policies.stamp(await remote.document(said.uri))
    except (Unreachable, TooMany, Unavailable):
        raise
    except FediError:
        return False
    return stamp == (said.uri, said.kind, said.author_uri, said.interaction_uri, said.target_uri)


async def check_approval(remote: Remote, payload: bytes) -> None:
    """The same for an answer or boost that bears a stamp of who it answers."""
    request_id = int(payload)
    said = remote.db.read(_wanted_approval, request_id)
    if said is not None:
        await remote.db.write(decisions.stamp_checked, request_id, await _is_good(remote, said))


def _wanted_approval(tx: Tx, request_id: int) -> _Said | None:
    request = approval_rows.find(tx, request_id)
    if request is None or request.state != "pending" or not request.authorization_uri:
        return None
    post = post_rows.get(tx, request.post_id)
    return _Said(request.authorization_uri, request.kind, account_rows.get(tx, post.account_id).uri, request.interaction_uri, post.uri)


async def recheck(remote: Remote) -> None:
    """Stamps are asked for again after a week: one that is gone stands for nothing any more."""
    before = clock.now() - limits.QUOTE_RECHECK_S * clock.SECOND
    for post_id in remote.db.read(quote_rows.list_unchecked, before, RECHECKS):
        await remote.db.write(quotes.look_again, post_id)
