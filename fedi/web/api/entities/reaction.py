"""Reactions under a Status, in the shapes of glitch-soc (`reactions`) and of Pleroma (`pleroma.emoji_reactions`), which are nearly one."""

from collections.abc import Sequence
from typing import Final

import orjson

from fedi.storage import reactions as rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.reactions import Tally
from fedi.web.api.entities.places import Json

_NONE: Final = b'"reactions":[],"pleroma":{"emoji_reactions":[]}'


def place(post: Post, reacted: bool) -> Json:
    """What stands for the reactions of a post until `load` has read them; all there is where it has none."""
    return {"reactions": {"post": str(post.id)}} if reacted else {"reactions": [], "pleroma": {"emoji_reactions": []}}


def load(tx: Tx, viewer_id: int, post_ids: Sequence[int]) -> dict[int, bytes]:
    """Both members, as they stand in a Status, by post id; for every post."""
    found = dict.fromkeys(post_ids, _NONE)
    for post_id, tallies in rows.list_tallies(tx, viewer_id, post_ids).items():
        made = orjson.dumps([_reaction(tx, tally, viewer_id) for tally in tallies])
        found[post_id] = b'"reactions":%b,"pleroma":{"emoji_reactions":%b}' % (made, made)
    return found


def name(tally_name: str, host: str) -> str:
    """As one asks for it: an emoji of another server with that server."""
    return f"{tally_name}@{host}" if host else tally_name


def _reaction(tx: Tx, tally: Tally, viewer_id: int) -> Json:
    url = tx.uris.media(tally.key) if tally.key else None
    mine = {"me": bool(tally.mine)} if viewer_id else {"me": False}
    return {"name": name(tally.name, tally.host), "count": tally.number, **mine, "url": url, "static_url": url}
