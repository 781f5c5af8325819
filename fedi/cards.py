"""Previews of the pages that posts link to: which link it is, when it is looked at, and what is kept of the page.

Asking costs a post with links one row (storage/due_links.py); everything else is for previews.py to begin. A link is fetched once for
everybody who posts it, after a random time, so that a post that goes to many servers does not bring all of them to one site in the same
second. Source: DOS-19, P-09.
"""

import random
import re
import zlib
from collections.abc import Collection, Iterable
from html import unescape
from typing import Final, NamedTuple
from urllib.parse import urldefrag

from fedi import attribution, clock, limits, uris
from fedi.activitypub import webfinger
from fedi.errors import Malformed
from fedi.storage import accounts as account_rows
from fedi.storage import cards as rows
from fedi.storage import domains as domain_rows
from fedi.storage import due_links as due_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.cards import Card
from fedi.storage.db import Tx
from fedi.storage.due_links import DueLink
from fedi.storage.media import Media
from fedi.storage.posts import Post
from fedi.streaming import Event
from fedi.webpages import Webpage

_OWN_DELAY_MS: Final = (1_000, 5_000)
_LINK: Final = re.compile(r'<a href="([^"]*)"([^>]*)>')  # as our sanitiser and our markup write every link
_NO_PAGE: Final = re.compile(r'class="[^"]*\b(?:mention|hashtag|u-url|h-card)\b|rel="[^"]*\btag\b')
_QUOTED: Final = re.compile(r'<(p|span) class="quote-inline">.*?</\1>', re.DOTALL)
_RANDOM: Final = random.SystemRandom()


def link_of(us: uris.Uris, post: Post) -> str:
    """The page a post is about: what it was made to link to, or the first link in its text that is no mention, hashtag or page of ours.

    Without the fragment, which is no part of the question to a server; '' for none.
    """
    if not _may_link(post):
        return ""
    said = [(post.link_url, "")] if post.link_url else []
    text = _QUOTED.sub("", post.content_html) if "quote-inline" in post.content_html else post.content_html
    for href, rest in (*said, *((unescape(href), rest) for href, rest in _LINK.findall(text))):
        if not _NO_PAGE.search(rest) and (url := _page(us, href)):
            return url
    return ""


def _may_link(post: Post) -> bool:
    """Whether `link_of` may find anything: what it takes to see that is not done where posts are taken in."""
    return post.boost_of_id is None and (post.link_url != "" or "<a " in post.content_html)


def _page(us: uris.Uris, href: str) -> str:
    """The address of a page elsewhere, or ''."""
    url = urldefrag(href).url if "#" in href else href
    try:
        host = uris.host(url)
    except Malformed:
        return ""
    return url if len(url) <= limits.URI_CHARS and not us.is_our_host(host) else ""


def begin(tx: Tx, post: Post, *, is_own: bool) -> None:
    """A post is there that somebody here sees: its link will be looked at. `is_own` is for what was written here."""
    if _may_link(post):
        low, high = _OWN_DELAY_MS if is_own else (0, limits.CARD_DELAY_S * clock.SECOND)
        due_rows.put(tx, DueLink(int(is_own), tx.now + _RANDOM.randint(low, high), post.id))
        if is_own:
            tx.emit(Event("link", post.id))


def edited(tx: Tx, post: Post, *, is_own: bool) -> None:
    """A post reads otherwise: another link, another card."""
    present = rows.link_of(tx, post.id)
    if present != link_of(tx.uris, post):
        rows.detach(tx, post.id)
        begin(tx, post, is_own=is_own)


# -- when it is due --


class Claim(NamedTuple):
    """A link to be looked at now: for which post, the card that its page is to fill, and the sites it waits for."""

    due: DueLink
    card: Card
    lane: str


def claim_all(tx: Tx, due: Iterable[DueLink], busy: Collection[int] = ()) -> list[Claim]:
    """Those of them that there is a page to be asked for; the others are done. Each card once, and none that is being filled (`busy`)."""
    found: dict[int, Claim] = {}
    done = []
    for one in due:
        card = claim(tx, one.post_id)
        if card is None or card.id in found or card.id in busy:
            done.append(one)
        else:
            found[card.id] = Claim(one, card, _lane(card.url, one.own == 1))
    due_rows.settle(tx, done)
    return list(found.values())


def _lane(url: str, is_own: bool) -> str:
    return f"{'own ' if is_own else ''}{zlib.crc32(uris.host(url).encode()) % limits.CARD_LANES}"


def claim(tx: Tx, post_id: int) -> Card | None:
    """The card that is to be fetched for a post; None where there is nothing to ask for (any more), or a fresh one is there."""
    post = post_rows.find(tx, post_id)
    url = link_of(tx.uris, post) if post is not None else ""
    if post is None or not url or rows.shows_other(tx, post.id) or is_refused(tx, url):
        return None
    card = rows.find_by_link(tx, url)
    if card is None:
        is_late = post.received_at < tx.now - (limits.CARD_LATE_S + limits.CARD_DELAY_S) * clock.SECOND and post.edited_at is None
        if is_late:
            return None
        card = rows.insert(tx, url)
    if rows.link_of(tx, post.id) != url:
        rows.attach(tx, post.id, card)
    fresh_s = {"queued": 0, "ready": limits.CARD_FRESH_S, "empty": limits.CARD_EMPTY_S}[card.state]
    return card if card.fetched_at <= tx.now - fresh_s * clock.SECOND else None


def is_refused(tx: Tx, url: str) -> bool:
    """Whether this server has nothing to do with the site of an address, or it is none."""
    try:
        return domain_rows.is_blocked(tx, uris.host(url))
    except Malformed:
        return True


def picture(tx: Tx, page: Webpage) -> Media | None:
    """The row of a page's picture, without its bytes; None when there is none or it is of a site whose files are not wanted."""
    try:
        hosts = {uris.host(page.url), uris.host(page.picture.url)}
    except Malformed:
        return None
    if any(domain_rows.rejects_media(tx, host) for host in hosts):
        return None
    return media_rows.insert(tx, kind="image", remote_url=page.picture.url, alt=page.picture.alt)


class Author(NamedTuple):
    """Whom a page names: the account, and whether it has said that the page may."""

    account: Account
    agrees: bool


def author(tx: Tx, page: Webpage, page_url: str) -> Author | None:
    """Who is named as the author of a page that came from `page_url`, as far as they are known here. Source: ORG-23."""
    named = webfinger.handle(page.claimed) if page.claimed else None
    if named is None:
        return None
    name, host = named
    account = account_rows.find_by_handle(tx, name, "" if not host or tx.uris.is_our_host(host) else host)
    return Author(account, attribution.is_allowed(account, page_url)) if account is not None and not account.is_hidden else None


def keep(tx: Tx, card_id: int, page: Webpage, page_url: str, media_id: int | None) -> None:
    """What a page that came from `page_url` says of itself is the card from now on."""
    card = rows.find(tx, card_id)
    if card is None:
        return
    if not page.title and not page.description and media_id is None:
        nothing(tx, card_id)
        return
    found, shown = author(tx, page, page_url), media_rows.find(tx, media_id) if media_id is not None else None
    made = card._replace(
        page_url=page.url,
        host=uris.host(page.url),
        state="ready",
        kind=page.kind,
        title=page.title or uris.host(page.url),
        description=page.description,
        language=page.language,
        provider_name=page.provider_name,
        provider_url=page.provider_url,
        author_name=page.author_name,
        author_url=page.author_url,
        author_id=found.account.id if found is not None and found.agrees else None,
        claimed_id=found.account.id if found is not None and not found.agrees else None,
        media_id=shown.id if shown is not None else None,
        width=shown.width if shown is not None else 0,
        height=shown.height if shown is not None else 0,
        published_at=page.published_at,
        fetched_at=tx.now,
    )
    rows.put(tx, made)
    if made._replace(fetched_at=0) != card._replace(fetched_at=0):
        rows.show_anew(tx, card_id)


def nothing(tx: Tx, card_id: int) -> None:
    """There is no page, or it says nothing. What was known of it before stays, as long as it did."""
    card = rows.find(tx, card_id)
    if card is not None:
        rows.set_state(tx, card_id, "ready" if card.state == "ready" else "empty")


def finish(tx: Tx, claim: Claim, page: Webpage | None, page_url: str = "", media_id: int | None = None) -> None:
    """A link has been looked at; `page` is None where there is none."""
    if page is None:
        nothing(tx, claim.card.id)
    else:
        keep(tx, claim.card.id, page, page_url, media_id)
    due_rows.settle(tx, [claim.due])
