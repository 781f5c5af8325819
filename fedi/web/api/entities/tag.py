"""Tag."""

from collections.abc import Mapping, Sequence

from fedi.storage import featured_tags as featured_tag_rows
from fedi.storage import followed_tags as followed_tag_rows
from fedi.storage import listings
from fedi.storage.db import Tx
from fedi.uris import Uris
from fedi.web.api.entities.places import Json


def tags(us: Uris, tx: Tx, names: Sequence[str], viewer_id: int) -> list[Json]:
    """Known hashtags by their normalised names, in order. How often they are used is not counted. Source: Mastodon documentation, Tag."""
    ids = listings.tag_ids(tx, names) if names else {}
    shown = set(featured_tag_rows.list_names(tx, viewer_id)) if viewer_id and ids else set()
    followed = followed_tag_rows.list_followed(tx, viewer_id, ids.values()) if viewer_id and ids else set()
    mine = {name: {"following": ids[name] in followed, "featuring": name in shown} if viewer_id else {} for name in ids}
    return [_tag(us, ids[name], name, mine[name]) for name in names if name in ids]


def unknown(us: Uris, name: str, viewer_id: int) -> Json:
    """A hashtag that nobody here has used or followed yet."""
    return _tag(us, 0, name, {"following": False, "featuring": False} if viewer_id else {})


def _tag(us: Uris, tag_id: int, name: str, mine: Mapping[str, bool]) -> Json:
    return {"id": str(tag_id), "name": name, "url": us.tag(name), "history": [], **mine}
