"""Tag."""

from collections.abc import Sequence

from fedi.storage import followed_tags as followed_tag_rows
from fedi.storage import listings
from fedi.storage.db import Tx
from fedi.uris import Uris
from fedi.web.api.entities.places import Json


def tags(us: Uris, tx: Tx, names: Sequence[str], viewer_id: int) -> list[Json]:
    """Known hashtags by their normalised names, in order. How often they are used is not counted. Source: Mastodon documentation, Tag."""
    ids = listings.tag_ids(tx, names) if names else {}
    followed = followed_tag_rows.list_followed(tx, viewer_id, ids.values()) if viewer_id and ids else set()
    return [_tag(us, ids[name], name, ids[name] in followed if viewer_id else None) for name in names if name in ids]


def unknown(us: Uris, name: str, viewer_id: int) -> Json:
    """A hashtag that nobody here has used or followed yet."""
    return _tag(us, 0, name, False if viewer_id else None)


def _tag(us: Uris, tag_id: int, name: str, followed: bool | None) -> Json:
    mine = {} if followed is None else {"following": followed, "featuring": False}
    return {"id": str(tag_id), "name": name, "url": us.tag(name), "history": [], **mine}
