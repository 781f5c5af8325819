"""Tag."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fedi import clock
from fedi.storage import featured_tags as featured_tag_rows
from fedi.storage import followed_tags as followed_tag_rows
from fedi.storage import listings, tag_days
from fedi.storage.db import Tx
from fedi.uris import Uris
from fedi.web.api.entities import history
from fedi.web.api.entities.places import Json


class _Named(NamedTuple):
    """A hashtag with its id, 0 for one that nobody here has used or followed yet."""

    id: int
    name: str


def tags(us: Uris, tx: Tx, names: Sequence[str], viewer_id: int) -> list[Json]:
    """Known hashtags by their normalised names, in order, with their last seven days. Source: Mastodon documentation, Tag."""
    ids = listings.tag_ids(tx, names) if names else {}
    uses = tag_days.list_uses(tx, ids.values(), history.since(tx.now)) if ids else {}
    shown = set(featured_tag_rows.list_names(tx, viewer_id)) if viewer_id and ids else set()
    followed = followed_tag_rows.list_followed(tx, viewer_id, ids.values()) if viewer_id and ids else set()
    mine = {name: {"following": ids[name] in followed, "featuring": name in shown} if viewer_id else {} for name in ids}
    return [
        _tag(us, _Named(ids[name], name), history.history(tx.now, uses.get(ids[name], {})), mine[name]) for name in names if name in ids
    ]


def unknown(us: Uris, name: str, viewer_id: int) -> Json:
    """A hashtag that nobody here has used or followed yet."""
    mine = {"following": False, "featuring": False} if viewer_id else {}
    return _tag(us, _Named(0, name), history.history(clock.now(), {}), mine)


def _tag(us: Uris, tag: _Named, days: list[Json], mine: Mapping[str, bool]) -> Json:
    return {"id": str(tag.id), "name": tag.name, "url": us.tag(tag.name), "history": days, **mine}
