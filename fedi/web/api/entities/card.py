"""PreviewCard: the page that a post links to. In a kept Status stand places for its author and for whoever only the page says is."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from fedi import clock, facts
from fedi.storage.cards import Shown
from fedi.storage.posts import Post
from fedi.uris import Uris
from fedi.web.api.entities.places import Json, address

AUTHOR: Final = re.compile(rb'"account":\{"author":"([0-9]+)"\}')
CLAIMED: Final = re.compile(rb'"missing_attribution":\{"author":"([0-9]+)"\}')

People = Callable[[Sequence[int]], Mapping[int, bytes]]  # accounts by id as JSON, without those that nobody is to see


def of(us: Uris, post: Post, shown: Shown | None) -> Json | None:
    """The card of a post: the page itself where it was read, else what is known of it without asking."""
    if shown is not None:
        return card(us, shown)
    url = address(post.link_url) if post.link_url else None
    if not url:
        return None
    title = dict(facts.load(post.facts).links).get(post.link_url) or post.title or url
    return {**_EMPTY, "url": url, "title": title, "language": post.language or None}


_EMPTY: Final[Json] = {
    "url": "", "title": "", "description": "", "type": "link", "language": None, "author_name": "", "author_url": "", "authors": [],
    "provider_name": "", "provider_url": "", "html": "", "width": 0, "height": 0, "image": None, "image_description": "", "embed_url": "",
    "blurhash": None, "published_at": None, "missing_attribution": False,
}  # fmt: skip


def card(us: Uris, shown: Shown) -> Json:
    """Its places are filled by `spots`. There is never any `html`. Source: Mastodon documentation, PreviewCard; XSS-06."""
    found = shown.card
    url = address(found.page_url) or found.url
    has_author = bool(found.author_name or found.author_id)
    named: Any = {"author": str(found.author_id)} if found.author_id is not None else None
    author = {"name": found.author_name, "url": address(found.author_url) or "", "account": named}
    return {
        **_EMPTY,
        "url": url,
        "title": found.title,
        "description": found.description,
        "type": found.kind,
        "language": found.language or None,
        "author_name": found.author_name,
        "author_url": author["url"],
        "authors": [author] if has_author else [],
        "provider_name": found.provider_name,
        "provider_url": address(found.provider_url) or "",
        "width": found.width,
        "height": found.height,
        "image": us.preview(shown.key) if shown.key else None,
        "image_description": shown.alt,
        "blurhash": shown.blurhash or None,
        "published_at": clock.rfc3339(found.published_at) if found.published_at is not None else None,
        "missing_attribution": {"author": str(found.claimed_id)} if found.claimed_id is not None else False,
    }


def fill(viewer_id: int, texts: Sequence[bytes], people: People | None) -> list[bytes]:
    """The same with the places of cards filled: accounts where they may be shown, and whether the viewer is whom only the page names."""
    wanted = [int(number) for text in texts for number in AUTHOR.findall(text)]
    made = people(wanted) if wanted and people is not None else {}
    found = [AUTHOR.sub(lambda match: b'"account":' + made.get(int(match[1]), b"null"), text) for text in texts] if wanted else list(texts)
    mine = str(viewer_id).encode()
    return [
        CLAIMED.sub(lambda match: b'"missing_attribution":' + (b"true" if match[1] == mine else b"false"), text)
        if b'"missing_attribution":{' in text
        else text
        for text in found
    ]
