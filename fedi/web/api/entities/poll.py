"""Poll. In a kept Status stands a place for it, filled for each answer: counts change without the post, and votes are the viewer's."""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from fedi import clock, plaintext, polls
from fedi.storage import polls as rows
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx
from fedi.storage.polls import Poll
from fedi.storage.posts import Post
from fedi.uris import Uris
from fedi.web.api.entities import emoji
from fedi.web.api.entities.places import Json

_TITLE_CHARS: Final = 500


def place(post: Post) -> Json | None:
    """What stands for the poll of a post until `load` has read it."""
    return {"post": str(post.id)} if post.kind == polls.KIND else None


def load(tx: Tx, viewer_id: int, post_ids: Sequence[int]) -> dict[int, bytes]:
    """The polls of these posts, which the viewer may see, as JSON by post id; in at most four statements."""
    found = rows.list_of(tx, post_ids)
    if not found:
        return {}
    mine = rows.list_choices(tx, viewer_id, found) if viewer_id else {}
    own = post_rows.list_own(tx, viewer_id, found) if viewer_id else frozenset()
    return {
        post_id: orjson.dumps(poll(tx.uris, one, tx.now, _voted(viewer_id, post_id in own, mine.get(post_id, []))))
        for post_id, one in found.items()
    }


def _voted(viewer_id: int, own: bool, choices: list[int]) -> Mapping[str, object]:
    return {"voted": own or bool(choices), "own_votes": choices} if viewer_id else {}


def poll(us: Uris, one: Poll, now: int, voted: Mapping[str, object]) -> Json:
    """Source: Mastodon documentation, Poll. Its id is that of its post."""
    shown = one.shows_totals(now)
    return {
        "id": str(one.post_id),
        "expires_at": clock.rfc3339(one.ends_at) if one.ends_at is not None else None,
        "expired": one.is_over(now),
        "multiple": bool(one.multiple),
        "votes_count": one.votes_count,
        "voters_count": one.voters_count,
        "options": [
            {"title": plaintext.line(option.title, _TITLE_CHARS), "votes_count": option.votes_count if shown else None}
            for option in one.options
        ],
        "emojis": _pictures(us, one),
        **voted,
    }


def _pictures(us: Uris, one: Poll) -> list[Json]:
    """The emoji of its post that its options name."""
    said = " ".join(option.title for option in one.options)
    return [found for found in emoji.used(us, one.emojis) if f":{found['shortcode']}:" in said] if ":" in said else []
