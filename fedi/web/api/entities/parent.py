"""What a Status answers. Who may not see that learns neither its id nor whose it is."""

import re
from collections.abc import Sequence
from typing import Final

from fedi.storage import posts as rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web.api.entities.places import Json

PLACE: Final = re.compile(rb'"in_reply_to_id":\{"post":"([0-9]+)"\},"in_reply_to_account_id":\{"account":"([0-9]+)"\}')
MARK: Final = b'"in_reply_to_id":{"post":"'


def named(post: Post, *, is_secret: bool) -> Json:
    """Both ids; for what is not for everybody, a place that `load` fills for each viewer."""
    if post.in_reply_to_id is None or post.in_reply_to_account_id is None:
        return {"in_reply_to_id": str(post.in_reply_to_id) if post.in_reply_to_id is not None else None, "in_reply_to_account_id": None}
    if is_secret:
        return {
            "in_reply_to_id": {"post": str(post.in_reply_to_id)},
            "in_reply_to_account_id": {"account": str(post.in_reply_to_account_id)},
        }
    return {"in_reply_to_id": str(post.in_reply_to_id), "in_reply_to_account_id": str(post.in_reply_to_account_id)}


def load(tx: Tx, viewer_id: int, statuses: Sequence[bytes]) -> list[bytes]:
    """The same statuses with every such place filled; in one statement, or none."""
    wanted = {int(post_id) for status in statuses if MARK in status for post_id, _ in PLACE.findall(status)}
    if not wanted:
        return list(statuses)
    seen = rows.list_visible(tx, viewer_id, wanted)
    return [PLACE.sub(lambda match: _ids(match, int(match[1]) in seen), status) if MARK in status else status for status in statuses]


def _ids(match: re.Match[bytes], is_seen: bool) -> bytes:
    post_id, account_id = (b'"%s"' % match[1], b'"%s"' % match[2]) if is_seen else (b"null", b"null")
    return b'"in_reply_to_id":%s,"in_reply_to_account_id":%s' % (post_id, account_id)
