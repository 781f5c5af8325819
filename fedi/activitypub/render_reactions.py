"""Reactions as ActivityPub JSON: a Like with `content`, as Misskey writes it. Source: FEDERATION.md, Activities, reactions."""

from typing import Any

from fedi import clock
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.emojis import Emoji

Json = dict[str, Any]


def like(tx: Tx, account: Account, object_uri: str, uri: str, name: str, emoji: Emoji | None) -> Json:
    """`name` is a character, or a shortcode between colons with its `emoji`."""
    document: Json = {
        "id": uri,
        "type": "Like",
        "actor": account.uri,
        "object": object_uri,
        "content": name,
        "_misskey_reaction": name,
    }
    if emoji is not None:
        icon = {"type": "Image", "mediaType": emoji.mime or "image/png", "url": emoji.remote_url or tx.uris.media(emoji.key)}
        tag: Json = {"type": "Emoji", "name": name, "icon": icon, "updated": clock.rfc3339(emoji.updated_at)}
        identity = emoji.uri if emoji.host else tx.uris.emoji(emoji.id)
        document["tag"] = [tag | ({"id": identity} if identity else {})]
    return document
