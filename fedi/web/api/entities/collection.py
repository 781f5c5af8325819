"""Collection, CollectionItem and what wraps them."""

from collections.abc import Sequence

from fedi import clock
from fedi.storage import accounts as account_rows
from fedi.storage import collections as rows
from fedi.storage.accounts import Account
from fedi.storage.collections import Collection, Item
from fedi.storage.db import Tx
from fedi.uris import Uris
from fedi.web.api.entities.places import Json


def item(shown: Item) -> Json:
    """Source: Mastodon documentation, CollectionItem."""
    return {
        "id": str(shown.id),
        "account_id": str(shown.account_id),
        "state": shown.state,
        "created_at": clock.rfc3339(shown.created_at),
    }


def collections(tx: Tx, viewer_id: int, shown: Sequence[Collection]) -> list[Json]:
    """Each, with those in it whom the viewer is shown; in two statements."""
    if not shown:
        return []
    items = rows.list_items(tx, viewer_id, [one.id for one in shown])
    owners = account_rows.list_by_ids(tx, [one.account_id for one in shown])
    return [_collection(tx.uris, one, owners[one.account_id], items.get(one.id, [])) for one in shown]


def _collection(us: Uris, shown: Collection, owner: Account, items: Sequence[Item]) -> Json:
    """Source: Mastodon documentation, Collection."""
    return {
        "id": str(shown.id),
        "account_id": str(shown.account_id),
        "uri": shown.uri,
        "url": us.collection_page(owner.username, shown.id) if owner.is_local else shown.uri,
        "name": shown.name,
        "description": shown.description_html,
        "language": shown.language or None,
        "local": owner.is_local,
        "sensitive": bool(shown.sensitive),
        "discoverable": bool(shown.discoverable),
        "tag": {"name": shown.tag, "url": us.tag(shown.tag)} if shown.tag else None,
        "created_at": clock.rfc3339(shown.created_at),
        "updated_at": clock.rfc3339(shown.updated_at),
        "item_count": len(items),
        "items": [item(one) for one in items],
    }
