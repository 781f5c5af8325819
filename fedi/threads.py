"""Whose thread a post is in: the collection that its posts name in common. Source: FEP-7888."""

from fedi import limits
from fedi.storage import threads as rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post


def context_of(tx: Tx, parent: Post) -> str:
    """The thread of an answer to `parent`: that of the first post, whose author's word it is; '' when none is known."""
    top = rows.find_top(tx, parent.id, limits.THREAD_HOPS) or parent
    if top.in_reply_to_uri:  # there is more above that is not here
        return parent.context_uri or top.context_uri
    return tx.uris.context(top.id) if tx.uris.is_ours(top.uri) else top.context_uri
