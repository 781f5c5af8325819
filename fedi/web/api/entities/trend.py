"""Trends::Link."""

from collections.abc import Sequence

import orjson

from fedi.storage import trends as rows
from fedi.storage.cards import Shown
from fedi.storage.db import Tx
from fedi.uris import Uris
from fedi.web.api.entities import card, history


def links(us: Uris, tx: Tx, viewer_id: int, found: Sequence[Shown], people: card.People) -> list[bytes]:
    """Cards with their last seven days, as JSON. Source: Mastodon documentation, PreviewCard, Trends::Link."""
    uses = rows.list_link_uses(tx, [one.card.id for one in found], history.since(tx.now)) if found else {}
    made = [{**card.card(us, one), "history": history.history(tx.now, uses.get(one.card.id, {}))} for one in found]
    return card.fill(viewer_id, [orjson.dumps(one) for one in made], people)
