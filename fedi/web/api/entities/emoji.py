"""CustomEmoji."""

from fedi import emojis
from fedi.storage.emojis import Emoji
from fedi.uris import Uris
from fedi.web.api.entities.places import Json


def used(us: Uris, kept: str) -> list[Json]:
    """Those that a post or account names, of its column. Source: Mastodon documentation, CustomEmoji."""
    return [_emoji(us, shortcode, key) for shortcode, key in emojis.of(kept).items()] if kept != "[]" else []


def custom(us: Uris, found: Emoji) -> Json:
    """One of this server, for people to choose."""
    return _emoji(us, found.shortcode, found.key) | {"visible_in_picker": bool(found.listed), "category": found.category or None}


def _emoji(us: Uris, shortcode: str, key: str) -> Json:
    return {"shortcode": shortcode, "url": us.media(key), "static_url": us.preview(key), "visible_in_picker": True, "category": None}
