"""Trends::Link."""

from collections.abc import Mapping, Sequence

import orjson

from fedi import clock
from fedi.storage import trends as rows
from fedi.storage.db import Tx
from fedi.storage.trends import Link
from fedi.uris import Uris
from fedi.web.api.entities import history
from fedi.web.api.entities.places import Json, address


def links(us: Uris, tx: Tx, found: Sequence[Link], authors: Mapping[int, bytes]) -> list[Json]:
    """Pages with their last seven days; `authors` are accounts as JSON by id. Source: Mastodon documentation, PreviewCard, Trends::Link."""
    uses = rows.list_link_uses(tx, [link.id for link in found], history.since(tx.now)) if found else {}
    return [{**_card(us, link, authors), "history": history.history(tx.now, uses.get(link.id, {}))} for link in found]


def _card(us: Uris, link: Link, authors: Mapping[int, bytes]) -> Json:
    account = authors.get(link.author_id) if link.author_id is not None else None
    author = {
        "name": link.author_name,
        "url": address(link.author_url) or "",
        "account": orjson.Fragment(account) if account is not None else None,
    }
    return {
        "url": link.url,
        "title": link.title,
        "description": link.description,
        "language": link.language or None,
        "type": link.kind,
        "author_name": link.author_name,
        "author_url": author["url"],
        "authors": [author] if link.author_name or account is not None else [],
        "provider_name": link.provider_name,
        "provider_url": address(link.provider_url) or "",
        "html": "",
        "width": link.width,
        "height": link.height,
        "image": us.media(link.image_key) if link.image_key else None,
        "image_description": link.image_alt,
        "embed_url": "",
        "blurhash": link.blurhash or None,
        "published_at": clock.rfc3339(link.published_at) if link.published_at is not None else None,
        "missing_attribution": False,
    }
