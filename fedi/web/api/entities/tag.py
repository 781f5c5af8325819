"""Tag."""

from collections.abc import Sequence

from fedi.storage import listings
from fedi.storage.db import Tx
from fedi.uris import Uris
from fedi.web.api.entities.places import Json


def tags(us: Uris, tx: Tx, names: Sequence[str], viewer_id: int) -> list[Json]:
    """Known hashtags by their normalised names, in order. How often they are used is not counted. Source: Mastodon documentation, Tag."""
    ids = listings.tag_ids(tx, names) if names else {}
    mine = {"following": False, "featuring": False} if viewer_id else {}
    return [{"id": str(ids[name]), "name": name, "url": us.tag(name), "history": [], **mine} for name in names if name in ids]
